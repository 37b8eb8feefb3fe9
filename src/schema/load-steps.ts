import type { Pair } from '../pair/pair.js';
import type { Plan, Step } from '../pair/steps.js';
import { findDumpTools } from '../process/tools.js';
import { createExtensions, missingExtensions } from './extensions.js';
import { requireGrantRoles } from './grant-roles.js';
import { loadSchema } from './load.js';
import { sourceOrigin, type SchemaOrigin } from './origin.js';
import { prepareSchema, schemaLoaded } from './prepare.js';
import { applySchemaPrivileges, missingSchemaPrivileges } from './privileges.js';

/** Looks for pg_dump and pg_restore before anything is changed. */
export function toolsStep(pair: Pair): Step {
  return {
    name: 'check-tools',
    title: 'look for pg_dump and pg_restore that fit both servers',
    readOnly: true,
    run: async () => {
      const { src, dst } = await pair.roots();
      const { dump } = await findDumpTools(pair.environment, { source: src.major, destination: dst.major });
      return dump.path;
    },
  };
}

/** How the schema comes to the destination: what it is to be, and the loading itself, which says what it did. */
export interface SchemaLoad {
  readonly origin: SchemaOrigin;
  readonly load: (progress: (text: string) => void) => Promise<string>;
}

/**
 * Straight from the source.
 * @param keysLater the tables that get their keys when their rows are there
 */
export function fromSource(pair: Pair, keysLater: readonly string[] = []): SchemaLoad {
  return {
    origin: sourceOrigin(pair),
    load: async (progress) => {
      const { loaded, deferred, invalid } = await loadSchema(pair, progress, keysLater);
      const left = invalid.length === 0 ? '' : `; left out, as they are INVALID: ${invalid.join(', ')}`;
      return `loaded ${String(loaded)} objects; ${String(deferred)} indexes and constraints wait for the data${left}`;
    },
  };
}

/** The steps that bring the schema to the destination, but for what has to wait until the data is there. */
export function schemaSteps(pair: Pair, { origin, load }: SchemaLoad = fromSource(pair)): Plan {
  return [
    {
      name: 'check-grant-roles',
      title: 'check that the roles named in grants exist on the destination',
      readOnly: true,
      run: async () => {
        await requireGrantRoles(pair, origin);
        return undefined;
      },
    },
    {
      name: 'create-extensions',
      title: 'create the extensions of the source on the destination',
      done: async () =>
        (await missingExtensions(pair, origin)).some(({ available }) => available) ? null : 'there is none to create',
      run: async () => `created ${(await createExtensions(pair, origin)).created.join(', ')}`,
    },
    {
      name: 'load-schema',
      title: `load schema "${pair.schema}" into the destination`,
      done: async () => ((await schemaLoaded(pair, origin)) ? 'it is there' : null),
      run: async (progress) => {
        await prepareSchema(pair);
        return load(progress);
      },
    },
    {
      name: 'grant-schema-privileges',
      title: `give schema "${pair.schema}" its grants and comment on the destination`,
      done: async () => ((await missingSchemaPrivileges(pair, origin)).length === 0 ? 'they are there' : null),
      run: async () => `applied ${String(await applySchemaPrivileges(pair, origin))}`,
    },
  ];
}
