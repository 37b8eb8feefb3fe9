import { expect, it } from 'vitest';
import type { Facts } from '../../src/precheck/facts.js';
import { KINDS } from '../../src/precheck/kinds/index.js';
import type { Finding } from '../../src/results/precheck.js';

/** Servers that no test starts: what precheck says of their settings, versions and pglogical. */

const SERVER = {
  server_version: '15.18',
  max_replication_slots: 20,
  max_worker_processes: 20,
  max_wal_senders: 20,
  wal_level: 'logical',
  shared_preload_libraries: ['pglogical', 'pg_stat_statements'],
  rds_logical_replication: null,
  output_plugin_libraries: null,
  encoding: 'UTF8',
  pglogical_version: '2.4.5',
  node: null,
  system_identifier: 'one',
};

const OWNER = { rolname: 'owner', rolcanlogin: true, can_create: true };

interface Changes {
  readonly major?: number;
  /** Null when there is no such role. */
  readonly owner?: object | null;
  readonly server?: object;
}

function facts(src: Changes, dst: Changes): Facts {
  const side = (name: 'src' | 'dst', { major = 15, server = {}, owner = {} }: Changes) => ({
    side: {
      name,
      config: {
        db: 'shop',
        root_user: { name: 'root' },
        owner_user: { name: 'owner' },
        pglogical_user: { name: 'pglogical' },
      },
    },
    session: { major },
    server: { ...SERVER, system_identifier: name, ...server },
    owner: owner === null ? null : { ...OWNER, ...owner },
    schemasMissing: [],
  });
  return { src: side('src', src), dst: side('dst', dst), tools: [] } as unknown as Facts;
}

/** `severity side object` of what a kind finds. */
async function found(
  code: Finding['code'],
  src: Changes,
  dst: Changes,
  answers: { src?: object[]; dst?: object[] } = {},
): Promise<string[]> {
  const kind = KINDS.find((one) => one.code === code);
  if (kind === undefined) throw new Error(`there is no kind ${code}`);
  const some = await kind.judge(facts(src, dst), { src: [], dst: [], ...answers } as never);
  return some.map(({ severity = kind.severity, side, object }) => `${severity} ${side} ${object}`);
}

const server = (settings: object): Changes => ({ server: settings });

it.each<[code: string, src: Changes, dst: Changes, expected: string[]]>([
  [
    'wal-level',
    server({ wal_level: 'replica' }),
    server({ wal_level: 'minimal' }),
    ['fail src wal_level', 'fail dst wal_level'],
  ],
  [
    'setting-below-least',
    server({ max_wal_senders: 19 }),
    server({ max_replication_slots: 5 }),
    ['fail src max_wal_senders', 'fail dst max_replication_slots'],
  ],
  [
    'pglogical-not-loaded',
    server({ shared_preload_libraries: [] }),
    server({ shared_preload_libraries: null }),
    ['fail src shared_preload_libraries'],
  ],
  [
    'pg-stat-statements-not-loaded',
    {},
    server({ shared_preload_libraries: ['pglogical'] }),
    ['fail dst shared_preload_libraries'],
  ],
  [
    'rds-logical-replication',
    server({ rds_logical_replication: 'off' }),
    server({ rds_logical_replication: 'on' }),
    ['fail src rds.logical_replication'],
  ],
  [
    'output-plugin-libraries',
    server({ output_plugin_libraries: 'pgoutput' }),
    server({ output_plugin_libraries: 'pglogical_output' }),
    ['note src output_plugin_libraries'],
  ],
  ['pglogical-missing', {}, server({ pglogical_version: null }), ['fail dst pglogical']],
  ['pglogical-too-old', { major: 17 }, server({ pglogical_version: '2.4.2' }), ['note dst pglogical 2.4.2']],
  ['pglogical-too-old', { major: 16 }, server({ pglogical_version: '2.4.2' }), []],
  ['back-slot-by-belt', server({ pglogical_version: '2.4.4' }), { major: 17 }, ['note src pglogical 2.4.4']],
  ['back-slot-by-belt', server({ pglogical_version: '2.4.5' }), { major: 17 }, []],
  [
    'drop-database-hangs',
    server({ pglogical_version: '2.4.2' }),
    server({ pglogical_version: '2.4.3' }),
    ['note src pglogical 2.4.2'],
  ],
  ['other-node', server({ node: 'strange' }), server({ node: 'pg2' }), ['fail src node strange']],
  ['same-database', server({ system_identifier: 'x' }), server({ system_identifier: 'x' }), ['fail dst host']],
  ['encoding-differs', {}, server({ encoding: 'LATIN1' }), ['fail dst server_encoding']],
  ['server-older', { major: 17 }, { major: 15 }, ['warn dst server version']],
  ['server-too-old', { major: 12 }, {}, ['fail src server version']],
  ['owner-missing', { owner: null }, { owner: null }, ['fail src role owner', 'fail dst role owner']],
  [
    'owner-no-login',
    { owner: { rolcanlogin: false } },
    { owner: { rolcanlogin: false } },
    ['note src role owner', 'fail dst role owner'],
  ],
  ['owner-may-not-create', {}, { owner: { can_create: false } }, ['note dst role owner']],
  ['tables-not-split', { major: 13 }, { major: 13 }, ['note src server version']],
])('%s', async (code, src, dst, expected) => {
  expect(await found(code, src, dst)).toEqual(expected);
  expect(await found(code, {}, {})).toEqual([]);
});

