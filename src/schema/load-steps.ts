import type { Pair } from '../pair/pair.js';
import type { Plan, Step } from '../pair/steps.js';
import type { ObjectName } from '../postgres/schemas.js';
import { findDumpTools } from '../process/tools.js';
import { createExtensions, missingExtensions, requireExtensions } from './extensions.js';
import { createMissingRoles, missingRolesPlan, requireGrantRoles } from './grant-roles.js';
import { loadSchema } from './load.js';
import { applyGrants, missingGrants } from './object-grants.js';
import { describeLeft, ownerPlan, setOwners } from './object-owners.js';
import { sourceOrigin, type SchemaOrigin } from './origin.js';
import { prepareSchemas, schemaLoaded } from './prepare.js';
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
export function fromSource(pair: Pair, keysLater: readonly ObjectName[] = []): SchemaLoad {
  return {
    origin: sourceOrigin(pair),
    load: async (progress) => {
      const { loaded, deferred, invalid } = await loadSchema(pair, progress, keysLater);
      const left = invalid.length === 0 ? '' : `; left out, as they are INVALID: ${invalid.join(', ')}`;
      return `loaded ${String(loaded)} objects; ${String(deferred)} indexes and constraints wait for the data${left}`;
    },
  };
}

/** Looks whether the source's extensions can be on the destination, before anything is changed. */
export function extensionsStep(pair: Pair, create: boolean, origin?: SchemaOrigin): Step {
  return {
    name: 'check-extensions',
    title: "check that the destination can have the source's extensions",
    readOnly: true,
    run: () => requireExtensions(pair, create, origin),
  };
}

export interface SchemaStepOptions {
  /** Whether belt makes the roles that are missing. */
  readonly createRoles: boolean;
}

/** The steps that bring the schema to the destination, but for what has to wait until the data is there. */
export function schemaSteps(
  pair: Pair,
  { createRoles }: SchemaStepOptions,
  { origin, load }: SchemaLoad = fromSource(pair),
): Plan {
  let loadedNow = false;
  return [
    {
      name: 'check-grant-roles',
      title: 'check that the roles named in grants exist on the destination',
      readOnly: true,
      run: () => requireGrantRoles(pair, { origin, create: createRoles }),
    },
    ...(createRoles ? [createRolesStep(pair, origin)] : []),
    {
      name: 'create-extensions',
      title: 'create the extensions of the source on the destination',
      done: async () =>
        (await missingExtensions(pair, origin)).some(({ available }) => available) ? null : 'there is none to create',
      run: async () => `created ${(await createExtensions(pair, origin)).created.join(', ')}`,
    },
    {
      name: 'load-schema',
      title: `load ${pair.schemaWords} into the destination`,
      done: async () => ((await schemaLoaded(pair, origin)) ? 'it is there' : null),
      run: async (progress) => {
        await prepareSchemas(pair);
        const said = await load(progress);
        loadedNow = true;
        return said;
      },
    },
    ownersStep(pair, origin),
    {
      name: 'grant-schema-privileges',
      title: `give ${pair.schemaWords} grants and comment on the destination`,
      done: async () => ((await missingSchemaPrivileges(pair, origin)).length === 0 ? 'they are there' : null),
      run: async () => `applied ${String(await applySchemaPrivileges(pair, origin))}`,
    },
    // Who passes a grant on must see the schema.
    objectGrantsStep(pair, origin, () => loadedNow),
  ];
}

function createRolesStep(pair: Pair, origin: SchemaOrigin): Step {
  return {
    name: 'create-roles',
    title: 'create the roles that the schema names and the destination lacks, without LOGIN',
    done: async () => ((await missingRolesPlan(pair, origin)).roles.length === 0 ? 'none is missing' : null),
    run: async () => {
      const { roles, left } = await createMissingRoles(pair, origin);
      const names = roles.map((name) => `"${name}"`).join(', ');
      return `created ${names}, NOLOGIN and without password${left.length === 0 ? '' : `; ${left.join('; ')}`}`;
    },
  };
}

/** Gives objects to those who own them on the source. */
function ownersStep(pair: Pair, origin: SchemaOrigin): Step {
  return {
    name: 'set-owners',
    title: 'give the objects on the destination to their owners',
    done: async () => {
      const plan = await ownerPlan(pair, origin);
      if (plan === null) return 'the file does not say who owns what';
      if (plan.changes.length > 0) return null;
      if (plan.left.length === 0) return 'all belong to whom they should';
      return `LEFT with "${pair.dst.config.owner_user.name}", as the destination lacks their owners (see --create-roles): ${describeLeft(plan)}`;
    },
    run: async () => {
      const plan = await ownerPlan(pair, origin);
      return plan === null ? undefined : setOwners(pair, plan);
    },
  };
}

/** @param exact whether the schema was loaded just now, so that nobody can have granted anything since */
function objectGrantsStep(pair: Pair, origin: SchemaOrigin, exact: () => boolean): Step {
  return {
    name: 'grant-privileges',
    title: 'give the objects on the destination their grants',
    done: async () => {
      const missing = await missingGrants(pair, origin, exact());
      if (missing === null) return 'the file itself grants them';
      return missing.statements.length === 0 && !missing.nothingThere ? 'they are there' : null;
    },
    run: async () => {
      const missing = await missingGrants(pair, origin, exact());
      const { applied, left } = await applyGrants(pair, missing?.statements ?? []);
      const refused = left.length === 0 ? '' : `; LEFT OUT, as root is no superuser: ${left.join('; ')}`;
      return `ran ${applied} statements${refused}`;
    },
  };
}
