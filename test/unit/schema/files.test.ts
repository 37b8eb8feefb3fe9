import { describe, expect, it } from 'vitest';
import { fileText, parseFile, type Block } from '../../../src/schema/files/format.js';

const write = (body: string | readonly Block[]): string =>
  fileText({ kind: 'indexes', schemas: ['a"\nb'], major: 15, says: ['To read.'], body });

const blocks = [
  {
    about: { name: 'x\n-- belt y' },
    sql: `COMMENT ON INDEX x IS 'one\n-- belt 00000000000000000000000000000000 {}\ntwo'`,
  },
  { about: { name: '\u2028\r' }, sql: 'CREATE INDEX y ON t (v)' },
];

describe('a file of belt’s', () => {
  it('is read as it was written, whatever the names and texts are', () => {
    const file = parseFile(write(blocks));
    expect(file?.head).toMatchObject({ kind: 'indexes', schema: 'a"\nb', major: 15 });
    expect(file?.edited).toBe(false);
    expect(file?.blocks).toEqual(blocks.map(({ about, sql }) => ({ about, sql: `${sql};` })));
  });

  it('has no line from a name: each is a comment, a statement or empty', () => {
    const rows = write([{ about: { name: 'x\nDROP TABLE t;' }, sql: 'SELECT 1' }]).split('\n');
    expect(rows.filter((row) => row !== '' && !row.startsWith('-- '))).toEqual(['SELECT 1;']);
  });

  it('is edited when anything below its head is', () => {
    const text = write(blocks);
    expect(parseFile(text.replace('(v)', '(w)'))?.edited).toBe(true);
    expect(parseFile(`${text}\n`)?.edited).toBe(true);
    expect(parseFile(text.replaceAll('\n', '\r\n'))?.edited).toBe(true);
    expect(parseFile(`-- mine\n${text}`)?.edited).toBe(false);
  });

  it('keeps its blocks with the line ends of another system', () => {
    const file = parseFile(write(blocks).replaceAll('\n', '\r\n'));
    expect(file?.blocks.map(({ about }) => about)).toEqual(blocks.map(({ about }) => about));
    expect(file?.blocks[1]?.sql).toBe('CREATE INDEX y ON t (v);');
  });

  it('is without a block that was deleted, emptied or made a comment', () => {
    const text = write(blocks);
    const only = (changed: string): unknown[] => parseFile(changed)?.blocks.map(({ sql }) => sql) ?? [];
    expect(only(text.replace('CREATE INDEX', '-- CREATE INDEX'))).toEqual([`${blocks[0]?.sql ?? ''};`]);
    expect(only(text.replace('CREATE INDEX y ON t (v);', ''))).toEqual([`${blocks[0]?.sql ?? ''};`]);
  });

  it('is none without its head', () => {
    expect(parseFile('CREATE INDEX y ON t (v);')).toBeUndefined();
    expect(parseFile(write(blocks).replace('"token"', '"tokens"'))).toBeUndefined();
    expect(parseFile('')).toBeUndefined();
  });
});
