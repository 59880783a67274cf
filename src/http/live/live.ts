import type { FastifyInstance } from 'fastify';
import { createLiveSchedules } from './live-schedules.ts';
import { type LiveTally, registerLiveMetrics } from './live-metrics.ts';
import type { SessionDependencies } from './live-session.ts';
import { createLiveSockets, type LiveSockets } from './live-sockets.ts';
import { createQueuePositions } from './queue-positions.ts';
import type { AppDependencies, LiveOptions } from '../app-options.ts';
import type { Guards } from '../identity/identity.ts';

/** The parts that the live route uses. */
export interface Live {
  readonly sockets: LiveSockets;
  readonly tally: LiveTally;
  readonly session: SessionDependencies;
}

/**
 * Creates the parts behind the live route. They start with the server. On shutdown they close their sockets first, so that
 * clients look for another node at once.
 */
export function createLive(
  app: FastifyInstance,
  dependencies: AppDependencies,
  { guards, options }: { guards: Guards; options: LiveOptions },
): Live {
  const { room, catalogue, router, seats, databaseClock, clock, log, metrics } = dependencies;
  const tally = registerLiveMetrics(metrics.registry, {
    sockets: () => sockets.size,
    behind: () => sockets.behind,
    subscriptions: () => ({ seats: sockets.seatSubscriptions, queue: positions.subscribed }),
    schedules: () => schedules.count().schedules,
  });
  const schedules = createLiveSchedules({ router, seats, clock, log, tally, flushMs: options.flushMs });
  const positions = createQueuePositions({ room, clock, log });
  const sockets = createLiveSockets({
    clock,
    log,
    tally,
    socketsPerUser: options.socketsPerUser,
    look: (nowMs) => schedules.look(nowMs),
  });
  metrics.countLiveSockets(() => sockets.size);
  const session: SessionDependencies = {
    guards,
    room,
    catalogue,
    schedules,
    positions,
    databaseClock,
    clock,
    log,
    tally,
    messagesPerMinute: options.messagesPerMinute,
    claim: (of, userId) => sockets.claim(of, userId),
    fellBehind: (of) => sockets.fellBehind(of),
  };

  app.addHook('onReady', (done) => {
    sockets.start();
    done();
  });
  app.addHook('preClose', (done) => {
    sockets.close();
    positions.close();
    schedules.close();
    done();
  });
  return { sockets, tally, session };
}
