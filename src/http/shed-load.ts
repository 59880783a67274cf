import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import type { Responder } from './responder.ts';

/** Mean delay of the event loop in a sample. A loop that is this late only produces answers that nobody waits for. */
const EVENT_LOOP_DELAY_LIMIT_MS = 1_000;
const SAMPLE_INTERVAL_MS = 1_000;

/**
 * Refuses requests, with nothing done, while the process is overloaded or closing. Only the API is shed: probes must go
 * on telling how the node is.
 */
export async function shedLoad(api: FastifyInstance, responder: Responder, isClosing: () => boolean): Promise<void> {
  let isUnderPressure = (): boolean => false;
  // In a scope of its own, because only the plugin's measuring is wanted: its hook looks up the route's options on every request.
  await api.register(async (scope) => {
    await scope.register(underPressure, {
      maxEventLoopDelay: EVENT_LOOP_DELAY_LIMIT_MS,
      sampleInterval: SAMPLE_INTERVAL_MS,
    });
    isUnderPressure = () => scope.isUnderPressure();
  });
  api.addHook('onRequest', (_request, reply, done) => {
    if (!isClosing() && !isUnderPressure()) {
      done();
      return;
    }
    if (isClosing()) reply.header('connection', 'close');
    responder.fail(reply, 'OVERLOADED', 'none');
  });
}
