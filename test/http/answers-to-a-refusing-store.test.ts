import t from 'tap';
import { Fault, INVALID_VALUE, Refusal } from '../../src/domain/errors.ts';
import { startFakeService } from './fake-service.ts';

t.test(
  'a value that the store refuses is answered 400, and anything else that it refuses 503 with its outcome',
  async (t) => {
    const service = await startFakeService(t);
    let error: Error = new Refusal(INVALID_VALUE);
    service.users.register = () => Promise.reject(error);
    const register = () => service.call('POST', '/users', { body: { name: 'fan', email: 'fan@example.com' } });
    const refused = await register();
    t.equal(refused.statusCode, 400);
    t.match(refused.json(), { code: 'VALIDATION_FAILED' });
    error = new Fault('STORE_UNAVAILABLE', 'none', { isOfOnePart: true });
    const failed = await register();
    t.equal(failed.statusCode, 503);
    t.match(failed.json(), { code: 'STORE_UNAVAILABLE', outcome: 'none' });
  },
);
