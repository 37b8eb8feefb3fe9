import { randomBytes } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ident, literal } from '../../src/postgres/quote.js';
import { checkConnectivityFields, CHECKS, type Check } from '../../src/results/check-connectivity.js';
import { checkedJson, everything, expectSuccess } from '../harness/commands.js';
import { expectFailure, expectNoSecret } from '../harness/expect-failure.js';
import { testPair, type TestConfig, type TestPair, type TestSideConfig } from '../harness/pair.js';

/** A person waits no longer than this, whatever a server does or does not. */
const ANSWER_MS = 20_000;

let pair: TestPair;
const servers: Server[] = [];

/** A role of replication that no other test has made. */
const freshPglogical = () => ({ name: `Pgl ${randomBytes(4).toString('hex')}`, pw: 'replication-password' });

beforeAll(async () => {
  pair = await testPair({ names: { pglogical: freshPglogical() } });
});

afterAll(() => {
  for (const server of servers) server.close();
});

/** A server of the test's own, in place of PostgreSQL. */
async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Of what a server sends, piece by piece and cut wherever TCP likes: its messages up to the first ReadyForQuery. */
function loginMessages(): (data: Buffer) => Buffer {
  let rest = Buffer.alloc(0);
  let ready = false;
  return (data) => {
    rest = Buffer.concat([rest, data]);
    let end = 0;
    // A message is its type, a length that counts itself, and the body.
    while (!ready && rest.length >= end + 5) {
      const next = end + 1 + rest.readUInt32BE(end + 1);
      if (rest.length < next) break;
      ready = rest[end] === 'Z'.charCodeAt(0);
      end = next;
    }
    const through = rest.subarray(0, end);
    rest = rest.subarray(end);
    return through;
  };
}

type Sides = TestConfig & { src: TestSideConfig; dst: TestSideConfig };

/** Runs it with the config changed: the JSON's row, and what a person sees. */
async function check(change: (config: Sides) => void, of = pair) {
  const good = structuredClone(of.config);
  change(of.config as Sides);
  await of.writeConfig();
  const { config } = of;
  try {
    const run = await of.belt(['check-connectivity', '--json']);
    const [row] = checkedJson(run, checkConnectivityFields, [of]).results;
    if (row === undefined || !('reasons' in row)) throw new Error(run.text);
    return { row, config, run };
  } finally {
    Object.assign(of.config, good);
    await of.writeConfig();
  }
}

/** The checks that are expected to fail, and why; all others must be well. */
async function expectFailures(
  change: (config: Sides) => void,
  why: Partial<Record<Check, RegExp>>,
  of = pair,
): Promise<void> {
  const { row, run } = await check(change, of);
  expect(row.failed_checks, run.text).toEqual(CHECKS.filter((name) => name in why));
  expect(row).toMatchObject(Object.fromEntries(CHECKS.map((name) => [name, !(name in why)])));
  for (const name of row.failed_checks) {
    expect(row.reasons[name], name).toMatch(why[name] ?? /never/);
    expect(row.error?.message).toContain(`\n${name}: ${row.reasons[name] ?? ''}`);
  }
  expect(row).toMatchObject({ success: false, all_ok: false, error: { error_type: 'CheckFailedError' } });
  expect(row.error?.message).toMatch(new RegExp(`^${String(row.failed_checks.length)} of 8 checks failed\n`));
}

const NOT_TRIED = (from: string) => new RegExp(`^not tried, since belt cannot ask the ${from} server`);

