import { beforeAll, describe, expect, it } from 'vitest';
import type { PairCommandSpec } from '../../src/commands/define.js';
import { registry } from '../../src/registry.js';
import { checkedJson, everything, neededOptions, ORDERS } from '../harness/commands.js';
import { expectFailure } from '../harness/expect-failure.js';
import { testPair, type TestPair } from '../harness/pair.js';

/** A person waits no longer than this for a port that is closed. */
const ANSWER_MS = 15_000;

const SIDES = { src: ['src'], dst: ['dst'], both: ['src', 'dst'] } as const;
const WORDS = { src: 'source', dst: 'destination' } as const;

/** Every command there is, with each side that it needs. */
const CASES = registry.flatMap((spec) =>
  spec.kind === 'pairs' ? SIDES[spec.needs].map((side) => [spec.name, WORDS[side], side, spec] as const) : [],
);

let pair: TestPair;
/** The same servers, but for one side's port. */
let closed: Record<'src' | 'dst', TestPair>;
let before: unknown;

beforeAll(async () => {
  pair = await testPair({ srcSql: ORDERS });
  const without = (side: 'src' | 'dst') =>
    testPair({
      project: pair.dir,
      db: `no-${side}`,
      config: (config) => {
        const { src, dst } = structuredClone(pair.config);
        Object.assign(config, { src, dst });
        Object.assign(config[side] ?? {}, { port: 1, peer_port: 1 });
      },
    });
  closed = { src: await without('src'), dst: await without('dst') };
  before = await everything(pair);
});

describe.each(CASES)('belt %s with the port of the %s closed', (name, word, side, spec: PairCommandSpec) => {
  it('says so soon, in words or in JSON that is as its schema says, and changes nothing', async () => {
    const { config, ...rest } = closed[side];
    const args = [name, rest.dc, rest.db, ...neededOptions(name)];
    const run = await pair.beltRaw(side === 'src' ? args : [...args, '--json']);
    const host = config[side]?.host.replaceAll('.', '\\.') ?? '';
    const says = new RegExp(
      `cannot connect to the ${word} (server|database ".*") at ${host}:1\\b.*: the port is closed`,
    );
    // One of the two forms for each side.
    if (side === 'src') {
      expectFailure(run, { config, says: [says, new RegExp(`Check "${side}\\.host" and "${side}\\.port"`)] });
    } else {
      const envelope = checkedJson(run, await spec.result(), [pair]);
      expect(envelope).toMatchObject({ command: name, db: rest.db, success: false });
      const [row] = envelope.results as readonly { error: { error_type: string; message: string } | null }[];
      expect(row?.error?.message).toMatch(says);
    }
    expect(run.durationMs, run.text).toBeLessThan(ANSWER_MS);
    expect(await everything(pair)).toEqual(before);
  });
});
