import { type AddressInfo, createServer } from 'node:net';
import { readIfThere } from '../config/data-directory.ts';

/** Lower ports are for privileged programs. */
const SMALLEST_PORT = 1_024;
const LARGEST_PORT = 65_535;

/**
 * Returns the port in the file if it is free, so that a noted address stays valid; otherwise, and when the file has none, a
 * port that the system assigns. Another program may take the port before the server does: a server that fails to listen chooses
 * again.
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
