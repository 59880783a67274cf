/**
 * `node --import <this file>?without=lease …` loads the service without what the mutation takes from it, and says so on standard
 * error. The process ends at once when the text that is to be replaced is not there.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { isMutationName, MUTATIONS, mutate } from './mutations.ts';

const name = new URL(import.meta.url).searchParams.get('without') ?? '';
if (!isMutationName(name)) throw new Error(`There is no mutation ${name}.`);

const mutated = new Map(
  MUTATIONS[name].map((replacement) => {
    const url = new URL(`../../${replacement.file}`, import.meta.url);
    return [url.href, mutate(readFileSync(url, 'utf8'), replacement)];
  }),
);

registerHooks({
  load(url, context, nextLoad) {
    const source = mutated.get(url);
    if (source === undefined) return nextLoad(url, context);
    process.stderr.write(`MUTATED without ${name}: ${url}\n`);
    return { format: 'module-typescript', source, shortCircuit: true };
  },
});
