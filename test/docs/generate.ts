import { readFile, writeFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { withGeneratedParts } from './reference.js';

/** `npm run docs`: writes the commands and config keys into README.md, as the code has them. */

const README = new URL('../../README.md', import.meta.url);

const text = withGeneratedParts(await readFile(README, 'utf8'));
await writeFile(README, await format(text, { ...(await resolveConfig(README)), parser: 'markdown' }));
