/** `npm run drill -- NAME [options]` runs a drill; without a name it lists them. A drill that finds something wrong exits with 1. */
import { runNamedCommand } from '../harness/command.ts';
import { chaos } from './chaos.ts';
import { crash } from './crash.ts';

await runNamedCommand({
  script: 'npm run drill',
  commands: [chaos, crash],
  usual: null,
  args: process.argv.slice(2),
});
