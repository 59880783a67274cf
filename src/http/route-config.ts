import type { AdminRole } from '../domain/admin.ts';
import type { ProblemCode } from './answers/problem-table.ts';

/** The guard of a route: the contract's U, Q, U|Q, queue token of any status, A and –. */
export type RouteGuard = 'user' | 'admittedShopper' | 'userOrShopper' | 'holder' | 'admin' | 'nobody';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For the OpenAPI document; the route's handler calls the guard itself. */
    readonly guard?: RouteGuard;
    /** Whether the body may be CSV, which the handler gets as text. */
    readonly takesCsv?: boolean;
    /** Whether numbers of the body may have fractions; none may elsewhere. */
    readonly takesFractions?: boolean;
    /** Of admin routes; `assignAdminRoles` sets it. */
    readonly role?: AdminRole;
    /** For the OpenAPI document: the codes of this route besides those of its guard. */
    readonly refuses?: readonly ProblemCode[];
    /** Shapes of answers that the OpenAPI document shows in place of the serializer's. */
    readonly answers?: Readonly<Record<number, object>>;
  }
}
