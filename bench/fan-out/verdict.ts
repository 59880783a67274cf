import type { Crowd, Hall } from './hall.ts';

/** The last line of a run in which nothing is wrong. */
export const MAPS_EQUAL = 'every watcher’s map equals the service’s answer and the database; audit: all well';

/** The service promises that every watcher's map equals the database this soon after a burst. */
const CONVERGENCE_LIMIT_MS = 2_000;

/**
 * Waits until every reading watcher has the schedule's last change, and compares their maps with the service's answer and
 * with the database. Returns a sentence for each fault, which begins with `when`.
 */
export async function judgeMaps(when: string, hall: Hall, crowd: Crowd): Promise<string[]> {
  const { seq, shown, stored } = await hall.readMaps();
  const faults: string[] = [];
  if (shown.join() !== stored.join()) faults.push('the answered map is not the database’s');
  const { behind } = await crowd.call('settle', { seq, limitMs: CONVERGENCE_LIMIT_MS });
  if (behind > 0) faults.push(`${behind} watchers had not ${seq} after ${CONVERGENCE_LIMIT_MS} ms`);
  const compared = await crowd.call('compare', { map: stored });
  if (compared.unequal > 0) faults.push(`${compared.unequal} watchers’ maps are not the database’s`);
  return [...faults, ...compared.faults].map((fault) => `${when}: ${fault}`);
}
