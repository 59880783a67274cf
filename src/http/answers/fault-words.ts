import type { FastifySchemaValidationError } from 'fastify';
import type { Language } from './language.ts';

/** The fault of a place of a request, in words that continue its name. */
export type FaultWords = Readonly<Record<Language, string>>;

/** The faults that no schema finds, by their English words. */
const KOREAN = {
  'begins after its end': '시작이 끝보다 뒤입니다',
  'broke off': '도중에 끊겼습니다',
  'does not fit the body': '본문과 맞지 않습니다',
  'has an encoded digit': '숫자를 인코딩할 수 없습니다',
  'is given more than once': '두 번 이상 주어졌습니다',
  'is missing': '필요합니다',
  'is not HTTP': 'HTTP 형식이 아닙니다',
  'is not JSON': 'JSON 형식이 아닙니다',
  'is not UTF-8': 'UTF-8이 아닙니다',
  'is not a host': '호스트가 아닙니다',
  'is not a key of RFC 6455': 'RFC 6455의 키가 아닙니다',
  'is not a list of different names': '서로 다른 이름의 목록이 아닙니다',
  'is not after bookingOpensAt': 'bookingOpensAt보다 뒤여야 합니다',
  'is not after startsAt': 'startsAt보다 뒤여야 합니다',
  'is not before startsAt': 'startsAt보다 앞이어야 합니다',
  'is not in the future': '미래여야 합니다',
  'is not well-formed': '형식이 올바르지 않습니다',
  'is for plans in CSV': 'CSV로 된 배치도에만 씁니다',
  'is no level of the plan': '배치도에 없는 등급입니다',
  'is there already': '이미 있습니다',
  'cannot be given with a planId': 'planId와 함께 쓸 수 없습니다',
  'need a planId': 'planId가 필요합니다',
  'need a planVersion': 'planVersion이 필요합니다',
  'prices the level again': '등급의 가격이 두 번 주어졌습니다',
  'must be written as an integer': '정수로 써야 합니다',
  'must not be null': 'null일 수 없습니다',
  'needs either price or prices': 'price와 prices 중 하나가 필요합니다',
} as const;

export type FixedFault = keyof typeof KOREAN;

/** Words for a fault in the language of an answer. */
export function faultText(fault: FixedFault | FaultWords, language: Language): string {
  if (typeof fault !== 'string') return fault[language];
  return language === 'ko' ? KOREAN[fault] : fault;
}

const TYPES: Readonly<Record<string, FaultWords>> = {
  object: { en: 'an object', ko: '객체' },
  array: { en: 'a list', ko: '목록' },
  string: { en: 'a text', ko: '문자열' },
  integer: { en: 'an integer', ko: '정수' },
  number: { en: 'a number', ko: '숫자' },
  boolean: { en: 'true or false', ko: 'true 또는 false' },
  null: { en: 'null', ko: 'null' },
};

const FORMATS: Readonly<Record<string, FaultWords>> = {
  date: { en: 'a date such as 2026-12-24', ko: '2026-12-24와 같은 날짜' },
  'date-time': { en: 'a time such as 2026-12-24T19:00:00+09:00', ko: '2026-12-24T19:00:00+09:00과 같은 시각' },
  'positive-integer': { en: 'an integer from 1', ko: '1 이상의 정수' },
  'seat-number': { en: 'a seat number from 1', ko: '1 이상의 좌석 번호' },
  'page-limit': { en: 'an integer from 1 to 100', ko: '1에서 100까지의 정수' },
  'user-name': { en: 'a name of 1 to 100 visible characters', ko: '보이는 글자 1~100자의 이름' },
  'catalogue-text': { en: 'a text of 1 to 200 visible characters', ko: '보이는 글자 1~200자의 글' },
  'seat-label': { en: 'a text of 1 to 50 visible characters', ko: '보이는 글자 1~50자의 글' },
  'email-address': { en: 'an email address', ko: '이메일 주소' },
  'time-zone': { en: 'a time zone such as Asia/Seoul', ko: 'Asia/Seoul과 같은 시간대' },
};

