import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const LAUNCHER = fileURLToPath(new URL('../bin/frontrow.js', import.meta.url));

t.test('a Node that is too old is told so in one line, and with the exit code of a wrong set-up', async (t) => {
  for (const version of ['18.20.0', '20.20.2', '22.18.0', '23.11.1']) {
    const pretence = `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
    const { status, stderr, stdout } = spawnSync(process.execPath, ['--import', pretence, LAUNCHER], {
      encoding: 'utf8',
    });
    t.equal(status, 78);
    t.equal(stdout, '');
    t.match(stderr, /^frontrow needs Node 24 or newer, .+\n$/);
  }
});
