import type { LoadProcess } from '../load/load-process.ts';
import type { LoadPlan } from '../load/plan.ts';
import { familyCpuUs, processCpuUs } from '../../harness/machine/cpu-time.ts';
import { measurePhase } from '../report/phase.ts';
import type { Counted, CpuReading, Phase } from '../report/phase.ts';
import type { ServerProcess } from '../../harness/service/server-process.ts';

/** Runs a plan against a server and reads the CPU clocks right before its first request and right after its last answer. */
export async function measureLoad(settings: {
  readonly load: LoadProcess;
  readonly plan: LoadPlan;
  readonly server: ServerProcess;
  readonly postmasterId: number;
  readonly contestant: string;
  readonly round: number;
  readonly counted: Counted;
}): Promise<Phase> {
  const { load, plan, server, postmasterId } = settings;
  const read = (): CpuReading => ({
    serverUs: processCpuUs(server.processId),
    databaseUs: familyCpuUs(postmasterId),
  });
  let before = read();
  let after = before;
  const result = await load.run(plan, {
    beforeStart: () => {
      before = read();
    },
    afterEnd: () => {
      after = read();
    },
  });
  if (result.unanswered > 0) {
    throw new Error(`${settings.contestant} left ${result.unanswered} requests without an answer.`);
  }
  return measurePhase(settings.contestant, settings.round, settings.counted, result, before, after);
}
