import t from 'tap';
import { readFrame } from '../../../src/http/live/frame-reader.ts';

t.test('every frame of the contract is read', async (t) => {
  const frames = [
    { type: 'hello', token: 'fq_x.y' },
    { type: 'subscribe', channel: 'seats', scheduleId: 7 },
    { type: 'subscribe', channel: 'seats', scheduleId: 7, sinceSeq: 0, id: 'a' },
    { type: 'subscribe', channel: 'seats', scheduleId: Number.MAX_SAFE_INTEGER, sinceSeq: Number.MAX_SAFE_INTEGER },
    { type: 'subscribe', channel: 'queue' },
    { type: 'subscribe', channel: 'queue', id: '' },
    { type: 'unsubscribe', channel: 'seats', scheduleId: 1 },
    { type: 'unsubscribe', channel: 'seats', scheduleId: 1, id: '가' },
    { type: 'unsubscribe', channel: 'queue', id: 'x'.repeat(64) },
    { type: 'ping' },
  ];
  for (const frame of frames) t.strictSame(readFrame(JSON.stringify(frame)), { ok: true, frame });
  t.strictSame(readFrame(' { "type" : "ping" } '), { ok: true, frame: { type: 'ping' } });
});

t.test('anything else is malformed', async (t) => {
  const seats = '"type":"subscribe","channel":"seats"';
  const texts = [
    '',
    'ping',
    'null',
    '1',
    '"ping"',
    '[]',
    '[{"type":"ping"}]',
    '{}',
    '{"type":"ping"',
    '{"type":"ping"}{"type":"ping"}',
    '{"type":"PING"}',
    '{"type":"toString"}',
    '{"type":"welcome"}',
    '{"type":["ping"]}',
    '{"type":null}',
    '{"type":"ping","id":"a"}',
    '{"type":"ping","more":1}',
    '{"type":"hello"}',
    '{"type":"hello","token":""}',
    '{"type":"hello","token":7}',
    '{"type":"hello","token":["a"]}',
    '{"type":"hello","token":"a","userId":"b"}',
    '{"type":"subscribe"}',
    '{"type":"subscribe","channel":"seat","scheduleId":1}',
    '{"type":"subscribe","channel":"queue","scheduleId":1}',
    '{"type":"subscribe","channel":"queue","sinceSeq":1}',
    `{${seats}}`,
    ...['"7"', '0', '-1', '1.5', '1e400', '9007199254740992', 'null', 'true', '[1]', '{}'].map(
      (scheduleId) => `{${seats},"scheduleId":${scheduleId}}`,
    ),
    ...['"7"', '-1', '1.5', '1e400', '9007199254740992', 'null', 'false', '[]'].map(
      (sinceSeq) => `{${seats},"scheduleId":1,"sinceSeq":${sinceSeq}}`,
    ),
    ...['1', 'null', '{}', `"${'x'.repeat(65)}"`, '"\\ud800"'].map((id) => `{${seats},"scheduleId":1,"id":${id}}`),
    `{${seats},"scheduleId":1,"__proto__":{"sinceSeq":1}}`,
    `{${seats},"__proto__":{"scheduleId":1}}`,
    `{${seats},"scheduleId":1,"constructor":{"prototype":{"a":1}}}`,
    '{"__proto__":{"type":"ping"}}',
    '{"type":"unsubscribe","channel":"seats"}',
    '{"type":"unsubscribe","channel":"seats","scheduleId":1,"sinceSeq":1}',
    `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
    `${'{"a":'.repeat(600)}1${'}'.repeat(600)}`,
    `{"type":"ping","a":${'['.repeat(1_900)}${']'.repeat(1_900)}}`,
  ];
  for (const text of texts) t.match(readFrame(text), { ok: false }, text.slice(0, 80));
  t.equal(Object.getOwnPropertyDescriptor(Object.prototype, 'sinceSeq'), undefined);
});

t.test('as much of a malformed frame as can be read is repeated in the answer to it', async (t) => {
  const about = (text: string) => {
    const reading = readFrame(text);
    return reading.ok ? 'it was read' : reading.about;
  };
  t.strictSame(about('{"type":"subscribe","channel":"seats","scheduleId":9,"sinceSeq":-1,"id":"a"}'), {
    channel: 'seats',
    scheduleId: 9,
    id: 'a',
  });
  t.strictSame(about('{"type":"subscribe","channel":"stars","scheduleId":-9,"id":1}'), {});
  t.strictSame(about('nonsense'), {});
});
