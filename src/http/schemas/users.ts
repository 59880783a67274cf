import { Type } from '@fastify/type-provider-typebox';
import { Instant, named, nullableText, Uuid } from './basics.ts';

export const NewUser = Type.Object(
  {
    name: Type.String({ format: 'user-name', maxLength: 400, description: '1 to 100 characters.' }),
    email: Type.String({ format: 'email-address', maxLength: 300, description: 'Unique without regard to case.' }),
  },
  { additionalProperties: false },
);

export const RegisteredUser = named(
  'RegisteredUser',
  Type.Object({
    userId: Uuid,
    name: Type.String(),
    email: nullableText(),
    accessToken: Type.String(),
    accessTokenExpiresAt: Instant,
  }),
);

export const AccessToken = named(
  'AccessToken',
  Type.Object({ accessToken: Type.String(), accessTokenExpiresAt: Instant }),
);

export const User = named(
  'User',
  Type.Object({ userId: Uuid, name: Type.String(), email: nullableText(), createdAt: Instant }),
);
