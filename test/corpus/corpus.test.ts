import { corpus } from './expectations.js';
import { chosenOf, CORPUS } from './schemas/index.js';

/** Those by which every mechanism of belt is used once; all of them are moved by test/proofs/corpus.test.ts. */
const EACH_MECHANISM = [
  '01-partitions',
  '04-not-valid',
  '06-triggers',
  '08-sequences',
  '11-identities',
  '14-views',
  '19-without-key',
  '21-names',
];

corpus(chosenOf(CORPUS.filter(({ name }) => EACH_MECHANISM.includes(name))));
