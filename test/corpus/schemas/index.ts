import type { CorpusSchema } from '../schema.js';
import partitions from './01-partitions.js';
import generated from './02-generated.js';
import inheritance from './03-inheritance.js';
import notValid from './04-not-valid.js';
import checkNoLongerTrue from './05-check-no-longer-true.js';
import triggers from './06-triggers.js';
import rowSecurity from './07-row-security.js';
import sequences from './08-sequences.js';
import types from './09-types.js';
import indexes from './10-indexes.js';
import identities from './11-identities.js';
import statisticsStorage from './12-statistics-storage.js';
import comments from './13-comments.js';
import views from './14-views.js';
import routines from './15-routines.js';
import operators from './16-operators.js';
import textSearch from './17-text-search.js';
import rules from './18-rules.js';
import withoutKey from './19-without-key.js';
import otherOwner from './20-other-owner.js';
import names from './21-names.js';
import words from './22-words.js';
import longNames from './23-long-names.js';
import publicSchema from './24-public.js';
import foreignKeys from './25-foreign-keys.js';
import values from './26-values.js';
import changedTables from './27-changed-tables.js';
import deferrableKeys from './28-deferrable-keys.js';
import defaults from './29-defaults.js';
import transactions from './30-transactions.js';
import privileges from './31-privileges.js';
import everySchema from './32-every-schema.js';
import database from './33-database.js';

/** Every schema of the corpus, in the order of the files. */
export const CORPUS: readonly CorpusSchema[] = [
  partitions,
  generated,
  inheritance,
  notValid,
  checkNoLongerTrue,
  triggers,
  rowSecurity,
  sequences,
  types,
  indexes,
  identities,
  statisticsStorage,
  comments,
  views,
  routines,
  operators,
  textSearch,
  rules,
  withoutKey,
  otherOwner,
  names,
  words,
  longNames,
  publicSchema,
  foreignKeys,
  values,
  changedTables,
  deferrableKeys,
  defaults,
  transactions,
  privileges,
  everySchema,
  database,
];

/** @returns those whose names begin with one of BELT_CORPUS (`01,08-seq`); when it is not set, those given */
export function chosenOf(schemas: readonly CorpusSchema[]): readonly CorpusSchema[] {
  const wanted = process.env['BELT_CORPUS']?.split(',');
  return wanted === undefined ? schemas : CORPUS.filter(({ name }) => wanted.some((one) => name.startsWith(one)));
}
