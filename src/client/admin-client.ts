import type {
  ActivityReport,
  AdminConcert,
  AdminKey,
  AdminKeyWithSecret,
  AdminLogEntry,
  AdminSchedule,
  AdminSeatMap,
  AdminSession,
  BuyerActivity,
  Cancellation,
  ChangedPrices,
  ChangedSeats,
  Concert,
  ConcertWithPolicy,
  NewAdminKey,
  NewConcert,
  NewSchedule,
  Overview,
  Page,
  Payment,
  PriceRange,
  ConcertQueue,
  Reservation,
  SalesReport,
  Schedule,
  ScheduleChange,
  SeatChange,
  SeatPlanSummary,
  SeatPlanVersion,
  User,
} from './answers.ts';
import { createCalls, type PageOptions } from './calls.ts';
import type { Call, Requests } from './requests.ts';

/** A plan as the service reads it: as JSON, or as a table in CSV and the name of its plan. */
export type PlanSource = { readonly plan: object } | { readonly name: string; readonly table: string };

/**
 * The organiser's calls. Every method rejects as `Requests.ask` does, with FORBIDDEN for a wrong token, and with ROLE_REQUIRED
 * where the API key has another role.
 */
export interface AdminClient {
  /** The key that is asking, and what it may do. */
  session(call?: Call): Promise<AdminSession>;
  createConcert(concert: NewConcert, call?: Call): Promise<Concert>;
  /** Rejects with CONCERT_NOT_FOUND. */
  createSchedule(concertId: number, schedule: NewSchedule, call?: Call): Promise<Schedule>;
  /** All concerts with their dates, past and future, newest first. */
  concerts(page?: PageOptions): Promise<Page<AdminConcert>>;
  /** Rejects with CONCERT_NOT_FOUND. */
  concert(concertId: number, call?: Call): Promise<AdminConcert>;
  /**
   * Changes the concert that was read as `version`. Rejects with VERSION_STALE where it was changed since, also by an earlier
   * attempt of this call whose answer was lost; and with CONCERT_NOT_FOUND.
   */
  changeConcert(concertId: number, version: number, change: Partial<NewConcert>, call?: Call): Promise<AdminConcert>;
  /** A hold that would outlive the new start ends by it. Rejects with SCHEDULE_NOT_FOUND. */
  changeSchedule(scheduleId: number, change: ScheduleChange, call?: Call): Promise<AdminSchedule>;
  /** Seats with a live reservation keep their price. Rejects with SCHEDULE_NOT_FOUND. */
  changePrices(scheduleId: number, prices: number | readonly PriceRange[], call?: Call): Promise<ChangedPrices>;
  /** Rejects with HAS_RESERVATIONS where a seat was ever reserved, and with CONCERT_NOT_FOUND. */
  deleteConcert(concertId: number, call?: Call): Promise<void>;
  /** Rejects with HAS_RESERVATIONS where a seat was ever reserved, and with SCHEDULE_NOT_FOUND. */
  deleteSchedule(scheduleId: number, call?: Call): Promise<void>;
  /**
   * Closes the date for ever, ends its holds and has its payments refunded. Called again, it names the same cancellation and
   * tries parked refunds again. Rejects with SCHEDULE_NOT_FOUND.
   */
  cancelSchedule(scheduleId: number, reason: string, call?: Call): Promise<Pick<Cancellation, 'cancellationId'>>;
  /** The same for all dates of a concert and its line. Rejects with CONCERT_NOT_FOUND. */
  cancelConcert(concertId: number, reason: string, call?: Call): Promise<Pick<Cancellation, 'cancellationId'>>;
  /**
   * Refunds a whole payment, after the start of the show too, at most once however often it is called. Rejects with
   * PAYMENT_NOT_FOUND, and with BALANCE_LIMIT where the wallet would exceed its limit.
   */
  refund(paymentId: string, reason: string, call?: Call): Promise<Payment>;
  /** How far it is. Rejects with CANCELLATION_NOT_FOUND. */
  cancellation(cancellationId: string, call?: Call): Promise<Cancellation>;
  /**
   * Applies to later admissions; ACTIVE tokens stay ACTIVE. `batch` or `maxActive` 0 pauses admissions. Rejects with
   * CONCERT_NOT_FOUND.
   */
  changeQueue(concertId: number, change: Partial<ConcertQueue>, call?: Call): Promise<ConcertWithPolicy>;
  /**
   * The secret is shown this once. Rejects with CONCERT_NOT_FOUND. After a lost answer, the repeated request gives the same key
   * with `secret` null: revoke it and create another one.
   */
  createKey(key: NewAdminKey, call?: Call): Promise<AdminKeyWithSecret>;
  /** Newest first, the revoked ones included. */
  keys(page?: PageOptions): Promise<Page<AdminKey>>;
  /** Rejects with KEY_NOT_FOUND. */
  revokeKey(keyId: string, call?: Call): Promise<void>;
  /** The changes by organisers, newest first. */
  log(page?: PageOptions): Promise<Page<AdminLogEntry>>;
  /** Takes seats out of the sale, all or none. Rejects with SEAT_TAKEN when one is held or sold. */
  blockSeats(scheduleId: number, seatNumbers: readonly number[], reason: string, call?: Call): Promise<ChangedSeats>;
  /** Puts blocked seats back into the sale, all or none. */
  unblockSeats(scheduleId: number, seatNumbers: readonly number[], reason: string, call?: Call): Promise<ChangedSeats>;
  /** Gives a free seat to a user: a ticket of 0 won. Rejects with SEAT_TAKEN and USER_NOT_FOUND. */
  compSeat(
    seat: { readonly scheduleId: number; readonly seatNumber: number },
    userId: string,
    reason: string,
    call?: Call,
  ): Promise<Payment>;
  /** Moves a hold or a paid reservation to a free seat of its date; its price stays. Rejects with SEAT_TAKEN. */
  moveReservation(reservationId: string, seatNumber: number, reason: string, call?: Call): Promise<Reservation>;
  /** The user with this email address, or null. A key that is limited to concerts finds those who queued or bought there. */
  findUser(email: string, call?: Call): Promise<User | null>;
  /**
   * The newest 100 queue tokens, holds, payments and ledger entries of a user. `after` continues a list after its cursor of
   * `next`. Rejects with USER_NOT_FOUND.
   */
  userActivity(
    userId: string,
    options?: Call & { readonly after?: Partial<BuyerActivity['next']> },
  ): Promise<BuyerActivity>;
  /** The plans without their seats, newest first. */
  seatPlans(page?: PageOptions): Promise<Page<SeatPlanSummary>>;
  /** The newest version of a plan. Rejects with SEAT_PLAN_NOT_FOUND. */
  seatPlan(planId: number, call?: Call): Promise<SeatPlanVersion>;
  /**
   * Creates a plan, or with `planId` another version of it. Rejects with VALIDATION_FAILED, whose `errors` name what is wrong, and
   * with SEAT_PLAN_NOT_FOUND.
   */
  importPlan(source: PlanSource, planId?: number, call?: Call): Promise<SeatPlanVersion>;
  /** Of one concert, or of all. Rejects with CONCERT_NOT_FOUND. */
  sales(by: SalesReport['by'], concertId?: number, call?: Call): Promise<SalesReport>;
  /** The seats of a date, with the users who have them. Rejects with SCHEDULE_NOT_FOUND. */
  seatMap(scheduleId: number, call?: Call): Promise<AdminSeatMap>;
  /** Every change of a seat, newest first. Rejects with SCHEDULE_NOT_FOUND and SEAT_NOT_FOUND. */
  seatHistory(scheduleId: number, seatNumber: number, page?: PageOptions): Promise<Page<SeatChange>>;
  overview(call?: Call): Promise<Overview>;
  /** The answering node's samples with a number above `since`; all that it remembers when `since` is left out. */
  activity(options?: Call & { readonly since?: number }): Promise<ActivityReport>;
}

