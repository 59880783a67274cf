import type { AnswerFigures } from '../../runtime/answer-watch.ts';
import { type DatabaseClock, systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { AdmittedToken, QueueTokenRow } from '../../domain/queue-token.ts';
import {
  type DueItem,
  type LineListener,
  type LineStore,
  LOST,
  type Looked,
  type Lost,
  type QueueTerms,
} from '../line-store.ts';
import { IDLE_LOOK_AGAIN_MS } from '../limits.ts';
import type { Allowances } from '../presence-settings.ts';
import { createLineEvents } from './line-events.ts';
import { type LineReply, listOf, numberOf, readReply, readStanding, readSummary, textsOf } from './line-reply.ts';
import { createRedisLink } from './redis-link.ts';
import { keyOf, type ScriptName } from './scripts.ts';

export interface RedisLineStoreSettings extends Allowances {
  readonly redisUrl: string;
  /** How long Redis may be silent before it counts as away, if not 300 ms. */
  readonly commandLimitMs?: number | undefined;
  /** Of this run of this node; names it among the others in Redis. */
  readonly nodeName: string;
  /** Never goes back. */
  readonly databaseClock: DatabaseClock;
  readonly log: Log;
}

export interface RedisLineStore extends LineStore {
  /** How long it waited for Redis. */
  figures(): AnswerFigures;
}

function rowArguments(rows: readonly QueueTokenRow[]): string[] {
  return rows.flatMap(({ tokenId, userId, no, issuedAtMs, activatedAtMs, activeUntilMs }) => [
    tokenId,
    userId,
    String(no),
    String(issuedAtMs),
    String(activatedAtMs ?? ''),
    String(activeUntilMs ?? ''),
  ]);
}

function termArguments({ policy, bookingClosesAtMs }: QueueTerms): string[] {
  const { maxActive, batch, intervalMs, activeTtlMs } = policy;
  return [maxActive, batch, intervalMs, activeTtlMs, Math.floor(bookingClosesAtMs)].map(String);
}

function admissionArguments(admissions: readonly AdmittedToken[]): string[] {
  return admissions.flatMap(({ tokenId, activatedAtMs }) => [tokenId, String(activatedAtMs)]);
}

const WHYS = ['over', 'closed', 'missing', 'idle', 'proposed'] as const satisfies readonly DueItem['why'][];

function whyOf(text: string | undefined): DueItem['why'] {
  const known = WHYS.find((why) => why === text);
  if (known !== undefined) return known;
  throw new Error(`sweep.lua handed out something that is ${text}`);
}

/** Lines that nodes share: what is decided about a line is decided by one script in Redis. */
export function createRedisLineStore(settings: RedisLineStoreSettings): RedisLineStore {
  const { redisUrl, commandLimitMs, databaseClock, nodeName, log, abandonMs, noShowMs, idleMs } = settings;
  const allowances = [abandonMs, noShowMs, idleMs].map(String);
  let listener: LineListener | null = null;
  const link = createRedisLink({
    url: redisUrl,
    commandLimitMs,
    clock: systemClock,
    log,
    onUp: () => listener?.onUp(),
    onDown: () => listener?.onDown(),
    onEvent: createLineEvents(() => listener),
    onHearing: () => listener?.onHearing(),
  });

  const lower = (): string => String(Math.floor(databaseClock.lowerMs()));
  const upper = (): string => String(Math.ceil(databaseClock.upperMs()));

  /** The reply; null when the line is lost. The first element after the word is the line's summary, where there is one. */
  async function run(name: ScriptName, concertId: number, args: readonly string[]): Promise<LineReply | null> {
    const reply = readReply(await link.run(name, concertId, args));
    return reply.word === 'emptied' || reply.word === 'moved' ? null : reply;
  }

  async function runNoted(name: ScriptName, concertId: number, args: readonly string[]): Promise<LineReply | null> {
    const reply = await run(name, concertId, args);
    const [summary] = reply?.rest ?? [];
    if (summary !== undefined) listener?.onSummary(concertId, readSummary(summary));
    return reply;
  }

  function noteLooked(concertId: number, told: unknown, standings: unknown): Looked {
    const summary = readSummary(told);
    listener?.onSummary(concertId, summary);
    return { summary, standings: listOf(standings).map(readStanding) };
  }

  async function done(name: ScriptName, concertId: number, args: readonly string[]): Promise<Lost | 'done'> {
    return (await runNoted(name, concertId, args)) === null ? LOST : 'done';
  }

  return {
    exclusive: null,
    figures: () => link.figures(),
    get isUp() {
      return link.isUp;
    },
    get isHearing() {
      return link.isHearing;
    },
    listen(next) {
      listener = next;
    },
    start: () => link.start(),
    close: () => link.close(),
    checkHearing: () => link.checkHearing(),
    claimRebuild: (concertId, ttlMs) => link.claim(keyOf(concertId, 'rebuilder'), nodeName, ttlMs),
    range: (concertId, where, first, last) =>
      link.readRange(keyOf(concertId, where === 'waiting' ? 'line' : 'inside'), first, last),

    async touch(concertId, tokenId) {
      const reply = await run('touch', concertId, [tokenId, lower()]);
      if (reply === null) return LOST;
      if (reply.word === 'unknown') return { standing: null, closesAtMs: Number.POSITIVE_INFINITY };
      const [status, activatedAt, activeUntil, closesAt] = reply.rest;
      return { standing: readStanding([status, activatedAt, activeUntil]), closesAtMs: numberOf(closesAt) };
    },

    async look(concertId, tokenIds, isSign) {
      const reply = await run('look', concertId, [lower(), isSign ? 'sign' : 'look', ...tokenIds]);
      if (reply === null) return LOST;
      const [told, standings] = reply.rest;
      return noteLooked(concertId, told, standings);
    },

    async put(concertId, generation, rows, whole) {
      const ranges = whole.flatMap(({ first, last }) => [String(first), String(last)]);
      const args = [String(generation), lower(), String(whole.length), ...ranges, ...rowArguments(rows)];
      const reply = await run('put', concertId, args);
      if (reply === null) return LOST;
      const [told, admitted, standings] = reply.rest;
      return { ...noteLooked(concertId, told, standings), admitted: textsOf(admitted) };
    },

    async propose(concertId, generation, limit) {
      const args = [String(generation), lower(), upper(), String(limit)];
      const reply = await runNoted('propose', concertId, args);
      if (reply === null) return LOST;
      const [, activatedAt, activeUntil, tokenIds] = reply.rest;
      const instants = { activatedAtMs: numberOf(activatedAt), activeUntilMs: numberOf(activeUntil) };
      return textsOf(tokenIds).map((tokenId) => ({ tokenId, ...instants }));
    },

    async show(concertId, generation, admissions) {
      const args = admissions.flatMap(({ tokenId, activatedAtMs, activeUntilMs }) => [
        tokenId,
        String(activatedAtMs),
        String(activeUntilMs),
      ]);
      const reply = await runNoted('show', concertId, [String(generation), lower(), ...args]);
      return reply === null ? LOST : textsOf(reply.rest[1]);
    },

    withdraw: (concertId, generation, proposals) =>
      done('withdraw', concertId, [String(generation), lower(), ...admissionArguments(proposals)]),

    remove(concertId, ends) {
      const args = ends.flatMap(({ tokenId, status, endedAtMs }) => [tokenId, status, String(endedAtMs)]);
      return done('remove', concertId, [lower(), ...args]);
    },

    async sweep(concertId, generation, limit) {
      const reply = await runNoted('sweep', concertId, [
        String(generation),
        lower(),
        String(limit),
        nodeName,
        String(IDLE_LOOK_AGAIN_MS),
      ]);
      if (reply === null) return LOST;
      const texts = textsOf(reply.rest[1]);
      const due: DueItem[] = [];
      for (let nth = 0; nth + 2 < texts.length; nth += 3)
        due.push({ why: whyOf(texts[nth]), tokenId: texts[nth + 1] ?? '', atMs: numberOf(texts[nth + 2]) });
      return due;
    },

    async beat(concertId, isAfresh) {
      const args = [lower(), nodeName, ...allowances, isAfresh ? 'afresh' : 'heard'];
      const reply = await runNoted('beat', concertId, args);
      return reply === null ? LOST : reply.rest[1] === 'yours';
    },

    async suspend(concertId) {
      const [ticket] = readReply(await link.run('suspend', concertId, [])).rest;
      return textsOf([ticket]).join('');
    },

    async adopt(concertId, ticket, terms, admissions) {
      const args = [ticket, lower(), ...termArguments(terms), ...admissionArguments(admissions)];
      const reply = await runNoted('adopt', concertId, args);
      if (reply === null) return LOST;
      return reply.word === 'changed' ? 'changed' : 'done';
    },

    async begin(concertId, generation) {
      const { word, rest } = readReply(await link.run('begin', concertId, [String(generation)]));
      return word === 'begun' ? textsOf(rest).join('') : null;
    },

    async restore(concertId, generation, rows, leaseMs) {
      const args = [String(generation), lower(), nodeName, String(leaseMs), ...rowArguments(rows)];
      return readReply(await link.run('restore', concertId, args)).word === 'done';
    },

    async finish(concertId, generation, ticket, terms, admissions, nextNo) {
      const settled = [...termArguments(terms), ...allowances, nextNo === null ? '' : String(nextNo - 1)];
      const args = [String(generation), lower(), ticket, ...settled, ...admissionArguments(admissions)];
      return (await runNoted('finish', concertId, args))?.word === 'done';
    },
  };
}
