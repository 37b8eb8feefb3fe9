import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { commandsPart, commandsTable } from './commands.js';
import { configPart } from './config.js';
import { jsonPart } from './json.js';
import { precheckPart } from './precheck.js';

/** The documents of which parts are written out of the code, each with the names of those parts. */
export const DOCUMENTS: Readonly<Record<string, readonly (keyof typeof PARTS)[]>> = {
  'README.md': ['commands-table', 'config'],
  'docs/commands.md': ['commands'],
  'docs/json.md': ['json'],
  'docs/troubleshooting.md': ['precheck'],
};

const PARTS = {
  'commands-table': commandsTable,
  commands: commandsPart,
  config: configPart,
  json: jsonPart,
  precheck: precheckPart,
};

/** Where a document of DOCUMENTS is. */
export function documentUrl(name: string): URL {
  return new URL(`../../${name}`, import.meta.url);
}

/**
 * A document as it should be: its generated parts as the code has them now, each between its marks
 * `<!-- NAME: ... -->` and `<!-- /NAME -->`.
 * @throws Error when a pair of marks is not there exactly once
 */
export async function asItShouldBe(name: string): Promise<string> {
  const url = documentUrl(name);
  let text = await readFile(url, 'utf8');
  for (const part of DOCUMENTS[name] ?? []) text = replacePart(name, text, part, await PARTS[part]());
  return format(text, { ...(await resolveConfig(url)), parser: 'markdown' });
}

function replacePart(name: string, text: string, part: string, content: string): string {
  const marks = new RegExp(`(<!-- ${part}: [^>]*-->\n)[^]*?(<!-- /${part} -->)`, 'g');
  const found = text.match(marks)?.length ?? 0;
  if (found !== 1) throw new Error(`${name} has the marks of "${part}" ${found} times`);
  return text.replace(marks, (_, start: string, end: string) => `${start}\n${content}\n\n${end}`);
}