describe('belt check-connectivity', () => {
  it('of servers that are well says so, in a table and as JSON, and leaves nothing behind', async () => {
    const before = await everything(pair);
    const run = await pair.beltRaw(['check-connectivity', pair.dc]);
    expectSuccess(run);
    expect(run.stdout).toMatch(/^shop(?: +ok){8}$/m);
    const { row } = await check(() => undefined);
    expect(row).toEqual({
      db: 'shop',
      success: true,
      error: null,
      steps: [],
      ...Object.fromEntries(CHECKS.map((name) => [name, true])),
      all_ok: true,
      failed_checks: [],
      reasons: {},
    });
    expect(await everything(pair)).toEqual(before);
    expect(await pair.src.sql("SELECT FROM pg_extension WHERE extname = 'dblink'")).toEqual([]);
  });

  it('takes any name and password', async () => {
    const hostile = await testPair({ hostile: true });
    const { row } = await check(() => undefined, hostile);
    expect(row.failed_checks).toEqual([]);
  });

  it('uses the dblink that is there, in whatever schema', async () => {
    await pair.src.sql('CREATE SCHEMA "Odd ""Tools"""; CREATE EXTENSION dblink SCHEMA "Odd ""Tools"""');
    const before = await everything(pair);
    const { row } = await check(() => undefined);
    expect(row.failed_checks).toEqual([]);
    expect(await everything(pair)).toEqual(before);
    await pair.src.sql('DROP SCHEMA "Odd ""Tools""" CASCADE');
  });

  it('no password gets into the log of a server that logs every statement and its parameters', async () => {
    const logged = await testPair({ hostile: true });
    const settings = { log_statement: 'all', log_min_duration_statement: '0', log_parameter_max_length_on_error: '-1' };
    for (const [name, value] of Object.entries(settings)) {
      for (const side of [logged.src, logged.dst]) {
        await side.sql(`ALTER DATABASE ${ident(logged.names.database)} SET ${name} = ${literal(value)}`);
      }
    }
    await check(() => undefined, logged);
    await check((bad) => {
      // Both fail in the statement that carries the connection string.
      for (const side of [bad.src, bad.dst])
        side.owner_user = { ...side.owner_user, pw: `wrong ${side.owner_user.pw}` };
    }, logged);
    const logs = `${await logged.src.server.log()}${await logged.dst.server.log()}`;
    expect(logs).toContain('BEGIN');
    expect(logs).toMatch(/"dblink"\(\$1, 'SELECT 1'\)/);
    expectNoSecret(logs, logged.config);
    expect(logs).not.toContain(logged.names.owner.pw.replaceAll('\\', '\\\\').replaceAll("'", "\\'"));
    // PostgreSQL doubles the quotes of parameters that it logs.
    expect(logs).not.toContain(logged.names.owner.pw.replaceAll('\\', '\\\\').replaceAll("'", "\\''"));
  });
});

