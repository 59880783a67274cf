import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import type { Closing } from './graceful-close.ts';
import type { Responder } from '../answers/responder.ts';

/**
 * The mean delay of the event loop in a sample. A loop that is this late only produces answers after their callers have given
 * up.
 */
const EVENT_LOOP_DELAY_LIMIT_MS = 1_000;
const SAMPLE_INTERVAL_MS = 1_000;
/** A pause of the machine or one long collection makes one late sample; overload makes several in a row. */
const LATE_SAMPLES_OF_OVERLOAD = 2;

/**
 * Refuses requests, without effect, while the process is overloaded and after its farewell. Only the API is shed: probes must
 * still show the state of the node.
 */
export async function shedLoad(api: FastifyInstance, responder: Responder, closing: Closing): Promise<void> {
  // Without its own limits the plugin only measures; its hook would look up the route's options on every request.
  await api.register(underPressure, { sampleInterval: SAMPLE_INTERVAL_MS });
  let lateSamples = 0;
  let sampling: NodeJS.Timeout | undefined;
  // Until then the start itself keeps the loop busy, and no caller waits.
  api.server.once('listening', () => {
    sampling = setInterval(() => {
      lateSamples = api.memoryUsage().eventLoopDelay > EVENT_LOOP_DELAY_LIMIT_MS ? lateSamples + 1 : 0;
    }, SAMPLE_INTERVAL_MS).unref();
  });
  api.addHook('onClose', (_api, done) => {
    clearInterval(sampling);
    done();
  });
  api.addHook('onRequest', (_request, reply, done) => {
    if (!closing.isPastFarewell() && lateSamples < LATE_SAMPLES_OF_OVERLOAD) done();
    else responder.fail(reply, 'OVERLOADED', 'none');
  });
}
