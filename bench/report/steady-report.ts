import type { SteadyEnd } from '../steady/steady-calls.ts';
import { formatFixed } from '../../harness/table.ts';

/** When the load's process is later than this, the latencies are also its own. */
const LAG_SUSPECT_MS = 20;

/** The resources and the refusals of the steady load itself. */
export function describeSteadyLoad(load: Omit<SteadyEnd, 'records' | 'heldIds'>): string[] {
  const { refusals, skipped, lagP99Ms, cpuUs, elapsedMs } = load;
  const codes = Object.entries(refusals).map(([name, count]) => `${name} ${count}`);
  const core = formatFixed(cpuUs / 1_000 / elapsedMs, 2);
  return [
    `the load used ${core} of a core and sent 99 % of its requests at most ${formatFixed(lagP99Ms, 1)} ms late`,
    ...(codes.length > 0 ? [`answers that were not 2xx: ${codes.join(', ')}`] : []),
    ...(skipped > 0 ? [`note: ${skipped} requests found no seat`] : []),
    ...(lagP99Ms > LAG_SUSPECT_MS ? ['note: the load was late itself; the machine is too busy for its latencies'] : []),
  ];
}