export function createAdminClient(requests: Requests, token: string): AdminClient {
  const { send, read, change, list } = createCalls(requests, token);
  return {
    session: (call) => read('session', '/admin/session', call),
    createConcert: (concert, call) => change('createConcert', '/admin/concerts', concert, call),
    createSchedule: (concertId, schedule, call) =>
      change('createSchedule', `/admin/concerts/${concertId}/schedules`, schedule, call),
    concerts: (page) => list('concerts', '/admin/concerts', 'concerts', page),
    concert: (concertId, call) => read('concert', `/admin/concerts/${concertId}`, call),
    changeConcert(concertId, version, body, call) {
      const request = { operation: 'changeConcert', method: 'PATCH', body, version, effect: 'once' } as const;
      return send({ ...request, path: `/admin/concerts/${concertId}` }, call);
    },
    changeSchedule(scheduleId, body, call) {
      const request = { operation: 'changeSchedule', method: 'PATCH', body, effect: 'idempotent' } as const;
      return send({ ...request, path: `/admin/schedules/${scheduleId}` }, call);
    },
    changePrices(scheduleId, prices, call) {
      const body = typeof prices === 'number' ? { price: prices } : { prices };
      const request = { operation: 'changePrices', method: 'PUT', body, effect: 'idempotent' } as const;
      return send({ ...request, path: `/admin/schedules/${scheduleId}/prices` }, call);
    },
    // A repeated deletion would learn that there is nothing to delete.
    deleteConcert: (concertId, call) =>
      send(
        { operation: 'deleteConcert', method: 'DELETE', path: `/admin/concerts/${concertId}`, effect: 'once' },
        call,
      ),
    deleteSchedule: (scheduleId, call) =>
      send(
        { operation: 'deleteSchedule', method: 'DELETE', path: `/admin/schedules/${scheduleId}`, effect: 'once' },
        call,
      ),
    cancelSchedule: (scheduleId, reason, call) =>
      change('cancelSchedule', `/admin/schedules/${scheduleId}/cancel`, { reason }, call),
    cancelConcert: (concertId, reason, call) =>
      change('cancelConcert', `/admin/concerts/${concertId}/cancel`, { reason }, call),
    refund: (paymentId, reason, call) => change('refund', `/admin/payments/${paymentId}/refund`, { reason }, call),
    cancellation: (cancellationId, call) => read('cancellation', `/admin/cancellations/${cancellationId}`, call),
    changeQueue(concertId, body, call) {
      const request = { operation: 'changeQueue', method: 'PATCH', body, effect: 'idempotent' } as const;
      return send({ ...request, path: `/admin/concerts/${concertId}/queue` }, call);
    },
    createKey: (key, call) => change('createKey', '/admin/keys', key, call),
    keys: (page) => list('keys', '/admin/keys', 'keys', page),
    revokeKey: (keyId, call) =>
      send({ operation: 'revokeKey', method: 'DELETE', path: `/admin/keys/${keyId}`, effect: 'idempotent' }, call),
    log: (page) => list('log', '/admin/log', 'entries', page),
    blockSeats: (scheduleId, seatNumbers, reason, call) =>
      change('blockSeats', `/admin/schedules/${scheduleId}/seats/block`, { seatNumbers, reason }, call),
    unblockSeats: (scheduleId, seatNumbers, reason, call) =>
      change('unblockSeats', `/admin/schedules/${scheduleId}/seats/unblock`, { seatNumbers, reason }, call),
    compSeat: ({ scheduleId, seatNumber }, userId, reason, call) =>
      change('compSeat', `/admin/schedules/${scheduleId}/seats/${seatNumber}/comp`, { userId, reason }, call),
    moveReservation: (reservationId, seatNumber, reason, call) =>
      change('moveReservation', `/admin/reservations/${reservationId}/move`, { seatNumber, reason }, call),
    async findUser(email, call) {
      const query = new URLSearchParams({ email });
      const { users } = await read<{ users: readonly User[] }>('findUser', `/admin/users?${query.toString()}`, call);
      return users[0] ?? null;
    },
    userActivity(userId, options) {
      const query = new URLSearchParams();
      for (const [list, cursor] of Object.entries(options?.after ?? {})) if (cursor != null) query.set(list, cursor);
      const text = query.size === 0 ? '' : `?${query.toString()}`;
      return read('userActivity', `/admin/users/${userId}/activity${text}`, options);
    },
    seatPlans: (page) => list('seatPlans', '/admin/seat-plans', 'seatPlans', page),
    seatPlan: (planId, call) => read('seatPlan', `/admin/seat-plans/${planId}`, call),
    importPlan(source, planId, call) {
      const name =
        'name' in source && source.name !== '' ? `?${new URLSearchParams({ name: source.name }).toString()}` : '';
      const path = `/admin/seat-plans${planId === undefined ? '' : `/${planId}/versions`}${name}`;
      const content = 'plan' in source ? { body: source.plan } : { table: source.table };
      return send({ operation: 'importPlan', method: 'POST', path, ...content, effect: 'keyed' }, call);
    },
    sales(by, concertId, call) {
      const query = new URLSearchParams({ by, ...(concertId === undefined ? {} : { concertId: String(concertId) }) });
      return read('sales', `/admin/reports/sales?${query.toString()}`, call);
    },
    seatMap: (scheduleId, call) => read('seatMap', `/admin/schedules/${scheduleId}/seats`, call),
    seatHistory: (scheduleId, seatNumber, page) =>
      list('seatHistory', `/admin/schedules/${scheduleId}/seats/${seatNumber}/history`, 'changes', page),
    overview: (call) => read('overview', '/admin/overview', call),
    activity: (options) =>
      read('activity', `/admin/activity${options?.since === undefined ? '' : `?since=${options.since}`}`, options),
  };
}
