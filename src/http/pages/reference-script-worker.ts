/** This thread loads the API reference's script from its package and sends it to the main thread. */
import { parentPort } from 'node:worker_threads';
import scalar from '@scalar/fastify-api-reference';
import fastify from 'fastify';
import { createConstantAnswer } from '../answers/constant-answer.ts';
import type { LoadedScript } from './reference-script.ts';

const app = fastify();
await app.register(scalar, { routePrefix: '/reference', configuration: { url: '/openapi.json' } });
const { statusCode, rawPayload } = await app.inject('/reference/js/scalar.js');
await app.close();
if (statusCode !== 200) throw new Error(`the API reference has no script: ${statusCode}`);
const script: LoadedScript = await createConstantAnswer('text/javascript; charset=utf-8', rawPayload);
parentPort?.postMessage(script);
