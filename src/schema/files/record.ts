import { z } from 'zod';
import { RefusedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import type { Schemas } from '../../postgres/schemas.js';
import type { SchemaOrigin } from '../origin.js';
import type { ParsedFile } from './format.js';
import { shownPath } from './store.js';

const roleFacts = {
  role: z.string(),
  canLogin: z.boolean(),
  inherit: z.boolean(),
  powers: z.array(z.string()),
};

/** What the head of load.sql says of the source, so that the schema can be loaded where the source is not at hand. */
const recordSchema = z.object({
  owner: z.string(),
  objects: z.object({ tables: z.array(z.string()), others: z.array(z.string()) }),
  roles: z.array(z.object({ ...roleFacts, inPolicy: z.boolean(), owns: z.boolean(), usedBy: z.array(z.string()) })),
  roleGraph: z.object({
    memberships: z.array(
      z.object({
        group: z.string(),
        member: z.string(),
        admin: z.boolean(),
        inherit: z.boolean().nullable(),
        set: z.boolean().nullable(),
      }),
    ),
    others: z.array(z.object(roleFacts)),
  }),
  extensions: z.array(z.object({ name: z.string(), schema: z.string(), version: z.string() })),
  schemas: z.array(
    z.object({
      name: z.string(),
      owner: z.string(),
      comment: z.string().nullable(),
      privileges: z.array(
        z.object({ grantee: z.string().nullable(), privilege: z.enum(['USAGE', 'CREATE']), grantable: z.boolean() }),
      ),
    }),
  ),
  globalDefaults: z.array(
    z.object({
      object: z.string(),
      column: z.null(),
      owner: z.string(),
      entries: z.array(
        z.object({
          grantee: z.string().nullable(),
          grantor: z.string(),
          privilege: z.string(),
          grantable: z.boolean(),
        }),
      ),
    }),
  ),
  defaultPrivileges: z.array(
    z.object({
      role: z.string(),
      objects: z.enum(['TABLES', 'SEQUENCES', 'FUNCTIONS', 'TYPES']),
      grantee: z.string().nullable(),
      privilege: z.string(),
      grantable: z.boolean(),
      /** Dumps of earlier versions, of one schema, lack it. */
      schema: z.string().optional(),
    }),
  ),
});

type SchemaRecord = z.infer<typeof recordSchema>;

/** Asks the source for all of it. */
export async function makeRecord(origin: SchemaOrigin, moving: Schemas): Promise<SchemaRecord> {
  const extensions = await origin.extensions();
  const names = [...new Set([...moving.names, ...extensions.map((one) => one.schema)])];
  const schemas: SchemaRecord['schemas'] = [];
  for (const name of names) {
    const facts = await origin.schema(name);
    if (facts !== null) schemas.push({ name, ...facts, privileges: [...facts.privileges] });
  }
  const defaults: SchemaRecord['defaultPrivileges'] = [];
  for (const schema of moving.names) {
    defaults.push(...(await origin.defaultPrivileges(schema)).map((one) => ({ ...one, schema })));
  }
  // What zod does not know falls away.
  return recordSchema.parse({
    owner: await origin.owner(),
    objects: await origin.objects(),
    roles: await origin.roles(),
    roleGraph: await origin.roleGraph(),
    extensions,
    schemas,
    globalDefaults: await origin.globalDefaults(),
    defaultPrivileges: defaults,
  });
}

/**
 * The same, from the file.
 * @throws RefusedError when the head was changed by hand
 */
export function originOf(pair: Pair, { head, edited }: ParsedFile): SchemaOrigin {
  const parsed = recordSchema.safeParse(head.record);
  if (!parsed.success) {
    throw new RefusedError(
      `${shownPath(pair, 'load')}: the line "-- belt-file" was changed, and is not understood any more`,
      {
        hint: `Put the line back, or run belt dump-schema ${pair.config.dc} ${pair.db} --force.`,
        detail: { file: shownPath(pair, 'load') },
      },
    );
  }
  const { data } = parsed;
  return {
    owner: () => Promise.resolve(data.owner),
    objects: () => Promise.resolve(data.objects),
    roles: () => Promise.resolve(data.roles),
    roleGraph: () => Promise.resolve(data.roleGraph),
    // The file's own statements give them.
    owned: () => Promise.resolve(null),
    privileges: () => Promise.resolve(null),
    extensions: () => Promise.resolve(data.extensions),
    schema: (name) => Promise.resolve(data.schemas.find((one) => one.name === name) ?? null),
    globalDefaults: () => Promise.resolve(data.globalDefaults),
    defaultPrivileges: (name) => Promise.resolve(data.defaultPrivileges.filter(({ schema = name }) => schema === name)),
    edited: () => Promise.resolve(edited),
  };
}
