import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { AccessTokens } from './identity/access-token.ts';
import type { AppDependencies, AppOptions } from './app-options.ts';
import type { AdminAnswer } from '../domain/admin.ts';
import type { Idempotency, KeyedRuns } from '../booking/idempotency.ts';
import type { Guards } from './identity/identity.ts';
import type { WalletGuard } from './identity/wallet-guard.ts';
import type { SeatNames } from '../booking/seat-names.ts';
import type { Responder } from './answers/responder.ts';

/** The dependencies of every route: the ports, and the HTTP side's own parts on top of them. */
export interface Services extends Omit<AppDependencies, 'idempotency' | 'adminAnswers'> {
  readonly options: AppOptions;
  readonly accessTokens: AccessTokens;
  readonly guards: Guards;
  readonly walletGuard: WalletGuard;
  readonly idempotency: Idempotency;
  /** Of organisers. */
  readonly adminIdempotency: KeyedRuns<AdminAnswer>;
  readonly responder: Responder;
  readonly seatNames: SeatNames;
}

/** A Fastify instance whose handlers' types come from their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
