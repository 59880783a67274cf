import { writeFileSync } from 'node:fs';
import type { CannonRequest } from './scenarios.ts';

/** autocannon copies the file for each connection. */
export const REQUESTS_IN_FILE_MOST = 5_000;

/** Writes the requests as an HTTP archive, which autocannon reads with `--har`. Only the owner may read it: it has tokens. */
export function writeRequestFile(file: string, url: string, requests: readonly CannonRequest[]): void {
  const entries = requests.map(({ method, path, headers, body }) => ({
    request: {
      method,
      url: `${url}${path}`,
      httpVersion: 'HTTP/1.1',
      headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
      ...(body !== undefined && { postData: { mimeType: 'application/json', text: body } }),
    },
  }));
  const archive = { log: { version: '1.2', creator: { name: 'frontrow', version: '1' }, entries } };
  writeFileSync(file, JSON.stringify(archive), { mode: 0o600 });
}

/**
 * The command that sends the requests of such a file. Every connection of autocannon sends the whole file from its start. So
 * requests that may be sent only once go over one connection, sixteen at a time; autocannon stops without the last fifteen answers.
 */
export function commandFor(settings: {
  readonly file: string;
  readonly url: string;
  readonly count: number;
  readonly isUsedUp: boolean;
  readonly connections: number;
  readonly seconds: number;
}): string {
  const { file, url, count, isUsedUp, connections, seconds } = settings;
  const amount = isUsedUp ? `-c 1 -p 16 -a ${count}` : `-c ${connections} -d ${seconds}`;
  return `npx autocannon ${amount} --renderStatusCodes --har ${file} ${url}`;
}
