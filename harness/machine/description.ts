import { arch, cpus, loadavg, release, totalmem } from 'node:os';

export interface MachineDescription {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly loadAverageBefore: number;
}

/** The machine that figures belong to. */
export function describeMachine(): MachineDescription {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${release()} ${arch()}`,
    node: process.version,
    loadAverageBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}
