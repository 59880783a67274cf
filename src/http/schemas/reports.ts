import { Type } from '@fastify/type-provider-typebox';
import { EXPORTED_TABLES } from '../../domain/exports.ts';
import { PathId } from './basics.ts';

const EXPORT_FILES = EXPORTED_TABLES.flatMap((table) => [`${table}.csv`, `${table}.ndjson`] as const);

export const ExportParams = Type.Object({ file: Type.Enum([...EXPORT_FILES]) });

export const OfConcertQuery = Type.Object({ concertId: Type.Optional(PathId) }, { additionalProperties: false });
