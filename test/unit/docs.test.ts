import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.js';
import { registry } from '../../src/registry.js';
import { detailFields } from '../../src/results/detail.js';
import { envelopeSchema } from '../../src/results/envelope.js';
import { blocks, example, exampleNames, readDocuments } from '../docs/blocks.js';
import { emptyProgram } from '../docs/commands.js';
import { asItShouldBe, DOCUMENTS } from '../docs/parts.js';

const documents = await readDocuments();
const text = (name: string): string => documents.get(name) ?? '';

describe('the documents', () => {
  it.each(Object.keys(DOCUMENTS))('%s has what the code has (npm run docs writes it)', async (name) => {
    expect(await asItShouldBe(name)).toBe(text(name));
  });

  it('show JSON that is as the results are', async () => {
    const names = exampleNames(text('docs/json.md'));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const json: unknown = JSON.parse(example(text('docs/json.md'), name));
      const spec = registry.find((one) => one.name === (json as { command: string }).command);
      if (spec?.result === undefined) throw new Error(`the example "${name}" is of no command with JSON`);
      if (spec.kind === 'plain') {
        (await spec.result()).parse(json);
        continue;
      }
      const { results } = envelopeSchema(await spec.result()).parse(json);
      // A row that failed early could be anything.
      for (const field of Object.keys((await spec.result()).shape)) expect(results[0], name).toHaveProperty(field);
    }
  });

  it('show the JSON of every command that has fields of its own', async () => {
    const json = text('docs/json.md');
    const shown = new Set(
      exampleNames(json).map((name) => (JSON.parse(example(json, name)) as { command: string }).command),
    );
    for (const spec of registry) {
      const result = await spec.result?.();
      if (result !== undefined && result !== detailFields) expect(shown, spec.name).toContain(spec.name);
    }
  });

  it('explain every finding of belt doctor', async () => {
    const folder = new URL('../../src/pglogical/diagnosis/', import.meta.url);
    const sources = await Promise.all((await readdir(folder)).map((file) => readFile(new URL(file, folder), 'utf8')));
    const codes = sources.flatMap((source) => [
      ...[...source.matchAll(/\bcode: ([^\n]*)/g)].flatMap(
        ([, words = '']) => words.match(/(?<=')[a-z]+(-[a-z]+)+(?=')/g) ?? [],
      ),
      ...[...source.matchAll(/^ {2}'([a-z-]+)': \{$/gm)].flatMap(([, code = '']) => code),
    ]);
    expect(codes.length).toBeGreaterThan(30);
    for (const code of codes) expect(text('docs/troubleshooting.md')).toContain(`\`${code}\``);
  });

  it('show a config that belt takes', () => {
    const names = ['SRC_ROOT', 'SRC_OWNER', 'DST_ROOT', 'DST_OWNER', 'PGLOGICAL'];
    const variables = Object.fromEntries(names.map((name) => [`${name}_PASSWORD`, 'secret']));
    const { config } = parseConfig(example(text('README.md'), 'config'), {
      file: 'config.json',
      dc: 'testdatacenter1',
      db: 'database1',
      variables,
    });
    expect(config.dst?.pglogical_user).toEqual({ name: 'pglogical', pw: 'secret' });
  });

  it('link only to files and headings that there are', () => {
    const anchors = new Map([...documents].map(([name, content]) => [name, anchorsOf(content)]));
    for (const [name, content] of documents) {
      for (const [, target = ''] of content.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const { pathname, hash } = new URL(target, `file:///${name}`);
        const file = decodeURI(pathname).slice(1);
        if (!file.endsWith('.md')) continue;
        expect(documents.has(file), `${name} links to ${target}`).toBe(true);
        if (hash !== '') expect(anchors.get(file), `${name} links to ${target}`).toContain(hash.slice(1));
      }
    }
  });

  it.each([...documents.keys()])('%s types only commands and options that there are', async (name) => {
    const content = text(name);
    const typed = ['sh', 'text']
      .flatMap((language) => blocks(content, language))
      .flatMap((block) => block.split('\n'))
      .filter((line) => !line.startsWith('#'))
      .flatMap((line) => /(?:^|[\s(])belt ([a-z][^|>)]*)/.exec(line)?.[1] ?? []);
    // Where something stands for something else it is a usage line.
    const inText = [...content.matchAll(/`belt ([^`>[<…]+)(?:>[^`]*)?`/g)].map(([, words = '']) => words);
    for (const line of [...typed, ...inText]) {
      // A redirection's number, and quotes around an argument, belong to the shell.
      const shell = line.replace(/ 2$/, '').replace(/\\$/, '').replace('DC DB', 'dc db');
      const words = (shell.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll(/^["']|["')]+$/g, ''));
      const program = emptyProgram();
      for (const one of [program, ...program.commands]) {
        one.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
      }
      const reason = await program.parseAsync(complete(words), { from: 'user' }).then(
        () => '',
        (error: unknown) => ((error as { exitCode?: number }).exitCode === 0 ? '' : String(error)),
      );
      expect(reason, `belt ${words.join(' ')}`).toBe('');
    }
  });
});

/** In running text a command often stands without its arguments. */
function complete(words: readonly string[]): string[] {
  const [name = ''] = words;
  const command = emptyProgram().commands.find((one) => one.name() === name);
  const bare = words.length === 1 || words[1]?.startsWith('-') === true;
  const needed = command?.registeredArguments.filter(({ required }) => required) ?? [];
  return bare && needed.length > 0 ? [name, ...needed.map(() => 'up'), ...words.slice(1)] : [...words];
}

/** The anchors of a document's headings, as Markdown viewers make them. */
function anchorsOf(content: string): string[] {
  return [...content.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}
