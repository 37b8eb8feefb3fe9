import { nodeName } from '../../pglogical/direction.js';
import { otherNodeHint } from '../../pglogical/nodes.js';
import { canMakeSlotOn, isBefore, parseVersion } from '../../pglogical/versions.js';
import { defineKind } from '../kind.js';
import { bothSides } from './settings.js';

/** Whether pglogical is there, fits the other side's PostgreSQL, and is free. */

const missing = defineKind({
  code: 'pglogical-missing',
  severity: 'fail',
  means: "pglogical's files are not on the server.",
  judge: bothSides(({ side, server }) =>
    server.pglogical_version === null
      ? [
          {
            side: side.name,
            object: 'pglogical',
            problem: 'is not installed on the server',
            remedy:
              'Install it (Debian and Ubuntu: postgresql-<major>-pglogical), and add it to shared_preload_libraries.',
          },
        ]
      : [],
  ),
});

const tooOld = defineKind({
  code: 'pglogical-too-old',
  severity: 'note',
  means: "The destination's pglogical cannot make the slot of forward replication; setup makes it.",
  judge: ({ src, dst: { server } }) =>
    server.pglogical_version === null || canMakeSlotOn(parseVersion(server.pglogical_version), src.session.major)
      ? []
      : [
          {
            side: 'dst',
            object: `pglogical ${server.pglogical_version}`,
            problem: `cannot make a slot on PostgreSQL ${src.session.major}, which forward replication needs`,
            remedy: 'setup makes the slot itself. Only --copy pglogical needs pglogical 2.4.5 or newer there.',
          },
        ],
});

const backSlot = defineKind({
  code: 'back-slot-by-belt',
  severity: 'note',
  means: "The source's pglogical cannot make the slot of back replication; setup-back-replication makes it.",
  judge: ({ src: { server }, dst }) =>
    server.pglogical_version === null || canMakeSlotOn(parseVersion(server.pglogical_version), dst.session.major)
      ? []
      : [
          {
            side: 'src',
            object: `pglogical ${server.pglogical_version}`,
            problem: `cannot make a slot on PostgreSQL ${dst.session.major}, which back replication needs`,
            remedy: 'setup-back-replication makes the slot itself.',
          },
        ],
});

const dropDatabase = defineKind({
  code: 'drop-database-hangs',
  severity: 'note',
  means: 'The pglogical of the server makes DROP DATABASE hang there.',
  judge: bothSides(({ side, server: { pglogical_version: version } }) =>
    version === null || !isBefore(parseVersion(version), [2, 4, 3])
      ? []
      : [
          {
            side: side.name,
            object: `pglogical ${version}`,
            problem: 'makes DROP DATABASE, and ALTER DATABASE ... SET TABLESPACE, hang on its server',
            remedy:
              'Update to 2.4.3 or newer before you drop databases there, or restart the server without pglogical for it. Never end its supervisor process: it does not come back.',
          },
        ],
  ),
});

const otherNode = defineKind({
  code: 'other-node',
  severity: 'fail',
  means: 'The database is a pglogical node of something else already.',
  judge: bothSides(({ side, server: { node } }) =>
    node === null || node === nodeName(side.name)
      ? []
      : [
          {
            side: side.name,
            object: `node ${node}`,
            problem: `is what pglogical calls the database already, and not ${nodeName(side.name)}`,
            remedy: otherNodeHint(side.name, node),
          },
        ],
  ),
});

export const PGLOGICAL_KINDS = [missing, otherNode, tooOld, backSlot, dropDatabase];
