import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ACCEPTABLE } from '../../src/precheck/codes.js';
import { missingFor } from '../../src/precheck/kinds/capacity.js';
import { KINDS } from '../../src/precheck/kinds/index.js';
import { pathSchemas } from '../../src/precheck/kinds/search-path.js';
import { settingClause } from '../../src/precheck/kinds/statements.js';

describe('the kinds of findings', () => {
  it('have each a code of its own, in the form that the JSON promises', () => {
    const codes = KINDS.map(({ code }) => code);
    expect(codes.filter((code) => !/^[a-z]+(-[a-z]+)*$/.test(code))).toEqual([]);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes).not.toContain('not-looked-at');
  });

  it('can be accepted as the command line says', () => {
    const accepted = KINDS.filter(({ accept }) => accept !== undefined).map(({ code }) => code);
    expect(accepted.sort()).toEqual([...ACCEPTABLE].sort());
  });

  it('are explained in the documents, all of them', async () => {
    const text = await readFile(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');
    for (const { code } of [...KINDS, { code: 'not-looked-at' }]) expect(text).toContain(`\`${code}\``);
  });
});

describe('what a server needs for all databases', () => {
  const need = { need: () => 2, extra: 0 };
  const usage = (have: string[]) => ({ max: 10, used: have.length, have });

  it('leaves out what each has already, and lends none to another', () => {
    const databases = [
      { database: 'a', side: 'src' as const },
      { database: 'b', side: 'dst' as const },
    ];
    expect(missingFor(databases, usage([]), need)).toBe(4);
    expect(missingFor(databases, usage(['a', 'a', 'a', 'c']), need)).toBe(2);
    expect(missingFor(databases, usage(['a', 'b']), need)).toBe(2);
    expect(missingFor(databases, usage(['a', 'a', 'b', 'b']), need)).toBe(0);
  });
});

describe('a search_path', () => {
  it('is read as PostgreSQL does', () => {
    expect(pathSchemas('"$user", public', 'app')).toEqual(['app', 'public']);
    expect(pathSchemas('Shop, "Shop Data", "a""b, c" ,pg_temp', 'app')).toEqual([
      'shop',
      'Shop Data',
      'a"b, c',
      'pg_temp',
    ]);
    expect(pathSchemas('', 'app')).toEqual([]);
  });
});

describe('a setting as a statement', () => {
  it('quotes values but not lists, and keeps what applications made up to itself', () => {
    expect(settingClause('work_mem', "9'MB")).toBe(`SET "work_mem" = '9''MB'`);
    expect(settingClause('search_path', '"Shop Data", public')).toBe('SET "search_path" = "Shop Data", public');
    expect(settingClause('app.jwt_secret', 'hush')).toBe(`SET "app"."jwt_secret" = '...'`);
  });
});
