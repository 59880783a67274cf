import type { HealthReason, HealthReasonCode } from '../../health/health-verdict.ts';
import type { ReadinessReason } from '../../health/readiness.ts';
import type { Language } from './language.ts';

type Wording = (reason: HealthReason) => string;

/** Korean translations of the reasons of `/readyz`. */
const READINESS_IN_KOREAN: Readonly<Record<ReadinessReason, string>> = {
  draining: '종료 중입니다',
  database: '데이터베이스에 연결되지 않습니다',
  'the database refuses writes': '데이터베이스가 쓰기를 거부합니다',
  'no answer from the database within the lease': '리스 시간 안에 데이터베이스의 응답이 없습니다',
  'not a member of the cluster': '클러스터의 구성원이 아닙니다',
  'most other nodes do not reach this node': '다른 노드 대부분이 이 노드에 연결하지 못합니다',
  "another node owns this database's schedules, and only one node may at a time":
    '다른 노드가 이 데이터베이스의 회차를 소유하고 있으며, 한 번에 한 노드만 소유할 수 있습니다',
  'the waiting room is not open yet': '대기실이 아직 열리지 않았습니다',
};

const WORDS: Readonly<Record<HealthReasonCode, Readonly<Record<Language, Wording>>>> = {
  DATABASE_AWAY: {
    ko: () => '데이터베이스에 연결되지 않습니다. 예매와 결제가 모두 멈춰 있습니다',
    en: () => 'The database is away: nothing can be held or paid.',
  },
  NOT_READY: {
    ko: ({ subject }) => `이 노드는 서비스할 수 없습니다: ${readinessInKorean(subject)}`,
    en: ({ subject }) => `This node may not serve: ${subject}.`,
  },
  NO_LIVING_NODE: {
    ko: () => '살아 있는 노드가 없습니다',
    en: () => 'No node is alive.',
  },
  COMMITS_STALLED: {
    ko: ({ value }) => `몇 초째 아무것도 기록되지 않고 있습니다. 명령 ${count(value)}건이 기다립니다`,
    en: ({ value }) => `Nothing has been committed for seconds while ${count(value)} commands wait.`,
  },
  ANSWERS_FAILED: {
    ko: ({ value }) => `최근 1분 동안 응답 ${count(value)}건이 5xx였습니다`,
    en: ({ value }) => `${count(value)} answers of the last minute were 5xx.`,
  },
  BUGS: {
    ko: ({ value }) => `최근 1분 동안 내부 오류(500)가 ${count(value)}건 있었습니다. 로그를 확인해 주세요`,
    en: ({ value }) => `${count(value)} of the last minute were internal errors (500); the log tells which.`,
  },
  FLUSH_SLOW: {
    ko: ({ value, bound }) => `기록이 느립니다: 플러시 p99 ${milliseconds(value)}, 한계 ${milliseconds(bound)}`,
    en: ({ value, bound }) => `Commits are slow: flush p99 ${milliseconds(value)}, bound ${milliseconds(bound)}.`,
  },
  EVENT_LOOP_LATE: {
    ko: ({ value, bound }) =>
      `노드가 과부하입니다: 이벤트 루프 지연 p99 ${milliseconds(value)}, 한계 ${milliseconds(bound)}`,
    en: ({ value, bound }) =>
      `The node is overloaded: event-loop delay p99 ${milliseconds(value)}, bound ${milliseconds(bound)}.`,
  },
  IN_DOUBT: {
    ko: ({ value }) => `최근 1분 동안 회차 ${count(value)}개의 기록 결과가 불확실했습니다`,
    en: ({ value }) => `The outcome of writes to ${count(value)} schedules was in doubt during the last minute.`,
  },
  PART_AWAY: {
    ko: ({ subject }) => `일부 기능이 빠진 채 서비스 중입니다: ${subject}`,
    en: ({ subject }) => `Serving without a part: ${subject}.`,
  },
  NODE_DEAD: {
    ko: ({ value }) => `${time(value)}부터 응답이 없어 종료된 것으로 봅니다`,
    en: ({ value }) => `Dead since ${time(value)}; other nodes take over its schedules.`,
  },
  NODE_SILENT: {
    ko: ({ value }) => `${time(value)} 이후 소식이 없습니다`,
    en: ({ value }) => `Not answering; last heard at ${time(value)}.`,
  },
  NODE_DRAINING: {
    ko: () => '종료 중입니다',
    en: () => 'Draining; it hands over its schedules and stops.',
  },
  QUEUE_PAUSED: {
    ko: ({ value }) => `일시 중지된 대기열에서 ${count(value)}명이 기다립니다`,
    en: ({ value }) => `${count(value)} people wait at a paused queue.`,
  },
};

/** A reason as a sentence, behind the name of the node that it concerns. */
export function wordReason(reason: HealthReason, language: Language): string {
  const sentence = WORDS[reason.code][language](reason);
  if (reason.node === null) return sentence;
  return language === 'ko' ? `노드 ${reason.node}: ${sentence}` : `Node ${reason.node}: ${sentence}`;
}

function isReadinessReason(subject: string): subject is ReadinessReason {
  return Object.hasOwn(READINESS_IN_KOREAN, subject);
}

function readinessInKorean(subject: string | null): string {
  if (subject === null) return '';
  return isReadinessReason(subject) ? READINESS_IN_KOREAN[subject] : subject;
}

function count(value: number | null): string {
  return (value ?? 0).toLocaleString('en-US');
}

/** Without the date: it was within the last hour. */
function time(value: number | null): string {
  return value === null ? '?' : `${new Date(value).toISOString().slice(11, 19)} UTC`;
}

function milliseconds(value: number | null): string {
  return `${Math.round(value ?? 0).toLocaleString('en-US')} ms`;
}
