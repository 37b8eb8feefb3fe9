import { corpus } from './expectations.js';
import { chosenOf, CORPUS } from './schemas/index.js';

/** Some that use many of belt's ways of carrying; all of them are moved by test/proofs/corpus.test.ts. */
const SOME = ['01-partitions', '06-triggers', '08-sequences', '14-views', '21-names'];

corpus(chosenOf(CORPUS.filter(({ name }) => SOME.includes(name))));
