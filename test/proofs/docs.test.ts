import { cp, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileBlocks, readDocuments, runnableSeries, unrunBlocks } from '../docs/blocks.js';
import { replicate } from '../harness/commands.js';
import { must } from '../harness/migration.js';
import type { TestPair } from '../harness/pair.js';
import { documentedPair, type } from '../harness/typing.js';

/** Everything that the documents tell to type is typed, word for word, in the state that they are about. */

/** How to come to the states that the documents name. */
const STATES: Readonly<Record<string, (pair: TestPair) => Promise<void>>> = {
  /** A project folder without configs. */
  empty: (pair) => rename(join(pair.dir, 'configs'), join(pair.dir, 'put away')),
  /** A project whose config a resolver will fetch: the document shows the files, but for what the resolver asks. */
  remote: async (pair) => {
    await rename(join(pair.dir, 'configs'), join(pair.dir, 'put away'));
    for (const { name, content } of fileBlocks(documents.get('docs/resolvers.md') ?? '')) {
      await mkdir(dirname(join(pair.dir, name)), { recursive: true });
      await writeFile(join(pair.dir, name), content);
    }
    const { dc, db, config } = pair;
    const { src, dst } = config;
    await writeFile(join(pair.dir, 'inventory.json'), JSON.stringify({ [dc]: { [db]: { src, dst } } }));
  },
  /** The example's folder, with these servers in the files that stand for AWS. */
  'aws-resolver': async (pair) => {
    await rename(join(pair.dir, 'configs'), join(pair.dir, 'put away'));
    await cp(new URL('../../docs/examples/aws-resolver', import.meta.url), pair.dir, { recursive: true });
    const sides = [['shop-old', pair.config.src] as const, ['shop-new', pair.config.dst] as const];
    const instances = sides.map(([id, side]) => ({
      DBInstanceIdentifier: id,
      DBInstanceStatus: 'available',
      Endpoint: { Address: side?.host, Port: side?.port },
    }));
    const secrets = sides.flatMap(([id, side]) =>
      (['root', 'owner', 'pglogical'] as const).map((role) => {
        const user = side?.[`${role}_user`];
        return [`${id}/${role}`, { username: user?.name, password: user?.pw, dbname: side?.db }] as const;
      }),
    );
    await writeFile(join(pair.dir, 'aws/instances.json'), JSON.stringify({ DBInstances: instances }));
    await writeFile(join(pair.dir, 'aws/secrets.json'), JSON.stringify(Object.fromEntries(secrets)));
  },
  fresh: () => Promise.resolve(),
  replicating: (pair) => replicate(pair),
  'logins-revoked': async (pair) => {
    await replicate(pair, 'both');
    await must(pair, ['revoke-logins', '--disconnect']);
  },
  'cut-over': async (pair) => {
    await replicate(pair, 'both');
    await must(pair, ['revoke-logins', '--disconnect']);
    await must(pair, ['teardown-forward-replication']);
    await must(pair, ['sync']);
  },
};

/** How to come from the end of one part of a series to the next one. */
const THEN: typeof STATES = {
  'as-it-is': () => Promise.resolve(),
  down: async (pair) => {
    await pair.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
  },
};

const documents = await readDocuments();
const series = [...documents].flatMap(([name, text]) =>
  runnableSeries(text).map(({ parts }) => ({ name, state: parts.map((part) => part.state).join(', then '), parts })),
);

/** What is not run here, with the reason. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'npm run demo': 'the demo is a proof of its own',
  'npm test': 'this is it',
  'npm install -g .': 'would change the machine',
};

describe('the documents', () => {
  // The longest is a whole migration.
  it.each(series)(
    '$name, from state $state',
    async ({ parts }) => {
      const pair = await documentedPair();
      for (const [place, { state, blocks }] of parts.entries()) {
        const reach = (place === 0 ? STATES : THEN)[state];
        if (reach === undefined) throw new Error(`no one knows how to come to state "${state}"`);
        expect(blocks.length).toBeGreaterThan(0);
        await reach(pair);
        for (const block of blocks) await type(pair, block);
      }
    },
    180_000,
  );

  it.each([...documents])('%s tells to type nothing that is not run', (name, text) => {
    // The examples of the commands are run by examples.test.ts.
    if (name === 'docs/commands.md') return;
    expect(unrunBlocks(text).map((block) => block.trim())).toEqual(name === 'README.md' ? Object.keys(NOT_RUN) : []);
  });
});
