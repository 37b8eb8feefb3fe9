import { corpus } from '../corpus/expectations.js';
import { chosenOf, CORPUS } from '../corpus/schemas/index.js';

corpus(chosenOf(CORPUS));
