import { parse } from 'csv-parse/sync';
import t from 'tap';
import { EXPORT_FORMS } from '../../../src/http/answers/export-text.ts';

const { csv, ndjson } = EXPORT_FORMS;

t.test('a text that a spreadsheet would compute gets an apostrophe, in whatever it begins with', async (t) => {
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '＠a']) {
    const [[cell] = []] = parse(csv.row({ name: text }));
    t.equal(cell, `'${text}`, JSON.stringify(text));
  }
  t.equal(csv.row({ name: 'a=1', other: 'mina@example.com' }), 'a=1,mina@example.com\r\n', 'elsewhere they are text');
  t.equal(csv.row({ amount: -1_000 }), '-1000\r\n', 'a number stays a number');
});

t.test('CSV is that of RFC 4180, in UTF-8 with a byte order mark', async (t) => {
  const rows = [
    { name: '김 "미나", a', list: [3, 14], none: null, number: 0 },
    { name: 'two\r\nlines', list: [], none: null, number: 1 },
  ];
  const text = csv.opening(Object.keys(rows[0] ?? {})) + rows.map((row) => csv.row(row)).join('');
  t.equal(
    text,
    '\uFEFFname,list,none,number\r\n"김 ""미나"", a",3 14,,0\r\n"two\r\nlines",,,1\r\n',
    'line ends are CRLF, quotes are doubled',
  );
  t.same(parse(text, { bom: true, columns: true }), [
    { name: '김 "미나", a', list: '3 14', none: '', number: '0' },
    { name: 'two\r\nlines', list: '', none: '', number: '1' },
  ]);
});

t.test('NDJSON has a row on each line, as it is', async (t) => {
  t.equal(ndjson.opening(['name']), '');
  t.equal(ndjson.row({ name: '=1\n', list: [1], none: null }), '{"name":"=1\\n","list":[1],"none":null}\n');
});
