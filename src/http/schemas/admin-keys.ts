import { Type } from '@fastify/type-provider-typebox';
import { ADMIN_ROLES } from '../../domain/admin.ts';
import {
  Id,
  Instant,
  listOf,
  named,
  NextCursor,
  NullableInstant,
  nullableText,
  PageQuery,
  refer,
  Uuid,
} from './basics.ts';

/** The most concerts that a key can be limited to. */
const CONCERTS_LIMIT = 100;

const Role = Type.Enum([...ADMIN_ROLES]);

export const NewAdminKey = Type.Object(
  {
    name: Type.String({ format: 'user-name', maxLength: 400, description: '1 to 100 characters.' }),
    role: Role,
    concertIds: Type.Optional(
      Type.Array(Id, {
        minItems: 1,
        maxItems: CONCERTS_LIMIT,
        uniqueItems: true,
        description: 'Limits the key to these concerts; others are answered 404.',
      }),
    ),
    expiresAt: Type.Optional(Instant),
  },
  { additionalProperties: false },
);

const keyProperties = {
  keyId: Uuid,
  name: Type.String(),
  role: Role,
  concertIds: Type.Unsafe<readonly number[] | null>({ type: ['array', 'null'], items: { type: 'integer' } }),
  createdAt: Instant,
  expiresAt: NullableInstant,
  lastUsedAt: nullableText({ format: 'date-time', description: 'May be up to a minute late.' }),
  revokedAt: NullableInstant,
};

export const AdminKey = named('AdminKey', Type.Object(keyProperties));

export const AdminKeyWithSecret = named(
  'AdminKeyWithSecret',
  Type.Object({
    ...keyProperties,
    secret: nullableText({
      description:
        'The bearer token, frk_…. Only this answer shows it; null in a replay, because only its hash is kept.',
    }),
  }),
);

export const AdminKeyPage = Type.Object({ keys: listOf(refer(AdminKey)), nextCursor: NextCursor });

export const AdminKeyParams = Type.Object({ keyId: Uuid });

export const AdminLogEntry = named(
  'AdminLogEntry',
  Type.Object({
    at: Instant,
    keyId: Type.String({ description: 'The API key, or "root" for ADMIN_TOKEN.' }),
    action: Type.String({ description: 'Such as concert.create.' }),
    target: Type.String({ description: 'Such as concert:7.' }),
    before: Type.Unknown(),
    after: Type.Unknown(),
    requestId: Uuid,
  }),
);

export const AdminLogPage = Type.Object({ entries: listOf(refer(AdminLogEntry)), nextCursor: NextCursor });

export const AdminSession = named(
  'AdminSession',
  Type.Object({
    keyId: Type.String({ description: 'The API key, or "root" for ADMIN_TOKEN.' }),
    name: Type.String({ description: 'The name of the key; "root" for ADMIN_TOKEN.' }),
    role: Role,
    actsAs: Type.Array(Role, { description: 'The roles of routes that the key may call.' }),
    concertIds: keyProperties.concertIds,
  }),
);

export const AdminPageQuery = Type.Object(PageQuery, { additionalProperties: false });
