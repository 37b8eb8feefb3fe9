import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/parse.js';
import { envelopeSchema } from '../../src/results/envelope.js';
import { statusFields } from '../../src/results/status.js';
import { emptyProgram, withGeneratedParts } from '../docs/reference.js';

const PATH = new URL('../../README.md', import.meta.url);
const readme = await readFile(PATH, 'utf8');

/** The fenced blocks of a language. */
function blocks(language: string): string[] {
  const fences = readme.matchAll(new RegExp(`^( *)\`\`\`${language}\n([^]*?)^\\1\`\`\``, 'gm'));
  return [...fences].map(([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

/** The JSON block below `<!-- example: NAME -->`. */
function example(name: string): string {
  const [, text] = new RegExp(`<!-- example: ${name} -->\\s+\`\`\`json\n([^]*?)\`\`\``).exec(readme) ?? [];
  if (text === undefined) throw new Error(`README.md has no example "${name}"`);
  return text;
}

describe('README.md', () => {
  it('has the commands, options and config keys of the code (npm run docs writes them)', async () => {
    const written = await format(withGeneratedParts(readme), { ...(await resolveConfig(PATH)), parser: 'markdown' });
    expect(written).toBe(readme);
  });

  it('shows JSON that is as the results are', () => {
    const parsed = envelopeSchema(statusFields).parse(JSON.parse(example('status')));
    expect(parsed.results[0]).toHaveProperty('forward_replication', 'replicating');
  });

  it('shows a config that belt takes', () => {
    const names = ['SRC_ROOT', 'SRC_OWNER', 'DST_ROOT', 'DST_OWNER', 'PGLOGICAL'];
    const variables = Object.fromEntries(names.map((name) => [`${name}_PASSWORD`, 'secret']));
    const { config } = parseConfig(example('config'), {
      file: 'config.json',
      dc: 'testdatacenter1',
      db: 'database1',
      variables,
    });
    expect(config.dst?.pglogical_user).toEqual({ name: 'pglogical', pw: 'secret' });
  });

  it('types only commands and options that there are', async () => {
    const typed = blocks('sh')
      .flatMap((text) => text.split('\n'))
      .flatMap((line) => /(?:^|\s)belt ([^|>]*)/.exec(line)?.[1] ?? []);
    // Where something stands for something else it is a usage line.
    const inText = [...readme.matchAll(/`belt ([^`>[<…]+)(?:>[^`]*)?`/g)].map(([, words = '']) => words);
    expect(typed.length).toBeGreaterThan(20);
    for (const line of [...typed, ...inText]) {
      // A redirection's number, and quotes around an argument, belong to the shell.
      const words = line.replace(/ 2$/, '').replace('DC DB', 'dc db').replaceAll("'", '').trim().split(/\s+/);
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
