import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SHOP } from '../../src/sandbox/shop.js';
import type { SandboxFacts, ServerFacts } from '../demo/sandbox.js';
import { testPair, type PairOptions, type TestDatabase, type TestPair } from './pair.js';
import { testServers } from './servers.js';

const SHOP_SQL = new URL('../../src/sandbox/shop.sql', import.meta.url);

/** A pair whose source holds the sample shop, with the shop's own roles; the destination is empty. */
export async function shopPair(options: Pick<PairOptions, 'ownProcess'> = {}): Promise<TestPair> {
  const servers = await testServers();
  for (const server of [servers.src, servers.dst]) {
    const [known] = await server.sql('postgres', 'SELECT FROM pg_roles WHERE rolname = $1', [SHOP.reports]);
    if (known === undefined) await server.sql('postgres', `CREATE ROLE ${SHOP.reports}`);
  }
  const secret = (): string => randomBytes(12).toString('hex');
  return testPair({
    ...options,
    names: {
      schema: SHOP.schema,
      owner: { name: SHOP.owner, pw: secret() },
      app: { name: SHOP.application, pw: secret() },
    },
    makeSchema: false,
    srcSql: await readFile(SHOP_SQL, 'utf8'),
  });
}

/** What the shop's application wants to know of the pair. */
export function shopFacts({ src, dst, names }: TestPair): SandboxFacts {
  const place = ({ server: { info } }: TestDatabase): ServerFacts => ({
    host: info.host,
    port: info.port,
    database: names.database,
    superuser: { name: info.superuser, password: info.password },
    bindir: '',
  });
  return {
    schema: names.schema,
    application: { name: names.app.name, password: names.app.pw },
    servers: { source: place(src), destination: place(dst) },
  };
}
