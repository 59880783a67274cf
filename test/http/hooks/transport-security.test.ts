import t from 'tap';
import { startFakeService } from '../../http/fake-service.ts';

const HEADER = 'strict-transport-security';
const OVER_TLS = { headers: { 'x-forwarded-proto': 'https' } };

t.test('an answer asks for TLS only where a trusted proxy says that the request came over it', async (t) => {
  const { call } = await startFakeService(t, { options: { trustProxy: ['127.0.0.1'] } });
  for (const path of ['//docs', '//', '/concerts/available', '/nowhere']) {
    t.equal((await call('GET', path, OVER_TLS)).headers[HEADER], 'max-age=31536000', path);
    t.equal((await call('GET', path)).headers[HEADER], undefined, path);
    t.equal((await call('GET', path, { headers: { 'x-forwarded-proto': 'http' } })).headers[HEADER], undefined, path);
  }
});

t.test('a caller who is no trusted proxy cannot ask for it', async (t) => {
  for (const trustProxy of [[], ['192.0.2.7']]) {
    const { call } = await startFakeService(t, { options: { trustProxy } });
    for (const path of ['//docs', '//', '/concerts/available']) {
      t.equal((await call('GET', path, OVER_TLS)).headers[HEADER], undefined, path);
    }
  }
});
