import { readdir, readFile } from 'node:fs/promises';

/** What stands in fences in the documents. */

const ROOT = new URL('../../', import.meta.url);

/** README.md and everything in docs/, by name. */
export async function readDocuments(): Promise<Map<string, string>> {
  const docs = (await readdir(new URL('docs/', ROOT))).filter((name) => name.endsWith('.md')).sort();
  const names = ['README.md', ...docs.map((name) => `docs/${name}`)];
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, ROOT), 'utf8')] as const)),
  );
}

/** The fenced blocks of a language, without the indent of a list that they stand in. */
export function blocks(text: string, language: string): string[] {
  return fences(text, language).map(({ content }) => content);
}

/** A series of shell blocks that are typed one after the other, from a certain state on. */
export interface Series {
  /** The state in which the first block is typed: `<!-- run: STATE -->` stands before it. */
  readonly state: string;
  readonly blocks: readonly string[];
}

/** The `sh` blocks of a document that are to be run, by the marks before them. Those before the first mark are not. */
export function runnableSeries(text: string): Series[] {
  const marks = [...text.matchAll(/^ *<!-- run: (\S+) -->$/gm)];
  return marks.map((mark, place) => {
    const part = text.slice(mark.index, marks[place + 1]?.index);
    return { state: mark[1] ?? '', blocks: blocks(part, 'sh') };
  });
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
