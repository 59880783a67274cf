/** `npm run example -- buy|watch|sell [arguments]`: runs an example of the client with the Node that the package brings. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from '../harness/command.ts';
import { runNamedCommand } from '../harness/command.ts';
import { readSecret } from '../harness/service/demo-service.ts';

function example(name: string, file: string, says: string): Command {
  return {
    name,
    says,
    async run(args) {
      const path = fileURLToPath(new URL(`../examples/${file}`, import.meta.url));
      const adminToken = process.env['ADMIN_TOKEN'] ?? readSecret('ADMIN_TOKEN');
      const env = { ...process.env, ...(adminToken !== null && { ADMIN_TOKEN: adminToken }) };
      const child = spawn(process.execPath, [path, ...args], { env, stdio: 'inherit' });
      process.exitCode = await new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code) => resolve(code ?? 1));
      });
    },
  };
}

await runNamedCommand({
  script: 'npm run example',
  commands: [
    example('buy', 'buy-a-ticket.ts', 'a fan buys the first free seat: [service] [concert]'),
    example('watch', 'watch-a-seat-map.ts', 'draws the seats of a date as they change: [schedule] [service] [seconds]'),
    example('sell', 'run-a-sale.ts', 'the operator opens a sale, follows it and pauses it: [service] [seconds]'),
  ],
  usual: null,
  args: process.argv.slice(2),
});
