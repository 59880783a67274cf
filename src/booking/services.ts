import type { CommandRouter } from '../actors/command.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import type { PaymentRecords } from '../domain/payment.ts';
import type { WaitingRoom } from '../domain/queue-token.ts';
import type { ReservationRecords } from '../domain/reservation.ts';
import type { Wallets } from '../domain/wallet.ts';
import type { DatabaseClock } from '../runtime/clock.ts';
import type { Idempotency } from './idempotency.ts';

/** What the use cases ask of the rest of the service. */
export interface Services {
  readonly catalogue: Catalogue;
  readonly reservations: ReservationRecords;
  readonly payments: PaymentRecords;
  readonly wallets: Wallets;
  readonly room: WaitingRoom;
  readonly router: CommandRouter;
  readonly idempotency: Idempotency;
  readonly databaseClock: DatabaseClock;
  /** An id for a new payment, of the database's clock. */
  readonly newId: () => string;
}
