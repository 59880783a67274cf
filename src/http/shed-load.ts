import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import type { Responder } from './responder.ts';

/** Mean delay of the event loop in a second. A loop that is half a second late only produces answers nobody waits for. */
const EVENT_LOOP_DELAY_LIMIT_MS = 500;
const SAMPLE_INTERVAL_MS = 500;

/**
 * Refuses requests, with nothing done, while the process is overloaded or closing. Only the API is shed: probes must go
 * on telling how the node is.
 */
export async function shedLoad(api: FastifyInstance, responder: Responder, isClosing: () => boolean): Promise<void> {
  api.addHook('onRequest', (_request, reply, done) => {
    if (isClosing()) responder.fail(reply.header('connection', 'close'), 'OVERLOADED', 'none');
    else done();
  });
  await api.register(underPressure, {
    maxEventLoopDelay: EVENT_LOOP_DELAY_LIMIT_MS,
    sampleInterval: SAMPLE_INTERVAL_MS,
    pressureHandler: (_request, reply) => responder.fail(reply, 'OVERLOADED', 'none'),
  });
}
