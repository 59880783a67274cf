import type { SteadyEnd } from '../steady/steady-calls.ts';
import { formatFixed } from '../../harness/table.ts';

/** Beyond this lateness of the load's own process latencies are also its own. */
const LAG_SUSPECT_MS = 20;

/** What the steady load itself used and met. */
export function describeSteadyLoad(load: Omit<SteadyEnd, 'records' | 'heldIds'>): string[] {
  const { refusals, skipped, lagP99Ms, cpuUs, elapsedMs } = load;
  const codes = Object.entries(refusals).map(([name, count]) => `${name} ${count}`);
  const core = formatFixed(cpuUs / 1_000 / elapsedMs, 2);
  return [
    `the load used ${core} of a core and took requests up ${formatFixed(lagP99Ms, 1)} ms late at most, but for one in a hundred`,
    ...(codes.length > 0 ? [`answers that were not 2xx: ${codes.join(', ')}`] : []),
    ...(skipped > 0 ? [`note: ${skipped} requests found no seat to ask for`] : []),
    ...(lagP99Ms > LAG_SUSPECT_MS ? ['note: the load was late itself; the machine is too busy for its latencies'] : []),
  ];
}
