import { problemTable } from '../answers/problem-table.ts';
import { isProblemCode, PROBLEM_MEDIA_TYPE, problemDocument } from '../answers/problem.ts';
import { EXAMPLE_MEMBERS, EXAMPLE_VALUES } from './example-values.ts';

type Json = Readonly<Record<string, unknown>>;

const JSON_MEDIA_TYPE = 'application/json';
const COMPONENT = '#/components/schemas/';
const REQUEST_ID = '019aa5f1-3c5e-7f04-b6d2-8a9b0c1d2e3f';
/** Stands for a text that the table of examples lacks. */
export const NO_EXAMPLE = '…';

/** The OpenAPI document with an example for each body, and with one for each problem under each status that lists it. */
export function addExamples(document: Json): Json {
  const components = objectOf(document['components']);
  const schemas = objectOf(components['schemas']);
  const paths = mapValues(objectOf(document['paths']), (methods) =>
    mapValues(objectOf(methods), (operation) => describe(objectOf(operation), schemas)),
  );
  return { ...document, paths, components: { ...components, examples: problemExamples() } };
}

function describe(operation: Json, schemas: Json): Json {
  const { requestBody, responses, parameters } = operation;
  const name = String(operation['operationId']);
  const build = (own: string, isRequest: boolean) => (schema: Json) => {
    const example = exampleOf(schema, { schemas, isRequest, within: '' }, '');
    return { ...objectOf(example), ...EXAMPLE_MEMBERS[own] };
  };
  return {
    ...operation,
    ...(Array.isArray(parameters) && { parameters: parameters.map((each) => withPathExample(objectOf(each))) }),
    ...(requestBody !== undefined && { requestBody: withExample(objectOf(requestBody), build(name, true)) }),
    responses: mapValues(objectOf(responses), (answer, status) =>
      Number(status) < 400
        ? withExample(objectOf(answer), build(`${name} ${status}`, false))
        : withProblems(objectOf(answer)),
    ),
  };
}

function withPathExample(parameter: Json): Json {
  const value = EXAMPLE_VALUES[String(parameter['name'])];
  if (parameter['in'] !== 'path' || (typeof value !== 'string' && typeof value !== 'number')) return parameter;
  return { ...parameter, example: String(value) };
}

function withExample(holder: Json, build: (schema: Json) => unknown): Json {
  const content = objectOf(holder['content']);
  const body = content[JSON_MEDIA_TYPE];
  if (body === undefined) return holder;
  const example = build(objectOf(objectOf(body)['schema']));
  return { ...holder, content: { ...content, [JSON_MEDIA_TYPE]: { ...objectOf(body), example } } };
}

/** The description of a refusal lists its codes. */
function withProblems(answer: Json): Json {
  const content = objectOf(objectOf(answer['content'])[PROBLEM_MEDIA_TYPE]);
  const codes = String(answer['description']).split(' · ');
  const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
  return { ...answer, content: { [PROBLEM_MEDIA_TYPE]: { ...content, examples } } };
}

function problemExamples(): Json {
  return Object.fromEntries(
    Object.keys(problemTable)
      .filter(isProblemCode)
      .map((code) => {
        const value: unknown = JSON.parse(problemDocument(code, 'en', REQUEST_ID, {}));
        return [code, { summary: problemTable[code].en.title, value }];
      }),
  );
}

interface Place {
  readonly schemas: Json;
  /** The body of a request has only the members that are required. */
  readonly isRequest: boolean;
  /** The shape around. */
  readonly within: string;
}

/** An example of the schema of the member `name`. */
function exampleOf(schema: Json, place: Place, name: string): unknown {
  const { $ref, enum: values, anyOf, type, properties, items } = schema;
  if (typeof $ref === 'string') {
    const shape = $ref.replace(COMPONENT, '');
    const example = exampleOf(objectOf(place.schemas[shape]), { ...place, within: shape }, name);
    return { ...objectOf(example), ...EXAMPLE_MEMBERS[shape], ...EXAMPLE_MEMBERS[`${place.within}/${shape}`] };
  }
  if ('const' in schema) return schema['const'];
  if (Array.isArray(values)) return values[0];
  if (Array.isArray(anyOf)) return exampleOf(objectOf(anyOf[0]), place, name);
  if (properties !== undefined) {
    const required = Array.isArray(schema['required']) ? schema['required'] : [];
    return Object.fromEntries(
      Object.entries(objectOf(properties))
        .filter(([member]) => !place.isRequest || required.includes(member))
        .map(([member, inner]) => [member, exampleOf(objectOf(inner), place, member)]),
    );
  }
  const value = name in EXAMPLE_VALUES ? EXAMPLE_VALUES[name] : plainExample(type);
  return type === 'array' && !Array.isArray(value)
    ? [exampleOf(objectOf(items), place, name.replace(/s$/, ''))]
    : value;
}

/** For members that the table of examples lacks. */
function plainExample(type: unknown): unknown {
  if (Array.isArray(type)) return null;
  if (type === 'integer' || type === 'number') return 1;
  return type === 'boolean' ? true : NO_EXAMPLE;
}

function mapValues(object: Json, map: (value: unknown, name: string) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value, name)]));
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
