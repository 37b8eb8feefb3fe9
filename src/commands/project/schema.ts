import { z } from 'zod';
import { configJsonSchema } from '../../config/schema.js';
import { UsageError } from '../../errors.js';
import { nearest } from '../../nearest.js';
import { envelopeSchema } from '../../results/envelope.js';
import type { PairCommandSpec, PlainContext } from '../define.js';

/** Prints the JSON Schema of config.json, or of what a command prints with --json. */
export async function run({ print, registry }: PlainContext, [name]: readonly string[]): Promise<void> {
  const specs = registry.filter((spec): spec is PairCommandSpec => spec.kind === 'pairs');
  print(`${JSON.stringify(name === undefined ? configJsonSchema() : await resultJsonSchema(specs, name), null, 2)}\n`);
}

async function resultJsonSchema(specs: readonly PairCommandSpec[], name: string): Promise<object> {
  const spec = specs.find((one) => one.name === name);
  if (spec === undefined) {
    const names = specs.map((one) => one.name);
    const meant = nearest(name, names);
    throw new UsageError(
      `no command "${name}" has a JSON result${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
      { hint: `Commands with --json: ${names.join(', ')}.`, detail: { command: name } },
    );
  }
  return {
    title: `belt ${spec.name} --json`,
    ...z.toJSONSchema(envelopeSchema(await spec.result()), { target: 'draft-7' }),
  };
}
