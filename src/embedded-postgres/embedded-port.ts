import { type AddressInfo, createServer } from 'node:net';
import { readIfThere } from '../config/data-directory.ts';

/** Those below are for privileged programs, and the server is none. */
const SMALLEST_PORT = 1_024;
const LARGEST_PORT = 65_535;

/**
 * The port that the file names while it is free, so that an address that was written down stays true; else, also where the file
 * names none, one that the system gives. Another program may take it before it is used: a server that fails to listen on it
 * chooses again.
 */
export async function choosePort(file: string): Promise<number> {
  const last = Number(readIfThere(file) ?? 0);
  const wanted = Number.isInteger(last) && last >= SMALLEST_PORT && last <= LARGEST_PORT ? last : 0;
  return (await freePort(wanted)) ?? (await freePort(0)) ?? 0;
}

function freePort(wanted: number): Promise<number | undefined> {
  return new Promise((settle) => {
    const probe = createServer();
    probe.once('error', () => settle(undefined));
    probe.listen(wanted, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => settle(port));
    });
  });
}
