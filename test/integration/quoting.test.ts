import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { conninfo, parseConninfo } from '../../src/postgres/conninfo.js';
import { ident, literal, qualified } from '../../src/postgres/quote.js';
import { plainEnvironment } from '../../src/process/connection.js';
import { runTool } from '../../src/process/run.js';
import { findDumpTools } from '../../src/process/tools.js';
import { withSchemaArchive } from '../../src/schema/archive.js';
import { CATALOG, leaveOut } from '../../src/schema/toc.js';
import { openPair } from '../harness/open-pair.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** Whatever a name or a value holds, PostgreSQL and its tools read what belt meant: they are asked, not our own parsers. */

let pair: TestPair;

beforeAll(async () => {
  pair = await testPair({ hostile: true });
});

const SPECIAL = [
  '"',
  "'",
  '\\',
  '$$',
  '%',
  '%s',
  '\n',
  '\r',
  '\t',
  ';',
  '--',
  '/*',
  '*/',
  ' ',
  '.',
  '{',
  '}',
  '=',
  'É',
  // Spaces and ends of lines to some, not to others.
  '\u00a0',
  '\u0085',
  '\v',
  '\u2028',
  '\u2029',
  '\ufeff',
  '💥',
];
const WORDS = ['CREATE INDEX', 'NOT VALID', '; DROP TABLE x; --', "E'", 'depends on: 1 2', '\n; 1259 16384 TABLE'];

/** Text of all kinds, without NUL, which PostgreSQL cannot store, and without halves of characters. */
const text = fc
  .array(fc.oneof(fc.constantFrom(...SPECIAL, ...WORDS), fc.string({ unit: 'grapheme', maxLength: 8 })), {
    maxLength: 6,
  })
  .map((parts) => parts.join('').replaceAll('\0', ''));

/** Names as PostgreSQL keeps them: up to 63 bytes, none empty. */
const name = text
  .map((value) =>
    Array.from(value).reduce((kept, one) => (Buffer.byteLength(kept + one) <= 63 ? kept + one : kept), ''),
  )
  .filter((value) => value !== '');

it('values arrive as they are, whatever standard_conforming_strings says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 40 }), fc.boolean(), async (values, conforming) => {
      await pair.src.sql(`SET standard_conforming_strings = ${conforming ? 'on' : 'off'}`);
      const [row] = await pair.src.sql<{ all: string[] }>(
        `SELECT ARRAY[${values.map((value) => `${literal(value)}::text`).join(', ')}] AS "all"`,
      );
      expect(row?.all).toEqual(values);
    }),
    { numRuns: 40 },
  );
  await pair.src.sql('RESET standard_conforming_strings');
});

it('names arrive as they are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 30 }), async (names) => {
      const [row] = await pair.src.sql(`SELECT ${names.map((one, n) => `${String(n)} AS ${ident(one)}`).join(', ')}`);
      expect(Object.entries(row ?? {}).sort()).toEqual(names.map((one, n) => [one, n] as [string, number]).sort());
    }),
    { numRuns: 40 },
  );
});

it('libpq reads in connection strings what was put in, and so does belt', async () => {
  const { environment } = openPair(pair, undefined, process.env);
  const { dump } = await findDumpTools(environment, { source: 15, destination: 15 });
  const ascii = fc.string({
    unit: fc.constantFrom(' ', "'", '\\', '"', '=', '%', '$', ';', '#', '&', 'a', '1'),
    minLength: 1,
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(ascii, async (application_name) => {
      const config = pair.config.src;
      const info = conninfo({
        host: config?.host,
        port: Number(config?.port),
        dbname: config?.db,
        user: config?.root_user.name,
        password: config?.root_user.pw ?? '',
        application_name,
      });
      expect(parseConninfo(info)).toMatchObject({ application_name, dbname: config?.db, user: config?.root_user.name });
      const { stdout } = await runTool({
        name: 'psql',
        path: dump.path.replace(/pg_dump$/, 'psql'),
        args: ['-XAt', '-d', info, '-c', 'SHOW application_name'],
        env: plainEnvironment(environment),
        purpose: 'test',
      });
      expect(stdout).toBe(`${application_name}\n`);
    }),
    { numRuns: 25 },
  );
});

it('a dump has every object in its list, whatever the names, and what is left out takes its comment along', async () => {
  const [names = []] = fc.sample(fc.uniqueArray(name, { minLength: 40, maxLength: 40 }), 1);
  const schema = pair.names.schema;
  await pair.src.ownerSql(
    names
      .map(
        (
          one,
          n,
        ) => `CREATE TABLE ${qualified(schema, one)} (id int, ${ident(Array.from(`c ${one}`).slice(0, 10).join(''))} text);
        CREATE INDEX ${ident(`i${String(n)}`)} ON ${qualified(schema, one)} (id);
        COMMENT ON INDEX ${qualified(schema, `i${String(n)}`)} IS ${literal(one)};`,
      )
      .join('\n'),
  );
  const wanted = await pair.src.sql<{ oid: number; kind: string; name: string }>(
    `SELECT c.oid::int8::float8 AS oid, c.relkind AS kind, c.relname AS name FROM pg_class c
      WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'i')`,
    [ident(schema)],
  );
  expect(wanted).toHaveLength(2 * names.length);
  await withSchemaArchive(openPair(pair, undefined, process.env), async ({ entries }) => {
    const listed = new Set(entries.filter(({ classId }) => classId === CATALOG.pg_class).map(({ oid }) => oid));
    expect(wanted.filter(({ oid }) => !listed.has(oid))).toEqual([]);
    const indexes = wanted.filter(({ kind }) => kind === 'i').map(({ oid }) => ({ classId: CATALOG.pg_class, oid }));
    // Each index and its comment.
    expect(leaveOut(entries, indexes)).toHaveLength(entries.length - 2 * names.length);
    return Promise.resolve();
  });
});
