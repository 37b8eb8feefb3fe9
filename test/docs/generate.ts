import { writeFile } from 'node:fs/promises';
import { asItShouldBe, documentUrl, DOCUMENTS } from './parts.js';

/** `npm run docs`: writes commands, options, config keys and JSON fields into the documents, as the code has them. */

for (const name of Object.keys(DOCUMENTS)) await writeFile(documentUrl(name), await asItShouldBe(name));
