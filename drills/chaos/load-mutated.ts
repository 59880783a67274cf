/**
 * `node --import <this file>?without=lease …` loads the service with the mutation and reports that on standard
 * error. The process exits at once when the source does not have the text to replace.
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
