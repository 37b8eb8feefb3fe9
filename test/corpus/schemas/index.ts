import type { CorpusSchema } from '../schema.js';
import partitions from './01-partitions.js';
import generated from './02-generated.js';
import inheritance from './03-inheritance.js';
import notValid from './04-not-valid.js';
import checkNoLongerTrue from './05-check-no-longer-true.js';
import triggers from './06-triggers.js';
import rowSecurity from './07-row-security.js';
import sequences from './08-sequences.js';

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
];
