import { readFileSync } from 'node:fs';

/** What Redis decides about a line, each in the Lua file of that name beside this one. */
export type ScriptName =
  | 'touch'
  | 'look'
  | 'put'
  | 'propose'
  | 'show'
  | 'withdraw'
  | 'remove'
  | 'sweep'
  | 'beat'
  | 'suspend'
  | 'adopt'
  | 'begin'
  | 'restore'
  | 'finish';

/** Scripts as commands of the client: a name of their own, so that none hides a command of Redis. */
export type ScriptCommand = `line${Capitalize<ScriptName>}`;

const COMMANDS = {
  touch: 'lineTouch',
  look: 'lineLook',
  put: 'linePut',
  propose: 'linePropose',
  show: 'lineShow',
  withdraw: 'lineWithdraw',
  remove: 'lineRemove',
  sweep: 'lineSweep',
  beat: 'lineBeat',
  suspend: 'lineSuspend',
  adopt: 'lineAdopt',
  begin: 'lineBegin',
  restore: 'lineRestore',
  finish: 'lineFinish',
} as const satisfies Record<ScriptName, ScriptCommand>;

/** In the order in which prelude.lua names them; the channel comes after them. */
const LINE_KEYS = [
  'state',
  'line',
  'tokens',
  'users',
  'inside',
  'proposed',
  'admissions',
  'seen',
  'unclaimed',
  'quiet',
  'whole',
  'gone',
  'ticket',
  'rebuilder',
  'rebuilding',
] as const;
export type LineKey = (typeof LINE_KEYS)[number];

/** On the path of every request, so it carries no more than it needs. */
const TOUCH_KEYS = ['state', 'tokens', 'seen', 'unclaimed', 'quiet'] as const satisfies readonly LineKey[];

/** The hash tag keeps everything of one concert in one slot of a Redis Cluster. */
export function keyOf(concertId: number, key: LineKey): string {
  return `frontrow:{${concertId}}:${key}`;
}

/** Pub/sub knows no databases; services that share a server by them must not hear each other. */
function channelOf(database: number, concert: string): string {
  return `frontrow:${database}:{${concert}}:events`;
}

/** The channels of all lines that stand in this database of the server. */
export function eventPatternOf(database: number): string {
  return channelOf(database, '*');
}

/** The concert whose channel this is; null for any other channel. */
export function concertOfChannel(channel: string): number | null {
  const [, concertId] = /^frontrow:\d+:\{(\d{1,16})\}:events$/.exec(channel) ?? [];
  return concertId === undefined ? null : Number(concertId);
}

export function commandOf(name: ScriptName): ScriptCommand {
  return COMMANDS[name];
}

/** What the script is given as its keys, in a database of this number. */
export function keysOf(name: ScriptName, concertId: number, database: number): string[] {
  if (name === 'touch') return TOUCH_KEYS.map((key) => keyOf(concertId, key));
  return [...LINE_KEYS.map((key) => keyOf(concertId, key)), channelOf(database, String(concertId))];
}

function readLua(name: string): string {
  return readFileSync(new URL(`${name}.lua`, import.meta.url), 'utf8');
}

/** The scripts as the client defines them. Reads the files. */
export function loadScripts(): Record<string, { lua: string; numberOfKeys: number }> {
  const prelude = readLua('prelude');
  return Object.fromEntries(
    Object.keys(COMMANDS).map((name) => {
      const isTouch = name === 'touch';
      const lua = isTouch ? readLua(name) : `${prelude}\n${readLua(name)}`;
      return [
        `line${name.charAt(0).toUpperCase()}${name.slice(1)}`,
        { lua, numberOfKeys: isTouch ? TOUCH_KEYS.length : LINE_KEYS.length + 1 },
      ];
    }),
  );
}