const UUID_PATTERN = '^[0-9a-f]{8}-';

/** The words for an error of the schema's validator. */
export function wordsOf({ keyword, params }: FastifySchemaValidationError): FaultWords {
  const limit = String(params['limit']);
  switch (keyword) {
    case 'required':
      return { en: 'is missing', ko: '필요합니다' };
    case 'additionalProperties':
      return { en: 'is not known here', ko: '알 수 없는 항목입니다' };
    case 'type':
      return mustBe(join([params['type']].flat(), TYPES));
    case 'format':
      return mustBe(FORMATS[String(params['format'])] ?? { en: 'well-formed', ko: '올바른 형식' });
    case 'enum':
      return mustBe(join([params['allowedValues']].flat(), {}));
    case 'const':
      return mustBe(join([params['allowedValue']], {}));
    case 'pattern':
      return String(params['pattern']).startsWith(UUID_PATTERN)
        ? mustBe({ en: 'a lower-case UUID', ko: '소문자 UUID' })
        : { en: 'has a wrong form', ko: '형식이 올바르지 않습니다' };
    case 'minimum':
      return { en: `must be ${limit} or more`, ko: `${limit} 이상이어야 합니다` };
    case 'maximum':
      return { en: `must be ${limit} or less`, ko: `${limit} 이하여야 합니다` };
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return {
        en: `must have ${limit} or more ${UNITS[keyword].en}`,
        ko: `${UNITS[keyword].ko} ${limit} 이상이어야 합니다`,
      };
    case 'maxLength':
    case 'maxItems':
    case 'maxProperties':
      return {
        en: `must have ${limit} or fewer ${UNITS[keyword].en}`,
        ko: `${UNITS[keyword].ko} ${limit} 이하여야 합니다`,
      };
    case 'uniqueItems':
      return { en: 'must not name anything twice', ko: '같은 값을 두 번 담을 수 없습니다' };
    default:
      return { en: 'is malformed', ko: '올바르지 않습니다' };
  }
}

const UNITS = {
  minLength: { en: 'characters', ko: '글자 수가' },
  maxLength: { en: 'characters', ko: '글자 수가' },
  minItems: { en: 'entries', ko: '항목 수가' },
  maxItems: { en: 'entries', ko: '항목 수가' },
  minProperties: { en: 'members', ko: '항목 수가' },
  maxProperties: { en: 'members', ko: '항목 수가' },
} as const;

function mustBe({ en, ko }: FaultWords): FaultWords {
  return { en: `must be ${en}`, ko: `${ko}이어야 합니다` };
}

function join(names: readonly unknown[], words: Readonly<Record<string, FaultWords>>): FaultWords {
  const all = names.map((name) => words[String(name)] ?? { en: String(name), ko: String(name) });
  return { en: all.map(({ en }) => en).join(' or '), ko: all.map(({ ko }) => ko).join(', ') };
}

/**
 * The errors that help the caller. Where a schema has alternatives, these are the errors of the one that fits best: the other
 * alternatives would report members that the caller never meant to send.
 */
export function errorsOfBestFit(
  errors: readonly FastifySchemaValidationError[],
): readonly FastifySchemaValidationError[] {
  const counts = new Map<string, number>();
  for (const { schemaPath } of errors) {
    const branch = branchOf(schemaPath);
    if (branch !== null) counts.set(branch, (counts.get(branch) ?? 0) + 1);
  }
  const best = [...counts].sort(([, one], [, other]) => one - other)[0]?.[0];
  return errors.filter(({ schemaPath, keyword }) => {
    const branch = branchOf(schemaPath);
    return branch === null ? keyword !== 'anyOf' && keyword !== 'if' : branch === best;
  });
}

function branchOf(schemaPath: string): string | null {
  return /^.*?\/anyOf\/\d+(?=\/)/.exec(schemaPath)?.[0] ?? null;
}
