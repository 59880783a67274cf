import type { MeasuredLoad } from '../load/measured-load.ts';
import { formatFixed } from '../../harness/table.ts';

/** Above this share of a core the load process may be what limits the rate. */
const LOAD_SHARE_SUSPECT = 0.85;

/** What casts doubt on a phase. */
export function describeSuspicions({
  contestant,
  round,
  loadCoreShare,
  result,
}: Pick<MeasuredLoad, 'contestant' | 'round' | 'loadCoreShare' | 'result'>): string[] {
  const where = `note: ${contestant}, round ${round}`;
  if (result.exhausted)
    return [`${where}: all that was prepared was used up after ${formatFixed(result.elapsedMs, 0)} ms`];
  if (loadCoreShare <= LOAD_SHARE_SUSPECT) return [];
  return [`${where}: the load used ${formatFixed(loadCoreShare, 2)} of a core and may be the limit`];
}
