import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { statusFields } from '../../src/results/status.js';
import { checkedJson, everything, expectSuccess } from '../harness/commands.js';
import { testPair } from '../harness/pair.js';

const RESOLVER = `import { readFile } from 'node:fs/promises';
export default async function ({ side, config, signal }) {
  return JSON.parse(await readFile(config.file, { encoding: 'utf8', signal }))[side];
}
`;

describe('a config that a resolver fetches', () => {
  it('leads to the servers, under names and passwords of all kinds, and is the config from then on', async () => {
    const pair = await testPair({ hostile: true, srcSql: 'CREATE TABLE t (id int PRIMARY KEY)' });
    await rename(pair.configPath, join(pair.dir, 'vault.json'));
    await writeFile(join(pair.dir, 'resolver.mjs'), RESOLVER);
    const folder = join(pair.dir, 'remote-configs', pair.dc, pair.db);
    await mkdir(folder, { recursive: true });
    const { schema_name, tables, sequences } = pair.config;
    const remote = { resolver_path: './resolver.mjs', resolver_config: { file: 'vault.json' } };
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...remote, schema_name, tables, sequences }));

    // The resolver reads files from the process's own folder.
    const status = await pair.belt(['status', '--json'], { ownProcess: true });
    expect(status.exitCode, status.text).toBe(0);
    checkedJson(status, statusFields, [pair]);
    expect(parse(await readFile(pair.configPath, 'utf8'))).toEqual({
      ...pair.config,
      exclude_users: [],
      exclude_patterns: [],
    });
    expect((await stat(pair.configPath)).mode & 0o777).toBe(0o600);

    const before = await everything(pair);
    expectSuccess(await pair.belt(['setup', '--dry-run']));
    expect(await everything(pair)).toEqual(before);
  });
});
