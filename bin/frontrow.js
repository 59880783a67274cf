#!/usr/bin/env node
// Plain JavaScript, because a Node that is too old to run TypeScript could not report that from a .ts file.
const OLDEST_MAJOR = 24;
const EX_CONFIG = 78;

if (Number(process.versions.node.split('.')[0]) < OLDEST_MAJOR) {
  process.stderr.write(
    `frontrow needs Node ${OLDEST_MAJOR} or newer, and this is ${process.version}; "npm ci && npm start" brings one along.\n`,
  );
  process.exitCode = EX_CONFIG;
} else {
  const { keepCompiledModules, writeCompiledModules } = await import('./compile-cache.js');
  keepCompiledModules();
  const { main } = await import('../src/main.ts');
  await main();
  writeCompiledModules();
}
