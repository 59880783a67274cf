import { readFileSync } from 'node:fs';
import t from 'tap';
import { MUTATIONS, mutate } from '../../drills/chaos/mutations.ts';
import { ROOT } from '../docs/documents.ts';

for (const [name, replacements] of Object.entries(MUTATIONS)) {
  t.test(`the check that the mutation ${name} takes out is in the source`, async (t) => {
    for (const replacement of replacements) {
      const source = readFileSync(new URL(replacement.file, ROOT), 'utf8');
      t.not(mutate(source, replacement), source, replacement.file);
    }
  });
}
