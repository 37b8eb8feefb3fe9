import { ConnectionError } from '../../errors.js';
import { missingGrantRoles } from '../../schema/grant-roles.js';
import { rootOk } from '../root-ok.js';
import type { SideFacts } from '../facts.js';
import { defineKind, type Found } from '../kind.js';
import { bothSides } from './settings.js';

/** The roles of the config, and those that the schema names. */

const root = defineKind({
  code: 'root-unfit',
  severity: 'fail',
  means: 'The root user of the config is no superuser (or rds_superuser) that can log in and make roles.',
  judge: bothSides((facts) =>
    rootOk(facts.root)
      ? []
      : [
          {
            side: facts.side.name,
            object: `role ${facts.side.config.root_user.name}`,
            problem: 'must be a superuser (or a member of rds_superuser) that can log in and create roles',
            remedy: `Put such a role into "${facts.side.name}.root_user" of the config, or give it what it lacks.`,
          },
        ],
  ),
});

const ownerMissing = defineKind({
  code: 'owner-missing',
  severity: 'fail',
  means: 'The owner of the config is no role of the server.',
  judge: bothSides(({ side, owner }) =>
    owner !== null
      ? []
      : [
          {
            side: side.name,
            object: `role ${side.config.owner_user.name}`,
            problem: 'does not exist',
            remedy: `Create it: CREATE ROLE ... LOGIN PASSWORD ..., or mend "${side.name}.owner_user" in the config.`,
          },
        ],
  ),
});

const ownerNoLogin = defineKind({
  code: 'owner-no-login',
  severity: 'fail',
  means: 'The owner cannot log in. On the source, where belt reads as root, this is but a note.',
  judge: bothSides(({ side, owner }) =>
    owner === null || owner.rolcanlogin
      ? []
      : [
          {
            side: side.name,
            object: `role ${side.config.owner_user.name}`,
            problem: 'cannot log in',
            ...(side.name === 'dst'
              ? { remedy: 'ALTER ROLE ... LOGIN: belt works as this role where root may not.' }
              : { severity: 'note' as const, remedy: 'No harm: belt reads the source as root.' }),
          },
        ],
  ),
});

const ownerNotLetIn = defineKind({
  code: 'owner-not-let-in',
  severity: 'fail',
  means:
    'The server does not let the owner in with the password of the config. On a source whose root is a superuser, which the owner can do without, this is but a warning.',
  judge: async ({ src, dst }) => (await Promise.all([logIn(src), logIn(dst)])).flat(),
});

/** Tries it: nothing else tells whether the password is right, and steps that need the owner may come in the downtime. */
async function logIn({ side, owner, root }: SideFacts): Promise<Found[]> {
  // Of those there are findings of their own.
  if (owner?.rolcanlogin !== true) return [];
  try {
    const session = await side.open('owner');
    await session.close();
    return [];
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    return [
      {
        side: side.name,
        object: `role ${owner.rolname}`,
        problem: `is not let in: ${error.message}`,
        remedy: error.hint ?? `See the log of the ${side.word} server for its reason.`,
        ...(side.name === 'src' && root?.rolsuper === true ? { severity: 'warn' as const } : {}),
      },
    ];
  }
}

const ownerMayNotCreate = defineKind({
  code: 'owner-may-not-create',
  severity: 'note',
  means: "The destination's owner may not create in the schema; setup grants it.",
  schemaOnly: true,
  judge: ({ dst: { owner, side, schemasMissing } }) =>
    owner !== null && schemasMissing.length === 0 && !owner.can_create
      ? [
          {
            side: 'dst',
            object: `role ${side.config.owner_user.name}`,
            problem: 'may not create in the schema',
            remedy: 'setup grants it.',
          },
        ]
      : [],
});

const missing = defineKind({
  code: 'role-missing',
  severity: 'fail',
  means:
    'Something of the schema belongs to a role that the destination does not have, or privileges or policies name it.',
  accept:
    'What belongs to the role comes to the owner of the config, and what is granted to it is left out. Where a policy names the role setup refuses all the same.',
  schemaOnly: true,
  judge: async ({ pair }) =>
    (await missingGrantRoles(pair)).map(({ role, usedBy, statement }) => ({
      side: 'dst',
      object: `role ${role}`,
      problem: `does not exist, and ${usedBy[0] ?? 'a grant'} names it`,
      remedy: `Run on the destination: ${statement} Or let setup make it, without LOGIN: --create-roles`,
    })),
});

export const ROLE_KINDS = [root, ownerMissing, ownerNoLogin, ownerNotLetIn, missing, ownerMayNotCreate];
