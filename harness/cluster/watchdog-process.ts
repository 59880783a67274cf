/** `node watchdog-process.ts <data directory> temporary|kept`: see `startWatchdog`. */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { embeddedFiles } from '../../src/embedded-postgres/embedded-cluster.ts';
import { endPostmaster, findPostmaster } from '../../src/embedded-postgres/embedded-postmaster.ts';
import type { WatchdogOrder } from './watchdog.ts';

const POSTGRES_END_LIMIT_MS = 10_000;

const [, , dataDir = '', kind] = process.argv;
const watched = new Set<number>();
let isOver = false;

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as WatchdogOrder;
  if (order.watch !== undefined) watched.add(order.watch);
  if (order.forget !== undefined) watched.delete(order.forget);
  if (order.close === true) isOver = true;
}
if (!isOver) await cleanUp();

async function cleanUp(): Promise<void> {
  for (const processId of watched) {
    try {
      process.kill(processId, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  }
  const { cluster } = embeddedFiles(dataDir);
  const postmaster = findPostmaster(cluster);
  if (postmaster !== undefined) await endPostmaster(postmaster, cluster, 'SIGQUIT', POSTGRES_END_LIMIT_MS);
  if (kind === 'temporary') rmSync(dataDir, { recursive: true, force: true });
}
