import { describe, expect, it } from 'vitest';
import { wrapText } from '../../../src/render/fit.js';
import { makeStyle } from '../../../src/render/style.js';
import { renderTable } from '../../../src/render/table.js';

const LONG = 'has a generated column, which pglogical cannot copy';
const HEAD = ['table', 'owner', 'why'];
const ROWS = [
  ['Order Details', 'shop_owner', ''],
  ['Price Tags', 'shop_owner', LONG],
];

const lines = (text: string): string[] => text.split('\n');
const longest = (text: string): number => Math.max(...lines(text).map((line) => line.length));

describe('a table', () => {
  it('is as wide as it is where there is no terminal', () => {
    expect(lines(renderTable(HEAD, ROWS, makeStyle(false, null)))).toEqual([
      'table          owner       why',
      'Order Details  shop_owner',
      `Price Tags     shop_owner  ${LONG}`,
    ]);
  });

  it('has its long cells broken between words on a narrow terminal, and loses none', () => {
    const table = renderTable(HEAD, ROWS, makeStyle(false, 50));
    expect(lines(table)).toEqual([
      'table          owner       why',
      'Order Details  shop_owner',
      'Price Tags     shop_owner  has a generated column,',
      '                           which pglogical cannot',
      '                           copy',
    ]);
  });

  it('with few rows and too many columns lies on its side', () => {
    const head = ['database', 'max_replication_slots', 'max_worker_processes'];
    const table = renderTable(head, [['shop', '20', '30']], makeStyle(false, 40));
    expect(lines(table)).toEqual([
      'database               shop',
      'max_replication_slots  20',
      'max_worker_processes   30',
    ]);
  });

  it('that fits nohow is drawn as it is', () => {
    const head = ['database', 'max_replication_slots', 'max_worker_processes'];
    const rows = Array.from({ length: 9 }, () => ['a_long_database_name', '20', '30']);
    expect(renderTable(head, rows, makeStyle(false, 40))).toBe(renderTable(head, rows, makeStyle(false, null)));
  });
});

describe('a text', () => {
  it('is broken between words, later lines indented, and not at all without a limit', () => {
    expect(wrapText('      one two three four', 16, '      ')).toBe('      one two\n      three four');
    expect(wrapText('one two three', null)).toBe('one two three');
  });

  it('keeps a long word whole', () => {
    expect(longest(wrapText('a postgres://u@host:5432/database b', 10))).toBe('postgres://u@host:5432/database'.length);
  });
});
