import type { AnyKind } from '../kind.js';
import { CAPACITY_KINDS } from './capacity.js';
import { CONSTRAINT_KINDS } from './constraints.js';
import { COPYING_KINDS } from './copying.js';
import { DATABASE_KINDS } from './database.js';
import { EXTENSION_KINDS } from './extensions.js';
import { FOREIGN_KINDS } from './foreign.js';
import { LABEL_KINDS } from './labels.js';
import { LOCALE_KINDS } from './locale.js';
import { boundToPath } from './maintenance.js';
import { OUTSIDE_KINDS } from './outside.js';
import { PAIRING_KINDS } from './pairing.js';
import { PGLOGICAL_KINDS } from './pglogical.js';
import { PROGRAM_KINDS } from './programs.js';
import { PUBLICATION_KINDS } from './publications.js';
import { replicationSet } from './replication-set.js';
import { ROLE_KINDS } from './roles.js';
import { PATH_KINDS } from './search-path.js';
import { SETTING_KINDS } from './settings.js';
import { TABLE_KINDS } from './tables.js';

/** All kinds of findings, in the order in which they stand among equals: what hinders everything first. */
export const KINDS: readonly AnyKind[] = [
  ...PAIRING_KINDS,
  ...SETTING_KINDS,
  ...PGLOGICAL_KINDS,
  ...CAPACITY_KINDS,
  ...COPYING_KINDS,
  ...ROLE_KINDS,
  ...EXTENSION_KINDS,
  ...OUTSIDE_KINDS,
  ...PROGRAM_KINDS,
  ...FOREIGN_KINDS,
  ...PUBLICATION_KINDS,
  replicationSet,
  ...DATABASE_KINDS,
  ...CONSTRAINT_KINDS,
  ...LABEL_KINDS,
  ...LOCALE_KINDS,
  ...TABLE_KINDS,
  boundToPath,
  ...PATH_KINDS,
];
