import { z } from 'zod';
import { configJsonSchema } from '../../src/config/schema.js';
import { code, table } from './markdown.js';

/** The JSON Schema of a config's part, as far as it is shown. */
interface Part {
  readonly description?: string | undefined;
  readonly properties?: Readonly<Record<string, Part>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly anyOf?: readonly Part[] | undefined;
}

const partSchema: z.ZodType<Part> = z.lazy(() =>
  z.object({
    description: z.string().optional(),
    properties: z.record(z.string(), partSchema).optional(),
    required: z.array(z.string()).optional(),
    anyOf: z.array(partSchema).optional(),
  }),
);

/** Every key of config.json: one table for the file, and one for its sides, which have the same keys. */
export function configPart(): string {
  const whole = partSchema.parse(configJsonSchema());
  const side = objectIn(whole.properties?.['src']);
  if (side === undefined) throw new Error('the JSON Schema of the config has no object for "src"');
  return [
    'The file:',
    keysTable(whole),
    'Each of `src` and `dst`. A user is an object with `name` and `pw`:',
    keysTable(side),
  ].join('\n\n');
}

function objectIn(part: Part | undefined): Part | undefined {
  return part?.properties === undefined ? part?.anyOf?.find(({ properties }) => properties !== undefined) : part;
}

function keysTable({ properties = {}, required = [] }: Part): string {
  return table(
    ['key', 'needed', 'what it is'],
    Object.entries(properties).map(([key, { description = '' }]) => [
      code(key),
      required.includes(key) ? 'yes' : '',
      description,
    ]),
  );
}
