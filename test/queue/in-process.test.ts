import t from 'tap';
import { createQueueRecords } from '../../src/persistence/records/queue-records.ts';
import { createInProcessWaitingRoom } from '../../src/queue/in-process/in-process-waiting-room.ts';
import { silentLog } from '../fixtures/silent-log.ts';
import { testConformance } from './conformance.ts';

testConformance(t, {
  create: ({ pool, ...materials }) =>
    createInProcessWaitingRoom({ ...materials, records: createQueueRecords({ pool, log: silentLog }), log: silentLog }),
});
