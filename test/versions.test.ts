import { readFileSync } from 'node:fs';
import t from 'tap';

/** The oldest version of a package that lacks a fault which would reach a user; what the fault was stands beside it. */
const FLOORS: readonly (readonly [name: string, version: string, fault: string])[] = [
  ['fastify', '5.12.8', 'the version that the limits on slow and malformed requests were tried on'],
  ['@fastify/websocket', '11.3.6', 'a reset during an asynchronous upgrade hook ends the process'],
  ['ws', '8.23.0', 'a client that pings and never reads costs more than a gibibyte in seconds'],
  ['pg', '8.23.1', 'the version that the in-doubt rules were tried on'],
  ['ioredis', '6.0.0', 'the version that the time limits were tried on'],
  ['xstate', '5.33.3', 'maxIterations bounds what a machine does to itself'],
];

const LOCK_FILE = new URL('../package-lock.json', import.meta.url);

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
}

const lock = JSON.parse(readFileSync(LOCK_FILE, 'utf8')) as { packages: Record<string, LockedPackage> };

function installedVersion(path: string): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL(`../${path}/package.json`, import.meta.url), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return 'unknown';
  return String(manifest.version);
}

/** Compares release versions number by number; a pre-release of the floor itself is below it. */
function isAtLeast(version: string, floor: string): boolean {
  const [release = '', preRelease] = version.split('-', 2);
  const order = release.localeCompare(floor, 'en', { numeric: true });
  return order > 0 || (order === 0 && preRelease === undefined);
}

t.test('versions are compared as numbers', async (t) => {
  t.ok(isAtLeast('5.12.10', '5.12.8') && isAtLeast('10.0.0', '9.9.9') && isAtLeast('1.2.3', '1.2.3'));
  t.notOk(isAtLeast('5.9.9', '5.12.8') || isAtLeast('1.2.3-beta.1', '1.2.3') || isAtLeast('8.2.9', '8.23.0'));
});

for (const [name, floor, fault] of FLOORS) {
  t.test(`every installed ${name} is ${floor} or newer: ${fault}`, async (t) => {
    const copies = Object.keys(lock.packages).filter((path) => path.endsWith(`node_modules/${name}`));
    t.ok(copies.includes(`node_modules/${name}`), 'it is a dependency');
    for (const path of copies) {
      const version = installedVersion(path);
      t.ok(isAtLeast(version, floor), `${path} is ${version}`);
      t.equal(version, lock.packages[path]?.version, 'and what the lock file says');
    }
  });
}

t.test('the tests run on the Node that the package brings along', async (t) => {
  t.ok(isAtLeast(process.versions.node, '24.0.0'), process.version);
  t.equal(process.versions.node, installedVersion('node_modules/node'));
});

t.test('the lock file names no registry', async (t) => {
  const resolved = Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined);
  t.same(
    resolved.map(([path]) => path),
    [],
  );
});
