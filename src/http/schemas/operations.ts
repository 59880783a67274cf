import { Type } from '@fastify/type-provider-typebox';
import { named } from './basics.ts';

export const Problem = named(
  'Problem',
  Type.Object(
    {
      type: Type.String({ description: 'URI of the kind of problem; as stable as the code.' }),
      title: Type.String(),
      status: Type.Integer(),
      code: Type.String({ description: 'Stable; clients decide by it.' }),
      detail: Type.String({ description: 'In the language of Accept-Language: ko or en.' }),
      instance: Type.String({ description: 'urn:uuid: of the request, as in X-Request-Id.' }),
    },
    { additionalProperties: true, description: 'RFC 9457 problem document; some codes add members.' },
  ),
);

export const Health = Type.Object({ status: Type.Literal('ok') });

export const Ready = Type.Object({ status: Type.Literal('ready'), degraded: Type.Array(Type.String()) });
