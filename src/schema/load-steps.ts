import type { Pair } from '../pair/pair.js';
import type { Plan, Step } from '../pair/steps.js';
import { findDumpTools } from '../process/tools.js';
import { createExtensions, missingExtensions } from './extensions.js';
import { requireGrantRoles } from './grant-roles.js';
import { loadSchema, prepareSchema, schemaLoaded } from './load.js';
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

/** The steps that bring the source's schema to the destination, but for what has to wait until the data is there. */
export function schemaSteps(pair: Pair): Plan {
  return [
    {
      name: 'check-grant-roles',
      title: 'check that the roles named in grants exist on the destination',
      readOnly: true,
      run: async () => {
        await requireGrantRoles(pair);
        return undefined;
      },
    },
    {
      name: 'create-extensions',
      title: 'create the extensions of the source on the destination',
      done: async () =>
        (await missingExtensions(pair)).some(({ available }) => available) ? null : 'there is none to create',
      run: async () => `created ${(await createExtensions(pair)).created.join(', ')}`,
    },
    {
      name: 'load-schema',
      title: `load schema "${pair.schema}" into the destination`,
      done: async () => ((await schemaLoaded(pair)) ? 'it is there' : null),
      run: async (progress) => {
        await prepareSchema(pair);
        const { loaded, deferred, invalid } = await loadSchema(pair, progress);
        const left = invalid.length === 0 ? '' : `; left out, as they are INVALID: ${invalid.join(', ')}`;
        return `loaded ${String(loaded)} objects; ${String(deferred)} indexes and constraints wait for the data${left}`;
      },
    },
    {
      name: 'grant-schema-privileges',
      title: `give schema "${pair.schema}" its grants and comment on the destination`,
      done: async () => ((await missingSchemaPrivileges(pair)).length === 0 ? 'they are there' : null),
      run: async () => `applied ${String(await applySchemaPrivileges(pair))}`,
    },
  ];
}