describe('what fails, and why', () => {
  it('a port that is closed: all that needs it, and nothing else', async () => {
    const closed =
      /^cannot connect to the destination (server|database ".*") at .*:1( as user ".*")?: the port is closed/;
    const change = (bad: Sides): void => {
      Object.assign(bad.dst, { port: 1, peer_port: 1 });
    };
    await expectFailures(change, {
      src_to_dst_dblink: /^the source server cannot connect to the destination database ".*" at .*:1 as user "Owner_/,
      dst_tcp: closed,
      dst_query: closed,
      dst_owner_query: closed,
      dst_to_src_dblink: NOT_TRIED('destination'),
    });
  });

  it('the same for a person: each check with its reason, what to do, the columns that are well', async () => {
    const config = structuredClone(pair.config);
    if (pair.config.src !== null) Object.assign(pair.config.src, { port: 1, peer_port: 1 });
    await pair.writeConfig();
    const run = await pair.beltRaw(['check-connectivity', pair.dc]);
    Object.assign(pair.config, config);
    await pair.writeConfig();
    expectFailure(run, {
      config: pair.config,
      says: [
        /^error: 5 of 8 checks failed\n {2}src_tcp: cannot connect to the source server at .*:1: the port is closed/,
        /Check "src\.host" and "src\.port"/,
        /set "src\.peer_host" and "src\.peer_port"/,
      ],
    });
    expect(run.stdout).toMatch(/^shop +failed +failed +failed +failed +ok +ok +ok +failed$/m);
  });

  it('both sides at once', async () => {
    const { row } = await check((bad) => {
      for (const side of [bad.src, bad.dst]) Object.assign(side, { port: 1, peer_port: 1 });
    });
    expect(row.failed_checks).toEqual([...CHECKS]);
  });

  it('an address that only belt can use', async () => {
    await expectFailures((bad) => Object.assign(bad.dst, { peer_host: 'no-such-host.invalid', peer_port: 1 }), {
      src_to_dst_dblink:
        /^the source server cannot connect to the destination database ".*" at no-such-host\.invalid:1 as user "Owner_.*: .*no-such-host\.invalid/,
    });
  });

  it('a host name that is unknown', async () => {
    const unknown = /at no-such-host\.invalid:\d+.*: the host name (is unknown|could not be looked up)/;
    await expectFailures(
      (bad) => Object.assign(bad.src, { peer_host: bad.src.peer_host ?? bad.src.host, host: 'no-such-host.invalid' }),
      { src_tcp: unknown, src_query: unknown, src_owner_query: unknown, src_to_dst_dblink: NOT_TRIED('source') },
    );
  });

  it('a wrong password of root', async () => {
    await expectFailures((bad) => (bad.src.root_user = { ...bad.src.root_user, pw: 'not-the-password' }), {
      src_query: /^cannot connect to the source database ".*" at .* as user ".*": the password is wrong/,
      src_to_dst_dblink: NOT_TRIED('source'),
    });
  });

  it('a wrong password of the owner, whom the other server cannot log in then either', async () => {
    await expectFailures((bad) => (bad.dst.owner_user = { ...bad.dst.owner_user, pw: 'not-the-password' }), {
      src_to_dst_dblink: /as user "Owner_.*": .*password/,
      dst_owner_query: /as user "Owner_.*": the password is wrong/,
    });
  });

  it('a database that is not there', async () => {
    const gone = /^cannot connect to the source database "No Such" at .*: database "No Such" does not exist/;
    await expectFailures((bad) => (bad.src.db = 'No Such'), {
      src_query: gone,
      src_owner_query: gone,
      src_to_dst_dblink: NOT_TRIED('source'),
      dst_to_src_dblink: /^the destination server cannot connect to the source database "No Such" at .*"No Such"/,
    });
  });

  it('an owner without LOGIN', async () => {
    const { owner } = pair.names;
    await pair.dst.sql(`ALTER ROLE ${ident(owner.name)} NOLOGIN`);
    await expectFailures(() => undefined, {
      src_to_dst_dblink: /as user "Owner_.*": .*Owner_/,
      dst_owner_query: /as user "Owner_.*": the server does not let this user in/,
    });
    await pair.dst.sql(`ALTER ROLE ${ident(owner.name)} LOGIN`);
  });

  it('not the way between the servers, where the role of replication can go it', async () => {
    const { pglogical } = pair.names;
    await pair.dst.sql(`CREATE ROLE ${ident(pglogical.name)} LOGIN PASSWORD ${literal(pglogical.pw)}`);
    await expectFailures((bad) => (bad.dst.owner_user = { ...bad.dst.owner_user, pw: 'not-the-password' }), {
      dst_owner_query: /the password is wrong/,
    });
    await pair.dst.sql(`DROP ROLE ${ident(pglogical.name)}`);
  });

  it('a root that may not make dblink', async () => {
    const weak = { name: `Weak ${randomBytes(4).toString('hex')}`, pw: 'weak-password' };
    await pair.src.sql(`CREATE ROLE ${ident(weak.name)} LOGIN PASSWORD ${literal(weak.pw)}`);
    await expectFailures((bad) => (bad.src.root_user = weak), {
      src_to_dst_dblink: /^source database ".*": permission denied/,
    });
    await pair.src.sql(`DROP ROLE ${ident(weak.name)}`);
  });

  it('a server that accepts and never answers', async () => {
    const port = await listen(createServer((socket) => socket.on('error', () => undefined)));
    const { row, run } = await check((bad) => {
      Object.assign(bad.dst, { host: '127.0.0.1', port, peer_host: '127.0.0.1', peer_port: port });
    });
    expect(row).toMatchObject({ src_query: true, src_owner_query: true, dst_tcp: true });
    expect(row.failed_checks).toEqual(['src_to_dst_dblink', 'dst_query', 'dst_owner_query', 'dst_to_src_dblink']);
    expect(row.reasons.dst_query).toMatch(/no answer in (time|10 seconds)/);
    expect(run.durationMs).toBeLessThan(ANSWER_MS);
  });

  it('a server that falls silent after the login', async () => {
    const side = pair.config.dst as TestSideConfig;
    const port = await listen(
      createServer((client) => {
        const server = connect(Number(side.port), side.host);
        client.on('error', () => undefined).on('close', () => server.destroy());
        // Not even that the server ends the session is passed on.
        server.on('error', () => undefined);
        client.pipe(server);
        const upToReady = loginMessages();
        server.on('data', (data) => client.write(upToReady(data)));
      }),
    );
    const silent = (bad: Sides): void => {
      const peer = { peer_host: side.peer_host ?? side.host, peer_port: side.peer_port ?? Number(side.port) };
      Object.assign(bad.dst, { ...peer, host: '127.0.0.1', port, sslmode: 'disable' });
    };
    const { row, run } = await check(silent);
    expect(row.failed_checks).toEqual(['dst_query', 'dst_owner_query', 'dst_to_src_dblink']);
    expect(row.reasons.dst_query).toMatch(/no answer in (time|10 seconds)/);
    expect(run.durationMs).toBeLessThan(ANSWER_MS);
  });
});
