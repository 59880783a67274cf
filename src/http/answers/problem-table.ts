import type { FaultCode, RejectionCode } from '../../domain/errors.ts';

/** Every code that a problem document can carry. `INTERNAL_ERROR` is a bug of the service. */
export type ProblemCode = RejectionCode | FaultCode | 'INTERNAL_ERROR';

export interface ProblemText {
  readonly title: string;
  readonly detail: string;
}

export interface ProblemDefinition {
  readonly status: number;
  readonly ko: ProblemText;
  readonly en: ProblemText;
}

function define(status: number, ko: [string, string], en: [string, string]): ProblemDefinition {
  return { status, ko: { title: ko[0], detail: ko[1] }, en: { title: en[0], detail: en[1] } };
}

/** Status and texts of every code; they are defined only here. */
export const problemTable = {
  VALIDATION_FAILED: define(
    400,
    ['잘못된 요청', '요청 형식이 올바르지 않습니다'],
    ['Malformed request', 'The request is not well-formed; errors says where.'],
  ),
  INSUFFICIENT_BALANCE: define(
    400,
    ['잔액 부족', '잔액이 부족합니다'],
    [
      'Insufficient balance',
      'The wallet holds less than the amount to pay; the seats stay on hold for the rest of their time.',
    ],
  ),
  SCHEDULE_AMBIGUOUS: define(
    400,
    ['회차 지정 필요', '해당하는 회차가 여러 개이므로 회차나 날짜를 지정해 주세요'],
    ['Schedule ambiguous', 'Several schedules fit; name one of them or its date.'],
  ),
  PAYMENT_SPANS_SCHEDULES: define(
    400,
    ['여러 회차 결제 불가', '한 번의 결제는 한 회차의 예약만 포함할 수 있습니다'],
    ['Payment spans schedules', 'One payment covers reservations of one schedule only.'],
  ),
  UNAUTHENTICATED: define(
    401,
    ['인증 필요', '유효한 토큰이 필요합니다'],
    ['Authentication required', 'A valid token of the right kind is needed.'],
  ),
  QUEUE_TOKEN_EXPIRED: define(
    401,
    ['대기열 토큰 만료', '대기열 토큰이 만료되었습니다'],
    ['Queue token expired', 'The queue token has expired; enter the queue again.'],
  ),
  QUEUE_TOKEN_CANCELLED: define(
    401,
    ['대기열 토큰 취소', '취소된 대기열 토큰입니다'],
    ['Queue token cancelled', 'The queue token was given up; enter the queue again.'],
  ),
  QUEUE_TOKEN_COMPLETED: define(
    401,
    ['대기열 토큰 사용 완료', '이미 사용이 완료된 대기열 토큰입니다'],
    ['Queue token completed', 'The queue token ended with its payment; enter the queue again for more seats.'],
  ),
  QUEUE_NOT_ACTIVE: define(
    403,
    ['대기 중', '아직 입장 순서가 되지 않았습니다'],
    ['Still waiting', 'The queue token has not been admitted yet.'],
  ),
  QUEUE_WRONG_CONCERT: define(
    403,
    ['다른 콘서트의 토큰', '다른 콘서트의 대기열 토큰입니다'],
    ['Wrong concert', 'The queue token is for another concert.'],
  ),
  FORBIDDEN: define(403, ['권한 없음', '권한이 없습니다'], ['Forbidden', 'This is not yours to do.']),
  ROLE_REQUIRED: define(
    403,
    ['권한 부족', '이 작업에 필요한 권한이 없는 키입니다'],
    ['Role required', 'The key does not have the role that this takes; role names it.'],
  ),
  CONCERT_NOT_FOUND: define(
    404,
    ['콘서트 없음', '콘서트 정보가 존재하지 않습니다'],
    ['Concert not found', 'There is no such concert.'],
  ),
  SCHEDULE_NOT_FOUND: define(
    404,
    ['회차 없음', '콘서트 일정이 존재하지 않습니다'],
    ['Schedule not found', 'There is no such schedule.'],
  ),
  SEAT_NOT_FOUND: define(
    404,
    ['좌석 없음', '좌석 정보가 존재하지 않습니다'],
    ['Seat not found', 'The schedule has no such seat.'],
  ),
  RESERVATION_NOT_FOUND: define(
    404,
    ['예약 없음', '예약 정보가 존재하지 않습니다'],
    ['Reservation not found', 'There is no such reservation.'],
  ),
  PAYMENT_NOT_FOUND: define(
    404,
    ['결제 없음', '결제 정보가 존재하지 않습니다'],
    ['Payment not found', 'There is no such payment.'],
  ),
  USER_NOT_FOUND: define(
    404,
    ['사용자 없음', '사용자 정보가 존재하지 않습니다'],
    ['User not found', 'There is no such user.'],
  ),
  QUEUE_TOKEN_NOT_FOUND: define(
    404,
    ['대기열 토큰 없음', '대기열 토큰 정보가 존재하지 않습니다'],
    ['Queue token not found', 'There is no such queue token.'],
  ),
  KEY_NOT_FOUND: define(
    404,
    ['API 키 없음', 'API 키 정보가 존재하지 않습니다'],
    ['Key not found', 'There is no such API key.'],
  ),
  SEAT_PLAN_NOT_FOUND: define(
    404,
    ['좌석 배치도 없음', '좌석 배치도 정보가 존재하지 않습니다'],
    ['Seat plan not found', 'There is no such seat plan, or it has no such version.'],
  ),
  CANCELLATION_NOT_FOUND: define(
    404,
    ['공연 취소 내역 없음', '공연 취소 내역이 존재하지 않습니다'],
    ['Cancellation not found', 'There is no such cancellation.'],
  ),
  ROUTE_NOT_FOUND: define(
    404,
    ['경로 없음', '존재하지 않는 경로입니다'],
    ['Route not found', 'There is nothing here.'],
  ),
  METHOD_NOT_ALLOWED: define(
    405,
    ['허용되지 않는 메서드', '이 경로에서 지원하지 않는 메서드입니다'],
    ['Method not allowed', 'The route does not know this method; Allow names those that it does.'],
  ),
  REQUEST_TIMEOUT: define(
    408,
    ['요청 시간 초과', '요청을 제시간에 받지 못했습니다'],
    ['Request timeout', 'The request did not arrive in time.'],
  ),
  EMAIL_TAKEN: define(
    409,
    ['이메일 중복', '이미 사용 중인 이메일입니다'],
    ['Email taken', 'Another user has this email address.'],
  ),
  HAS_RESERVATIONS: define(
    409,
    ['예약 있음', '예약된 적이 있어 삭제할 수 없습니다'],
    ['Has reservations', 'Seats were reserved, so this can no longer be deleted.'],
  ),
  SEATS_NOT_IN_PLAN: define(
    409,
    ['배치도에 없는 좌석', '예약되거나 막아 둔 좌석이 새 배치도에 같은 번호로 있지 않습니다'],
    ['Seats not in the plan', 'Reserved or blocked seats are not in that version of the plan under the same numbers.'],
  ),
  VERSION_STALE: define(
    412,
    ['변경된 버전', '다른 변경이 먼저 저장되었습니다. 다시 불러와 주세요'],
    ['Version stale', 'It was changed since; read it again. version is the one of now.'],
  ),
  VERSION_REQUIRED: define(
    428,
    ['버전 필요', 'If-Match 헤더에 버전을 지정해 주세요'],
    ['Version required', 'Name the version that you have changed in If-Match.'],
  ),
  BOOKING_NOT_OPEN: define(
    409,
    ['예매 시작 전', '아직 예매가 시작되지 않았습니다'],
    ['Booking not open', 'Booking of this concert has not opened yet.'],
  ),
  BOOKING_CLOSED: define(409, ['예매 종료', '예매가 종료되었습니다'], ['Booking closed', 'Booking has closed.']),
  RESERVATION_NOT_OPEN: define(
    409,
    ['회차 예매 시작 전', '이 회차의 예매가 아직 시작되지 않았습니다'],
    ['Reservation not open', 'Reservation of this schedule has not opened yet.'],
  ),
  SEAT_LIMIT_REACHED: define(
    409,
    ['좌석 한도 초과', '한 회차에 예약할 수 있는 좌석 수를 초과했습니다'],
    ['Seat limit reached', 'This would be more seats than one user may have of a schedule.'],
  ),
  SEAT_TAKEN: define(
    409,
    ['좌석 선점됨', '이미 예약된 좌석입니다'],
    ['Seat taken', 'The seat is held or sold already.'],
  ),
  NO_BLOCK: define(
    409,
    ['원하는 좌석 없음', '요청한 수만큼의 좌석이 남아 있지 않습니다'],
    ['No such seats left', 'There are not as many free seats side by side, or at that price, as were asked for.'],
  ),
  RESERVATION_NOT_HELD: define(
    409,
    ['처리할 수 없는 예약', '점유 중인 예약이 아닙니다'],
    ['Reservation not held', 'The reservation is not on hold.'],
  ),
  LEAVES_SINGLE_SEAT: define(
    409,
    ['한 자리만 남는 선택', '양옆이 예약된 빈 좌석이 한 자리만 남습니다. 다른 좌석을 선택해 주세요'],
    ['Leaves a single seat', 'The choice would leave a single free seat between taken ones; suggestions has others.'],
  ),
  SEAT_ACCESSIBLE_ONLY: define(
    409,
    ['장애인 전용 좌석', '휠체어석 등 접근 가능 좌석이 필요한 분을 위해 남겨 둔 좌석입니다'],
    ['Accessible seat', 'The seat is kept for those who need it and say so with accessible.'],
  ),
  EXTENSION_LIMIT_REACHED: define(
    409,
    ['연장 한도 초과', '더 이상 좌석을 붙잡아 둘 수 없습니다'],
    ['Extension limit reached', 'The seats were held for as long as one user may hold them.'],
  ),
  RESERVATION_CANCELLED: define(
    409,
    ['취소된 예약', '취소된 예약입니다'],
    ['Reservation cancelled', 'The reservation was cancelled.'],
  ),
  RESERVATION_EXPIRED: define(
    410,
    ['예약 만료', '예약 시간이 만료되었습니다'],
    ['Reservation expired', 'The time of the hold is over.'],
  ),
  SCHEDULE_CANCELLED: define(
    409,
    ['취소된 회차', '취소된 회차입니다. 결제한 금액은 잔액으로 환불됩니다'],
    ['Date cancelled', 'The date is cancelled. What was paid is returned to the wallet.'],
  ),
  CONCERT_CANCELLED: define(
    409,
    ['취소된 공연', '취소된 공연입니다. 결제한 금액은 잔액으로 환불됩니다'],
    ['Concert cancelled', 'The concert is cancelled. What was paid is returned to the wallet.'],
  ),
  REFUND_CLOSED: define(
    409,
    ['환불 기간 종료', '공연이 시작되어 환불할 수 없습니다'],
    ['Refund closed', 'The performance has begun; it can no longer be refunded.'],
  ),
  BALANCE_LIMIT: define(
    409,
    ['잔액 한도 초과', '보유할 수 있는 잔액 한도를 초과합니다'],
    ['Balance limit', 'The wallet would hold more than it may.'],
  ),
  QUEUE_NOT_YOUR_TURN: define(
    409,
    ['입장 순서 아님', '아직 입장 순서가 아닙니다'],
    ['Not your turn', 'The token cannot be admitted yet.'],
  ),
  IDEMPOTENCY_IN_PROGRESS: define(
    409,
    ['처리 중인 요청', '같은 멱등성 키의 요청이 아직 처리 중입니다'],
    ['Request in progress', 'A request with this idempotency key is still being decided; ask again.'],
  ),
  IDEMPOTENCY_KEY_REUSED: define(
    422,
    ['멱등성 키 재사용', '이 멱등성 키는 다른 요청에 사용되었습니다'],
    ['Idempotency key reused', 'This idempotency key belongs to another request.'],
  ),
  BODY_TOO_LARGE: define(
    413,
    ['본문 크기 초과', '요청 본문이 너무 큽니다'],
    ['Body too large', 'The request body is larger than 64 KiB.'],
  ),
  URI_TOO_LONG: define(
    414,
    ['주소 길이 초과', '요청 주소가 너무 깁니다'],
    ['URI too long', 'The request target is too long.'],
  ),
  UNSUPPORTED_MEDIA_TYPE: define(
    415,
    ['지원하지 않는 형식', '본문은 UTF-8 JSON이어야 합니다'],
    ['Unsupported media type', 'Bodies are application/json in UTF-8, not encoded otherwise.'],
  ),
  UPGRADE_REQUIRED: define(
    426,
    ['WebSocket 연결 필요', '이 경로는 WebSocket으로만 연결할 수 있습니다'],
    ['Upgrade required', 'This route is a WebSocket; ask for the upgrade as RFC 6455 says, with version 13.'],
  ),
  RATE_LIMITED: define(
    429,
    ['요청 한도 초과', '요청이 너무 많습니다. 잠시 후 다시 시도해 주세요'],
    ['Too many requests', 'Too many requests; wait a while and ask again.'],
  ),
  EXPORT_LIMIT_REACHED: define(
    429,
    ['내보내기 한도 초과', '이미 다른 내보내기가 진행 중입니다. 끝난 뒤에 다시 시도해 주세요'],
    ['Too many exports', 'This node serves as many exports as it may; ask again when one has ended.'],
  ),
  HEADERS_TOO_LARGE: define(
    431,
    ['헤더 크기 초과', '요청 헤더가 너무 큽니다'],
    ['Headers too large', 'The request headers are larger than 8 KiB.'],
  ),
  INTERNAL_ERROR: define(
    500,
    ['서버 오류', '서버 내부 오류가 발생했습니다'],
    ['Internal error', 'Something is wrong on our side.'],
  ),
  OVERLOADED: define(
    503,
    ['서버 과부하', '요청이 많아 처리할 수 없습니다. 잠시 후 다시 시도해 주세요'],
    ['Overloaded', 'The service cannot take this request now; ask again shortly.'],
  ),
  STORE_UNAVAILABLE: define(
    503,
    ['저장소 이용 불가', '저장소에 연결할 수 없습니다. 잠시 후 다시 시도해 주세요'],
    ['Store unavailable', 'The store does not answer; ask again shortly.'],
  ),
  OWNER_UNAVAILABLE: define(
    503,
    ['회차 담당 서버 이용 불가', '회차를 처리하는 서버가 응답하지 않습니다. 잠시 후 다시 시도해 주세요'],
    ['Owner unavailable', 'Nobody can decide for this schedule at the moment; ask again shortly.'],
  ),
  QUEUE_UNAVAILABLE: define(
    503,
    ['대기열 이용 불가', '대기열을 이용할 수 없습니다. 잠시 후 다시 시도해 주세요'],
    ['Queue unavailable', 'The waiting room does not answer; ask again shortly.'],
  ),
} as const satisfies Record<ProblemCode, ProblemDefinition>;
