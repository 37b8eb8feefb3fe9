import { z } from 'zod';
import type { PairCommandSpec } from '../../src/commands/define.js';
import { registry } from '../../src/registry.js';
import { code, table } from './markdown.js';

/** The fields of each command's rows, as the zod schemas of the results have them. */

/** The JSON Schema of a field, as far as it is shown. */
interface Field {
  readonly type?: string | readonly string[] | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly const?: unknown;
  readonly anyOf?: readonly Field[] | undefined;
  readonly items?: Field | undefined;
  readonly description?: string | undefined;
  readonly properties?: Readonly<Record<string, Field>> | undefined;
}

const fieldSchema: z.ZodType<Field> = z.lazy(() =>
  z.object({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    enum: z.array(z.unknown()).optional(),
    const: z.unknown().optional(),
    anyOf: z.array(fieldSchema).optional(),
    items: fieldSchema.optional(),
    description: z.string().optional(),
    properties: z.record(z.string(), fieldSchema).optional(),
  }),
);

export async function jsonPart(): Promise<string> {
  const specs = registry.filter((spec): spec is PairCommandSpec => spec.kind === 'pairs');
  const described = await Promise.all(specs.map(async (spec) => [spec.name, await fieldsOf(spec)] as const));
  const free = described.filter(([, rows]) => rows.length === 1 && rows[0]?.[0] === code('detail'));
  return [
    ...described
      .filter((one) => !free.includes(one))
      .flatMap(([name, rows]) => [`### ${name}`, table(['field', 'type', 'meaning'], rows)]),
    '### The other commands',
    `${free.map(([name]) => code(name)).join(', ')} have one field of their own, ${code('detail')}: an object with what they found or did.`,
  ].join('\n\n');
}

async function fieldsOf(spec: PairCommandSpec): Promise<string[][]> {
  const schema = fieldSchema.parse(z.toJSONSchema(await spec.result()));
  return rowsOf(schema, '');
}

function rowsOf({ properties = {} }: Field, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const [inner, suffix] = objectIn(field);
    return [
      [code(path), typeOf(field), field.description ?? ''],
      ...(inner === undefined ? [] : rowsOf(inner, `${path}${suffix}.`)),
    ];
  });
}

/** The object that a field is or holds, and how a path goes into it. */
function objectIn(field: Field): [Field | undefined, string] {
  if (field.properties !== undefined) return [field, ''];
  if (field.items !== undefined) {
    const [inner, suffix] = objectIn(field.items);
    return [inner, `[]${suffix}`];
  }
  for (const one of field.anyOf ?? []) {
    const found = objectIn(one);
    if (found[0] !== undefined) return found;
  }
  return [undefined, ''];
}

function typeOf(field: Field): string {
  if (field.enum !== undefined) return field.enum.map((one) => code(String(one))).join(', ');
  if (field.const !== undefined) return code(JSON.stringify(field.const));
  if (field.anyOf !== undefined) return [...new Set(field.anyOf.map(typeOf))].join(' or ');
  if (field.items !== undefined) return `list of ${typeOf(field.items)}`;
  const types = typeof field.type === 'string' ? [field.type] : (field.type ?? ['any']);
  return types.join(' or ');
}
