import { z } from 'zod';
import { configJsonSchema } from '../../config/schema.js';
import { UsageError } from '../../errors.js';
import { nearest } from '../../nearest.js';
import { envelopeSchema } from '../../results/envelope.js';
import { hasJson, type CommandSpec, type PlainContext } from '../define.js';

/** Prints the JSON Schema of config.json, or of what a command prints with --json. */
export async function run({ print, registry }: PlainContext, [name]: readonly string[]): Promise<void> {
  const schema = name === undefined ? configJsonSchema() : await resultJsonSchema(registry.filter(hasJson), name);
  print(`${JSON.stringify(schema, null, 2)}\n`);
}

async function resultJsonSchema(specs: readonly CommandSpec[], name: string): Promise<object> {
  const spec = specs.find((one) => one.name === name);
  const schema = spec?.kind === 'pairs' ? envelopeSchema(await spec.result()) : await spec?.result?.();
  if (schema === undefined) {
    const names = specs.map((one) => one.name);
    const meant = nearest(name, names);
    throw new UsageError(
      `no command "${name}" has a JSON result${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
      { hint: `Commands with --json: ${names.join(', ')}.`, detail: { command: name } },
    );
  }
  return { title: `belt ${name} --json`, ...z.toJSONSchema(schema, { target: 'draft-7' }) };
}