it('names a destination that lets root do too little, and servers that are full or busy', async () => {
  expect(await found('replica-role-refused', {}, {}, { dst: [{ may: false }] })).toEqual(['fail dst role root']);
  expect(await found('replica-role-refused', {}, {}, { dst: [{ may: true }] })).toEqual([]);
  const connections = { src: [{ max: 100, free: 9 }], dst: [{ max: 100, free: 10 }] };
  expect(await found('connections-short', {}, {}, connections)).toEqual(['warn src max_connections']);
  const called = { src: [{ function: 'shop.f(text)', schema: 'shop', by: ['index i'] }] };
  expect(await found('search-path-of-maintenance', {}, { major: 17 }, called)).toEqual([
    'warn src function shop.f(text)',
  ]);
  expect(await found('search-path-of-maintenance', { major: 17 }, { major: 16 }, called)).toEqual([]);
  const money = { src: [{ columns: ['shop.t.price'] }] };
  expect(await found('money-by-locale', {}, { major: 17 }, money)).toEqual(['warn dst lc_monetary']);
  expect(await found('money-by-locale', {}, {}, money)).toEqual([]);
  const open = { src: [{ pid: 7, username: 'app', database: null, seconds: 90 }] };
  expect(await found('open-transaction', {}, {}, open)).toEqual(['warn src session 7']);
});

const sorts = (version: string | null, more: object = {}) => ({
  ...{ provider: 'libc', collate: 'en_US.UTF-8', ctype: 'en_US.UTF-8', version, indexes: 0, partitioned: [], ...more },
});

it.each([
  ['the same version', sorts('2.36', { indexes: 3 }), sorts('2.36'), []],
  ['another version, and nothing that is sorted by it', sorts('2.36'), sorts('2.41'), []],
  ['a server that knows no versions', sorts(null, { indexes: 3 }), sorts('2.41'), []],
  ['indexes', sorts('2.36', { indexes: 3 }), sorts('2.41'), ['note dst collation libc en_US.UTF-8']],
  ['partitions', sorts('2.36', { partitioned: ['"by name"'] }), sorts('2.41'), ['warn dst collation libc en_US.UTF-8']],
  // That is more than another version: collation-differs says it.
  ['another collation', sorts('2.36', { indexes: 3 }), sorts('2.41', { collate: 'C' }), []],
])('collation-version: %s', async (_, src, dst, expected) => {
  expect(await found('collation-version', {}, {}, { src: [src], dst: [dst] })).toEqual(expected);
});
