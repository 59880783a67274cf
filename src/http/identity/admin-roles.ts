import type { FastifyInstance } from 'fastify';
import type { AdminRole } from '../../domain/admin.ts';

/** The role that each admin route takes. The guard, the OpenAPI document and the test of all roles read it here. */
export const ADMIN_ROUTES: Readonly<Record<string, AdminRole>> = {
  'POST /admin/keys': 'OWNER',
  'GET /admin/keys': 'OWNER',
  'DELETE /admin/keys/:keyId': 'OWNER',
  'GET /admin/log': 'OWNER',
  'GET /admin/session': 'VIEWER',
  'GET /admin/concerts': 'VIEWER',
  'GET /admin/concerts/:concertId': 'VIEWER',
  'POST /admin/concerts': 'MANAGER',
  'PATCH /admin/concerts/:concertId': 'MANAGER',
  'DELETE /admin/concerts/:concertId': 'MANAGER',
  'PATCH /admin/schedules/:scheduleId': 'MANAGER',
  'PUT /admin/schedules/:scheduleId/prices': 'MANAGER',
  'GET /admin/schedules/:scheduleId/seats': 'VIEWER',
  'DELETE /admin/schedules/:scheduleId': 'MANAGER',
  'POST /admin/schedules/:scheduleId/cancel': 'MANAGER',
  'POST /admin/concerts/:concertId/cancel': 'MANAGER',
  'GET /admin/cancellations/:cancellationId': 'VIEWER',
  'POST /admin/schedules/:scheduleId/seats/block': 'BOX_OFFICE',
  'POST /admin/schedules/:scheduleId/seats/unblock': 'BOX_OFFICE',
  'POST /admin/schedules/:scheduleId/seats/:seatNumber/comp': 'BOX_OFFICE',
  'POST /admin/reservations/:reservationId/move': 'BOX_OFFICE',
  'POST /admin/concerts/:concertId/schedules': 'MANAGER',
  'PATCH /admin/concerts/:concertId/queue': 'MANAGER',
  'POST /admin/seat-plans': 'MANAGER',
  'GET /admin/seat-plans': 'VIEWER',
  'GET /admin/seat-plans/:planId': 'VIEWER',
  'POST /admin/seat-plans/:planId/versions': 'MANAGER',
  'POST /admin/payments/:paymentId/refund': 'BOX_OFFICE',
  'GET /admin/users': 'BOX_OFFICE',
  'GET /admin/users/:userId/activity': 'BOX_OFFICE',
  'GET /admin/exports/:file': 'MANAGER',
  'GET /admin/reports/sales': 'VIEWER',
  'GET /admin/schedules/:scheduleId/seats/:seatNumber/history': 'VIEWER',
  'GET /admin/overview': 'VIEWER',
  'GET /admin/activity': 'VIEWER',
};

/**
 * Gives each admin route that is registered after this call its role. Throws for one without: it would have no guard. A HEAD
 * route takes the role of its GET.
 */
export function assignAdminRoles(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (!route.routePath.startsWith('/admin/')) return;
    const method = route.method === 'HEAD' ? 'GET' : String(route.method);
    const role = ADMIN_ROUTES[`${method} ${route.routePath}`];
    if (role === undefined) throw new Error(`${method} ${route.routePath} has no role`);
    route.config = { ...route.config, role };
  });
}
