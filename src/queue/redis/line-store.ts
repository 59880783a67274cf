import type { DatabaseClock } from '../../runtime/clock.ts';
import type { AdmittedToken, QueueTokenRow } from '../../domain/queue-token.ts';
import type { QueueTerms } from '../concert-queues.ts';
import type { EndStatus } from '../place.ts';
import {
  type LineReply,
  type LineSummary,
  listOf,
  numberOf,
  readReply,
  readStanding,
  readSummary,
  type Standing,
  textsOf,
} from './line-reply.ts';
import type { RedisLink } from './redis-link.ts';
import type { ScriptName } from './scripts.ts';

/** Redis does not hold the line, or holds it under another generation: nothing was done. */
export const LOST = 'lost';
export type Lost = typeof LOST;

export interface Admission extends AdmittedToken {
  readonly activeUntilMs: number;
}

export interface RecordedEnd {
  readonly tokenId: string;
  readonly status: EndStatus;
  readonly endedAtMs: number;
}

/** Something that is due, as sweep.lua names it. */
export interface DueItem {
  readonly why: 'over' | 'closed' | 'missing' | 'proposed';
  readonly tokenId: string;
  readonly atMs: number;
}

/** A line, and where tokens stand in it; null for one that is not there. */
export interface Looked {
  readonly summary: LineSummary;
  readonly standings: readonly (Standing | null)[];
}

export interface Put extends Looked {
  /** Those who went in with this call. */
  readonly admitted: readonly string[];
}

/** What the scripts do, typed. Everything throws Faults `QUEUE_UNAVAILABLE`. */
export interface LineStore {
  touch(
    concertId: number,
    tokenId: string,
  ): Promise<Lost | { readonly standing: Standing | null; readonly closesAtMs: number }>;
  /** `isSign`: when it is one of their holders' life. */
  look(concertId: number, tokenIds: readonly string[], isSign: boolean): Promise<Lost | Looked>;
  put(concertId: number, generation: number, rows: readonly QueueTokenRow[]): Promise<Lost | Put>;
  propose(concertId: number, generation: number, limit: number): Promise<Lost | readonly Admission[]>;
  /** Those who went in with this call. */
  show(concertId: number, generation: number, admissions: readonly Admission[]): Promise<Lost | readonly string[]>;
  withdraw(concertId: number, generation: number, proposals: readonly AdmittedToken[]): Promise<Lost | 'done'>;
  remove(concertId: number, ends: readonly RecordedEnd[]): Promise<Lost | 'done'>;
  sweep(concertId: number, generation: number, limit: number): Promise<Lost | readonly DueItem[]>;
  /** Whether it is for this node to compare the line with PostgreSQL. */
  beat(concertId: number, isAfresh: boolean): Promise<Lost | boolean>;
  suspend(concertId: number): Promise<string>;
  adopt(
    concertId: number,
    ticket: string,
    terms: QueueTerms,
    admissions: readonly AdmittedToken[],
  ): Promise<Lost | 'done' | 'changed'>;
  /** The ticket with which to finish; null when somebody is ahead. */
  begin(concertId: number, generation: number): Promise<string | null>;
  /** False when it came to nothing: Redis was emptied again, or somebody is ahead. */
  restore(concertId: number, generation: number, rows: readonly QueueTokenRow[], leaseMs: number): Promise<boolean>;
  finish(
    concertId: number,
    generation: number,
    ticket: string,
    terms: QueueTerms,
    admissions: readonly AdmittedToken[],
  ): Promise<boolean>;
}

export interface LineStoreSettings {
  readonly link: RedisLink;
  readonly databaseClock: DatabaseClock;
  /** Of this run of this node. */
  readonly nodeName: string;
  readonly abandonMs: number;
  readonly noShowMs: number;
  readonly onSummary: (concertId: number, summary: LineSummary) => void;
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

function whyOf(text: string | undefined): DueItem['why'] {
  if (text === 'over' || text === 'closed' || text === 'missing' || text === 'proposed') return text;
  throw new Error(`sweep.lua handed out something that is ${text}`);
}

export function createLineStore(settings: LineStoreSettings): LineStore {
  const { link, databaseClock, nodeName, abandonMs, noShowMs, onSummary } = settings;

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
    if (summary !== undefined) onSummary(concertId, readSummary(summary));
    return reply;
  }

  function noteLooked(concertId: number, told: unknown, standings: unknown): Looked {
    const summary = readSummary(told);
    onSummary(concertId, summary);
    return { summary, standings: listOf(standings).map(readStanding) };
  }

  async function done(name: ScriptName, concertId: number, args: readonly string[]): Promise<Lost | 'done'> {
    return (await runNoted(name, concertId, args)) === null ? LOST : 'done';
  }

  return {
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

    async put(concertId, generation, rows) {
      const reply = await run('put', concertId, [String(generation), lower(), ...rowArguments(rows)]);
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
      const reply = await runNoted('sweep', concertId, [String(generation), lower(), String(limit), nodeName]);
      if (reply === null) return LOST;
      const texts = textsOf(reply.rest[1]);
      const due: DueItem[] = [];
      for (let nth = 0; nth + 2 < texts.length; nth += 3)
        due.push({ why: whyOf(texts[nth]), tokenId: texts[nth + 1] ?? '', atMs: numberOf(texts[nth + 2]) });
      return due;
    },

    async beat(concertId, isAfresh) {
      const args = [lower(), nodeName, String(abandonMs), String(noShowMs), isAfresh ? 'afresh' : 'heard'];
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

    async finish(concertId, generation, ticket, terms, admissions) {
      const settled = [...termArguments(terms), String(abandonMs), String(noShowMs)];
      const args = [String(generation), lower(), ticket, ...settled, ...admissionArguments(admissions)];
      return (await runNoted('finish', concertId, args))?.word === 'done';
    },
  };
}
