import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { familyCpuUs, processCpuUs } from '../../harness/machine/cpu-time.ts';

const BURN_MS = 200;
const BURN = `const { cpuUsage } = process; while (cpuUsage().user < ${BURN_MS * 1_000});`;

t.test('CPU of a family counts children that have ended', { skip: process.platform !== 'linux' }, async (t) => {
  const beforeUs = familyCpuUs(process.pid);
  const ownUs = processCpuUs(process.pid);
  await once(spawn(process.execPath, ['-e', BURN]), 'exit');
  const familyMs = (familyCpuUs(process.pid) - beforeUs) / 1_000;
  const ownMs = (processCpuUs(process.pid) - ownUs) / 1_000;
  t.ok(familyMs >= BURN_MS, `the child burnt ${BURN_MS} ms, the family ${familyMs} ms`);
  t.ok(familyMs - ownMs >= BURN_MS * 0.9, `of them ${ownMs} ms were this process's own`);
});
