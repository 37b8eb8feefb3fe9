import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { initialEntries } from '../../../src/schema/initial-load.js';
import { CATALOG, leaveOut, parseToc } from '../../../src/schema/toc.js';

// What pg_restore --list --verbose of PostgreSQL 15 prints for a schema with hostile names.
const text = readFileSync(new URL('toc.txt', import.meta.url), 'utf8');
const entries = parseToc(text);
const index = (oid: number): { classId: number; oid: number } => ({ classId: CATALOG.pg_class, oid });
const constraint = (oid: number): { classId: number; oid: number } => ({ classId: CATALOG.pg_constraint, oid });

describe('parseToc', () => {
  it('finds every entry, whatever the names look like', () => {
    expect(entries).toHaveLength(text.split('\n').filter((line) => /^\d/.test(line)).length);
    expect(new Set(entries.map(({ dumpId }) => dumpId)).size).toBe(entries.length);
    for (const { line } of entries) expect(text).toContain(`\n${line}\n`);
  });

  it('takes dependencies from their own lines only', () => {
    const hostile = entries.filter(({ label }) => label.includes('depends on:'));
    expect(hostile.map(({ oid, dependsOn }) => [oid, dependsOn])).toEqual(
      expect.arrayContaining([
        [20529, [232]],
        [20530, [232]],
      ]),
    );
  });

  it('gives ids, label and dependencies', () => {
    expect(entries.find(({ oid }) => oid === 17153)).toMatchObject({
      classId: 2606,
      label: 'CHECK CONSTRAINT my "odd" schéma select chk 1 own er',
      dependsOn: [232, 232],
    });
  });

  it('takes what only JavaScript holds for the end of a line for a part of the name', () => {
    const label = 'TABLE s a\u2028b\u2029c\u0085 owner';
    expect(parseToc(`12; 1259 345 ${label}\n`)).toMatchObject([{ dumpId: 12, classId: 1259, oid: 345, label }]);
  });

  it('does not pass over a line that it does not understand', () => {
    expect(() => parseToc('12; 1259 345 TABLE s a o\nwhat\x1b is this?\n')).toThrow(
      /does not understand: what\\x1b is this\?$/,
    );
  });

  it('of nothing is nothing', () => {
    expect(parseToc(';\n; Archive created at\n;\n')).toEqual([]);
  });
});

describe('leaveOut', () => {
  const without = (objects: Parameters<typeof leaveOut>[1]): string[] => {
    const kept = new Set(leaveOut(entries, objects));
    return entries.filter((entry) => !kept.has(entry)).map(({ label }) => label.replace(/ own er$/, ''));
  };

  it('takes the comment with the index', () => {
    expect(without([index(17149), index(20529)])).toEqual([
      'INDEX my "odd" schéma ; \tdepends on: 10',
      'COMMENT my "odd" schéma INDEX "; \tdepends on: 10"',
      'INDEX my "odd" schéma Ix "x"',
      'COMMENT my "odd" schéma INDEX "Ix ""x"""',
    ]);
  });

  it('takes the comment with the constraint', () => {
    expect(without([constraint(17153)])).toEqual([
      'CHECK CONSTRAINT my "odd" schéma select chk 1',
      'COMMENT my "odd" schéma CONSTRAINT "chk 1" ON "select"',
    ]);
  });

  it('takes the attachments with a partition index, and those only', () => {
    expect(without([index(17198)])).toEqual([
      'INDEX my "odd" schéma p_v',
      'COMMENT my "odd" schéma INDEX p_v',
      'INDEX ATTACH my "odd" schéma p1_v_idx',
      'INDEX ATTACH my "odd" schéma p2_v_idx',
    ]);
  });

  it('tells catalogs apart, since an oid is unique within one only', () => {
    expect(without([{ classId: 1259, oid: 17153 }])).toEqual([]);
  });
});

describe('initialEntries', () => {
  const kept = initialEntries(entries, { indexes: [], constraints: [], keys: [], foreign: [] }).map(
    ({ label }) => label,
  );

  it('leaves the schema itself to root', () => {
    expect(kept.filter((label) => /SCHEMA -|- SCHEMA|DEFAULT ACL|^DATABASE/.test(label))).toEqual([]);
    expect(kept).toContain('ACL my "odd" schéma COLUMN "select"."a""b" own er');
  });
});
