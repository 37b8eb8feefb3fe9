import { readdir, readFile } from 'node:fs/promises';

/** What stands in fences in the documents. */

const ROOT = new URL('../../', import.meta.url);

/** README.md and every document in docs/, by name. */
export async function readDocuments(): Promise<Map<string, string>> {
  const files = await readdir(new URL('docs/', ROOT), { recursive: true });
  const docs = files.filter((name) => name.endsWith('.md')).sort();
  const names = ['README.md', ...docs.map((name) => `docs/${name}`)];
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, ROOT), 'utf8')] as const)),
  );
}

/** The fenced blocks of a language, without the indent of a list that they stand in. */
export function blocks(text: string, language: string): string[] {
  return fences(text, language).map(({ content }) => content);
}

/** A series of shell blocks that are typed one after the other, with the same pair of databases. */
export interface Series {
  /** Its parts: the first one is typed in the state that it names, the others after what leads there from the part before. */
  readonly parts: readonly { readonly state: string; readonly blocks: readonly string[] }[];
}

/** What is run by a test: from `<!-- run: STATE -->` or `<!-- then: STATE -->` to the next mark or to the end. */
const PART = /^ *<!-- (run|then): (\S+) -->$([^]*?)(?=^ *<!-- (?:(?:run|then): \S+|\/run) -->$|(?![^]))/gm;
/** What is run by hand. */
const BY_HAND = /^<!-- walk-through:[^]*?^<!-- \/walk-through -->$/gm;

/** The `sh` blocks of a document that are to be run, by the marks around them. */
export function runnableSeries(text: string): Series[] {
  const series: { parts: { state: string; blocks: string[] }[] }[] = [];
  for (const [, word, state = '', content = ''] of text.matchAll(PART)) {
    const part = { state, blocks: blocks(content, 'sh') };
    const last = series.at(-1);
    if (word === 'run' || last === undefined) series.push({ parts: [part] });
    else last.parts.push(part);
  }
  return series;
}

/** The `sh` blocks of a document that are neither in a series nor in the walk-through. */
export function unrunBlocks(text: string): string[] {
  return blocks(text.replaceAll(PART, '').replaceAll(BY_HAND, ''), 'sh');
}

/** Files that a document shows in full: the fence below `<!-- file: NAME -->`. */
export function fileBlocks(text: string): { name: string; content: string }[] {
  const found = text.matchAll(/<!-- file: (\S+) -->\s+```\w+\n([^]*?)```/g);
  return [...found].map(([, name = '', content = '']) => ({ name, content }));
}

/** The JSON block below `<!-- example: NAME -->`. @throws Error when there is none */
export function example(text: string, name: string): string {
  const [, json] = new RegExp(`<!-- example: ${name} -->\\s+\`\`\`json\n([^]*?)\`\`\``).exec(text) ?? [];
  if (json === undefined) throw new Error(`there is no example "${name}"`);
  return json;
}

/** The names of all examples. */
export function exampleNames(text: string): string[] {
  return [...text.matchAll(/<!-- example: (\S+) -->/g)].map(([, name = '']) => name);
}

function fences(text: string, language: string): { content: string }[] {
  const found = text.matchAll(new RegExp(`^( *)\`\`\`${language}\n([^]*?)^\\1\`\`\``, 'gm'));
  return [...found].map(([, indent = '', content = '']) => ({
    content: content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
}
