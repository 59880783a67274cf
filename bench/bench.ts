/**
 * `npm run bench -- NAME [options]` runs a benchmark; without a name it is `holds`. `--help` lists the names. A run that is void,
 * because the stored data or the answers are wrong, exits with 1.
 */
import { runNamedCommand } from '../harness/command.ts';
import { compare } from './compare.ts';
import { entries } from './entries.ts';
import { failover } from './failover.ts';
import { footprint } from './footprint.ts';
import { forwarding } from './forwarding.ts';
import { halls } from './halls.ts';
import { holds } from './holds.ts';
import { liveQueue } from './live-queue.ts';
import { liveRestarts } from './live-restarts.ts';
import { liveStuck } from './live-stuck.ts';
import { live } from './live.ts';
import { nodes } from './nodes.ts';
import { page } from './page.ts';
import { refusals } from './refusals.ts';
import { rolling } from './rolling.ts';
import { routes } from './routes.ts';

await runNamedCommand({
  script: 'npm run bench',
  commands: [
    holds,
    refusals,
    routes,
    page,
    entries,
    live,
    liveStuck,
    liveRestarts,
    liveQueue,
    halls,
    footprint,
    forwarding,
    nodes,
    failover,
    rolling,
    compare,
  ],
  usual: holds,
  args: process.argv.slice(2),
});
