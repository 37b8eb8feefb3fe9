import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfigFault } from '../../../src/config/faults.js';
import { parseConfig } from '../../../src/config/parse.js';
import type { ParsedConfig } from '../../../src/config/resolve.js';
import { ConfigError } from '../../../src/errors.js';
import { configText, quickstart, side } from './texts.js';

const file = 'configs/dc1/db1/config.json';

function parse(text: string, variables: Record<string, string> = {}, dc = 'dc1', db = 'db1'): ParsedConfig {
  return parseConfig(text, { file, dc, db, variables });
}

function failure(text: string, variables: Record<string, string> = {}): ConfigError {
  try {
    parse(text, variables);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the config was taken');
}

const faults = (text: string): readonly ConfigFault[] => failure(text).detail?.['faults'] as ConfigFault[];
const said = (text: string): string[] => faults(text).map(({ path, message }) => `${path}: ${message}`);

describe('a config without fault', () => {
  it('is read as the quickstart writes it, comments and ports in quotes included', () => {
    const { config, plainPasswords } = parse(quickstart, {}, 'testdatacenter1', 'database1');
    expect(config).toEqual({
      db: 'database1',
      dc: 'testdatacenter1',
      schema_name: 'public',
      src: {
        host: 'database1src.example.com',
        ip: '192.0.2.10',
        db: 'internal1src',
        port: 5432,
        root_user: { name: 'root', pw: 'root-pässword "1"' },
        owner_user: { name: 'owner', pw: 'owner-password' },
        pglogical_user: { name: 'pglogical', pw: 'fR3kq09xTTbvLs2P' },
        other_users: null,
        sslmode: 'prefer',
      },
      dst: {
        host: 'database1dst.example.com',
        ip: '192.0.2.11',
        db: 'internal1dst',
        port: 5433,
        root_user: { name: 'root', pw: 'root-password' },
        owner_user: { name: 'owner', pw: 'owner-password' },
        pglogical_user: { name: 'pglogical', pw: 'Zu5aLq3Wn10TrrXe' },
        other_users: null,
        sslmode: 'prefer',
      },
      tables: [],
      sequences: [],
      exclude_users: [],
      exclude_patterns: [],
    });
    expect(plainPasswords).toBe(true);
  });

  it('takes null and "" for what may be left out', () => {
    const nulls = { ip: '', sslmode: null, sslrootcert: null, peer_host: '', peer_port: null, other_users: null };
    const lists = { tables: null, sequences: null, exclude_users: null, exclude_patterns: null, schema_name: null };
    expect(parse(configText({ ...lists, src: side(nulls) })).config).toEqual(parse(configText()).config);
  });

  it('keeps what is given', () => {
    const given = { sslmode: 'verify-full', sslrootcert: '/ca.pem', peer_host: 'p', peer_port: '65535', ip: '::1' };
    const users = [{ name: 'a"b', pw: null }, { name: 'c' }, { name: 'd', pw: 'x' }];
    const text = configText({
      $schema: '../../s.json',
      schema_name: 'my "odd" schéma',
      src: null,
      dst: side({ ...given, other_users: users }),
      tables: ["x'; DROP TABLE y; --", '<odd>'],
      exclude_patterns: ['svc_%'],
    });
    const { config } = parse(text);
    expect(config.dst).toMatchObject({
      ...given,
      peer_port: 65535,
      other_users: [
        { name: 'a"b', pw: null },
        { name: 'c', pw: null },
        { name: 'd', pw: 'x' },
      ],
    });
    expect(config).toMatchObject({
      $schema: '../../s.json',
      schema_name: 'my "odd" schéma',
      src: null,
      tables: ["x'; DROP TABLE y; --", '<odd>'],
      exclude_patterns: ['svc_%'],
    });
  });

  it('takes passwords from the variables that are handed in', () => {
    const env = (name: string) => ({ name: 'r', pw: { env: name } });
    const users = { root_user: env('A'), owner_user: env('B'), pglogical_user: env('A') };
    const { config, plainPasswords } = parse(configText({ src: side(users) }), { A: 'one', B: 't"w\\o' });
    expect([config.src?.root_user.pw, config.src?.owner_user.pw]).toEqual(['one', 't"w\\o']);
    expect(plainPasswords).toBe(false);
  });

  it('may have a byte order mark, CRLF, block comments and trailing commas', () => {
    const text = `\uFEFF${configText()
      .replaceAll('\n', '\r\n')
      .replace(/\}\s*$/, ',}')}/* end */`;
    expect(parse(text).config).toEqual(parse(configText()).config);
  });
});

describe('faults', () => {
  it('are told all at once, in the order of the file, with line and column', () => {
    const text = `{
  "db": "other",
  "dc": "dc1",
  "src": {
    "hots": "h", // hots
    "ip": "<###.###.###.###>",
    "db": "<internaldbname>",
    "port": "abc",
    "root_user": { "name": "root", "pw": "<root-password>" },
    "owner_user": { "name": "", "pw": 12345 },
    "pglogical_user": { "name": "pglogical", "pw": { "env": "NOT_THERE" } },
    "other_users": "nobody"
  },
  "tables": "all",
}`;
    const error = failure(text);
    expect(error.message).toBe(
      [
        `${file}:1:1  dst: is missing; it wants an object with host, port, db and users, or null`,
        `${file}:2:9  db: wants the folder's name, "db1", not "other"`,
        `${file}:4:10  src.host: is missing; it wants the name or address of the server`,
        `${file}:5:5  src.hots: is not known; did you mean "host"?`,
        `${file}:6:11  src.ip: still is the placeholder "<###.###.###.###>"; fill it in`,
        `${file}:7:11  src.db: still is the placeholder "<internaldbname>"; fill it in`,
        `${file}:8:13  src.port: wants a port number from 1 to 65535, not "abc"`,
        `${file}:9:42  src.root_user.pw: still is a placeholder; fill in the password (one that really is like this: by {"env": "NAME"})`,
        `${file}:10:29  src.owner_user.name: wants a role's name; it is empty`,
        `${file}:10:39  src.owner_user.pw: wants a password in quotes, or {"env": "NAME"} to take it from the environment variable NAME, not a number`,
        `${file}:11:61  src.pglogical_user.pw.env: the environment variable NOT_THERE is not set`,
        `${file}:12:20  src.other_users: wants a list of {"name": ..., "pw": null}, or null, not a text`,
        `${file}:14:13  tables: wants a list of names, such as ["first", "second"], not a text`,
      ].join('\n'),
    );
    expect(error.exitCode).toBe(2);
    expect(faults(text)[6]).toEqual({
      path: 'src.port',
      line: 8,
      column: 13,
      message: 'wants a port number from 1 to 65535, not "abc"',
    });
  });

  it.each([
    ['abc', '"abc"'],
    ['0', '"0"'],
    ['65536', '"65536"'],
    [' 5432', '" 5432"'],
    ['5432x', '"5432x"'],
    ['', '""'],
    [0, '0'],
    [65536, '65536'],
    [-1, '-1'],
    [54.5, '54.5'],
    [1e300, '1e+300'],
    [true, 'true'],
    [null, 'null'],
    [[5432], 'a list'],
    [{ port: 1 }, 'an object'],
  ])('port %j is refused in words', (port, words) => {
    expect(said(configText({ src: side({ port }) }))).toEqual([
      `src.port: wants a port number from 1 to 65535, not ${words}`,
    ]);
  });

  it.each(['1', '80', '5432', '9999', '10000', '59999', '64999', '65499', '65529', '65535', 1, 65535])(
    'port %j is taken',
    (port) => {
      expect(parse(configText({ src: side({ port, peer_port: port }) })).config.src?.port).toBe(Number(port));
    },
  );

  it('name the nearest key for one that is not known, at every depth', () => {
    const text = configText({
      tabels: [],
      zzzz: 1,
      src: side({
        sslMode: 'x',
        root_user: { name: 'r', pw: 'x', password: 'hunter2' },
        owner_user: { nam: 'o', pw: 'x' },
      }),
      dst: side({ other_users: [{ name: 'x', pv: null }], pglogical_user: { name: 'p', pw: { envv: 'X' } } }),
    });
    expect(said(text).sort()).toEqual([
      'dst.other_users[0].pv: is not known; did you mean "pw"?',
      'dst.pglogical_user.pw.env: is missing; it wants the name of an environment variable',
      'dst.pglogical_user.pw.envv: is not known; did you mean "env"?',
      'src.owner_user.nam: is not known; did you mean "name"?',
      "src.owner_user.name: is missing; it wants a role's name",
      'src.root_user.password: is not known; known here are name, pw',
      'src.sslMode: is not known; did you mean "sslmode"?',
      'tabels: is not known; did you mean "tables"?',
      'zzzz: is not known; known here are $schema, db, dc, schema_name, src, dst, tables, sequences, exclude_users, exclude_patterns',
    ]);
  });

  it.each([
    [{ src: 'x' }, 'src: wants an object with host, port, db and users, or null, not a text'],
    [{ src: [] }, 'src: wants an object with host, port, db and users, or null, not a list'],
    [
      { src: side({ sslmode: 'on' }) },
      'src.sslmode: wants one of "disable", "allow", "prefer", "require", "verify-ca", "verify-full", not "on"',
    ],
    [{ src: side({ host: '' }) }, 'src.host: wants the name or address of the server; it is empty'],
    [{ src: side({ host: 5 }) }, 'src.host: wants the name or address of the server, not a number'],
    [{ src: side({ db: true }) }, 'src.db: wants the name of the database on the server, not true or false'],
    [{ src: side({ root_user: 'root:hunter2' }) }, 'src.root_user: wants {"name": ..., "pw": ...}, not a text'],
    [{ tables: ['a', 7] }, 'tables[1]: wants the name of a table, not a number'],
    [{ sequences: [''] }, 'sequences[0]: wants the name of a sequence; it is empty'],
    [{ exclude_users: [null] }, 'exclude_users[0]: wants the name of a role, not null'],
    [{ exclude_patterns: 'svc_%' }, 'exclude_patterns: wants a list of LIKE patterns, such as ["svc_%"], not a text'],
    [{ schema_name: 7 }, 'schema_name: wants the name of a schema, a list of names, or "*" for all, not a number'],
    [{ schema_name: [] }, 'schema_name: is an empty list: name the schemas that move, or write "*" for all'],
    [{ schema_name: ['a', ''] }, 'schema_name[1]: wants the name of a schema; it is empty'],
    [{ schema_name: ['a', 7] }, 'schema_name[1]: wants the name of a schema, not a number'],
    [{ schema_name: ['a', 'A', 'a'] }, 'schema_name[2]: names "a" a second time'],
    [
      { schema_name: ['a', '*'] },
      'schema_name[1]: stands in a list; for all schemas write "schema_name": "*", without a list',
    ],
    ...['pg_catalog', 'information_schema', 'pglogical', 'belt'].flatMap(
      (name): [Record<string, unknown>, string][] => {
        const words = `names "${name}", a schema of PostgreSQL, pglogical or belt itself: it never moves`;
        return [
          [{ schema_name: name }, `schema_name: ${words}`],
          [{ schema_name: ['a', name] }, `schema_name[1]: ${words}`],
        ];
      },
    ),
    [{ db: 'Db1' }, `db: wants the folder's name, "db1", not "Db1"`],
    [{ dc: '<dc>' }, 'dc: still is the placeholder "<dc>"; fill it in'],
    [{ src: side({ port: '<####>' }) }, 'src.port: still is the placeholder "<####>"; fill it in'],
  ])('%j: said in words', (changes, words) => {
    expect(said(configText(changes))).toEqual([words]);
  });

  it.each(['[]', '7', '"x"', 'null', 'true'])('%s is not a config', (text) => {
    expect(said(text)).toHaveLength(1);
    expect(said(text)[0]).toMatch(/^: wants an object with db, dc, src and dst, not /);
  });

  it('say when a variable is set but empty', () => {
    const text = configText({ src: side({ root_user: { name: 'r', pw: { env: 'EMPTY' } } }) });
    expect(failure(text, { EMPTY: '' }).message).toContain('the environment variable EMPTY is empty');
  });

  it('never show a password, wherever it was put', () => {
    const secret = 'hunter2';
    const texts = [
      configText({ src: side({ root_user: secret, owner_user: { name: 'x', pw: [secret] }, other_users: secret }) }),
      configText({
        src: side({ root_user: { name: [secret], pw: { env: [secret] } }, host: [secret], password: secret }),
      }),
      configText({
        src: secret,
        tables: secret,
        dst: side({ other_users: [{ name: 'x', pw: { x: secret } }, secret] }),
      }),
      configText().replace('"root-secret"', `"${secret}`),
      configText().replace('"root-secret"', secret),
      configText().replace('"root-secret"', `"<${secret}>"`),
    ];
    for (const text of texts) {
      const error = failure(text);
      expect(JSON.stringify([error.message, error.hint, error.detail, error.cause])).not.toContain(secret);
    }
  });
});

describe('faults of syntax', () => {
  it.each([
    ['', '1:1  the file is empty'],
    [' \n', '1:1  the file is empty'],
    ['// only a comment', '1:18  the file ends here, too early'],
    ['{ "db": "db1"\n "dc": "dc1" }', '2:2  dc: wants a comma before this'],
    ['{ "db": db1 }', '1:9  db: is not a JSON value; text must stand in double quotes'],
    ['{ "db": "db1",\n  "dc":', '2:8  dc: the file ends here, too early'],
    ["{ 'db': 1 }", '1:3  is not a JSON value; text must stand in double quotes'],
    ['{ "db": "db1', '1:9  db: wants a closing double quote'],
    ['{ "db": "a\\b\\q" }', '1:9  db: has a backslash that JSON does not know; write \\\\ for a backslash'],
    ['{ "db": "db1", "src": null, "dst": null, "dc": "dc1" } {}', '1:56  stands after the end of the config'],
    ['{ "db": "db1", "src": null, "dst": null, "dc": "dc1" /* x }', '1:54  dc: this comment is not closed by */'],
    [
      '{ "db": "db1",\n "db": "db1", "dc": "dc1", "src": null, "dst": null }',
      '2:2  db: stands here a second time; keep one',
    ],
  ])('%j', (text, words) => {
    const lines = failure(text).message.split('\n');
    expect(lines[0]).toBe(`${file}:${words}`);
    expect(lines.filter((line) => line.includes('is missing'))).toEqual([]);
  });

  it('do not hide the others', () => {
    const text = configText({ src: side({ port: 'abc', sslmod: 'x' }) }).replace(
      '"host": "db.example.com",',
      '"host": "h"',
    );
    expect(said(text)).toEqual([
      'src.db: wants a comma before this',
      'src.port: wants a port number from 1 to 65535, not "abc"',
      'src.sslmod: is not known; did you mean "sslmode"?',
    ]);
  });
});

describe('any text', () => {
  const mutations = fc.array(
    fc.tuple(
      fc.nat(quickstart.length),
      fc.nat(40),
      fc.constantFrom('', '{', '}', '"', ',', '[', ']', ':', '/*', '//', '\\', '\n', '7', 'null', '\u0000'),
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  );

  it('is either a config, or is refused in words with places that are in it', () => {
    fc.assert(
      fc.property(mutations, (changes) => {
        const text = changes.reduce((old, [at, cut, put]) => old.slice(0, at) + put + old.slice(at + cut), quickstart);
        try {
          parse(text, {}, 'testdatacenter1', 'database1');
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          const found = (error as ConfigError).detail?.['faults'] as ConfigFault[];
          expect(found.length).toBeGreaterThan(0);
          const lines = text.split('\n');
          for (const { line, column, message } of found) {
            expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
            expect(message).not.toMatch(/undefined|Invalid input|Expected/);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });
});
