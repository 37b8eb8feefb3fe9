import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registry } from '../../src/registry.js';
import { detailFields } from '../../src/results/detail.js';
import { envelopeSchema } from '../../src/results/envelope.js';
import { runBelt } from '../harness/belt.js';
import { callBelt } from '../harness/call-belt.js';
import { neededOptions } from '../harness/commands.js';
import { expectNoTrace } from '../harness/expect-failure.js';

/** A project folder with the faults that can be in one. No server is needed: belt must not get that far. */
let project = '';
let empty = '';

beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'belt-cli-'));
  project = await mkdtemp(join(tmpdir(), 'belt-cli-'));
  const config = async (dc: string, db: string, text: string | null): Promise<void> => {
    const folder = join(project, 'configs', dc, db);
    await mkdir(folder, { recursive: true });
    if (text !== null) await writeFile(join(folder, 'config.json'), text, { mode: 0o600 });
  };
  const named = (dc: string, db: string): string => JSON.stringify({ dc, db, src: null, dst: null });
  await config('east', 'orders', named('east', 'orders'));
  await config('east', 'billing', '{ "db": "billing", "dc": "east",\n  "src": null,, "dst": null }');
  await config('east', 'absent', null);
  await config('east', 'unknown', '{ "db": "unknown", "dc": "east", "src": null, "dst": null, "tabels": [] }');
  await config('west', 'folder', null);
  await mkdir(join(project, 'configs/west/folder/config.json'));
  await mkdir(join(project, 'configs/void'));
});

afterAll(async () => {
  for (const folder of [project, empty]) await rm(folder, { recursive: true, force: true });
});

const envelope = envelopeSchema(detailFields);

/** Each fault: what is asked for, and what must be said. All end with exit code 2. */
const FAULTS: readonly (readonly [name: string, args: readonly string[], says: readonly RegExp[]])[] = [
  [
    'an unknown datacenter',
    ['esat'],
    [/no datacenter "esat" in configs; did you mean "east"\?/, /There are: east, void, west\./],
  ],
  [
    'an unknown database',
    ['east', 'oders'],
    [/no database "oders" in configs\/east; did you mean "orders"\?/, /There are: absent, billing, orders, unknown\./],
  ],
  ['a datacenter without databases', ['void'], [/"void" has no databases/, /config\.json/]],
  ['a way out of the folder of configs', ['../configs', 'east'], [/no datacenter "\.\.\/configs"/]],
  ['JSON that is none', ['east', 'billing'], [/configs\/east\/billing\/config\.json/, /\b2\b/]],
  ['a folder in place of the file', ['west', 'folder'], [/configs\/west\/folder\/config\.json is a folder/]],
  ['a file that is not there', ['east', 'absent'], [/configs\/east\/absent\/config\.json does not exist/]],
  ['an unknown key', ['east', 'unknown'], [/tabels/, /did you mean "tables"\?/]],
  [
    'a side that the command needs and the config lacks',
    ['east', 'orders'],
    [/configs\/east\/orders\/config\.json: "src" is null/, /Fill in "src"/],
  ],
];

describe('belt setup', () => {
  it.each(FAULTS)('names %s', async (_, args, says) => {
    const belt = args === FAULTS[0]?.[1] ? runBelt : callBelt;
    const [plain, json] = await Promise.all([
      belt(project, ['setup', ...args]),
      belt(project, ['setup', ...args, '--json']),
    ]);
    for (const run of [plain, json]) {
      expect(run.exitCode, run.text).toBe(2);
      expect(run.stderr, run.text).not.toMatch(/\n\s+at /);
    }
    for (const words of says) expect(plain.stderr).toMatch(words);
    expect(plain.stderr.match(/^error:/gm), plain.text).toHaveLength(1);
    const result = envelope.parse(json.json());
    const error = result.error ?? result.results[0]?.error;
    expect(result.success).toBe(false);
    expect(error?.error_type).toBe('ConfigError');
    for (const words of says) expect(`${error?.message ?? ''} ${String(error?.detail?.['hint'])}`).toMatch(words);
  });
});

/** Two faults at once, beside the name of a database that there is not. */
const SEVERAL = { db: 'several', dc: 'south', src: null, dst: null, tabels: [], schema_name: 5 };

const CASES = [
  ['an unknown datacenter', ['soth', 'several'], [/did you mean "south"\?/, /There are: south\./]],
  ['an unknown database', ['south', 'sevral'], [/did you mean "several"\?/, /There are: several\./]],
  ['every fault of a config', ['south', 'several'], [/\d:\d+ {2}schema_name: wants/, /\d:\d+ {2}tabels: is not known/]],
] as const;

// The same code does it for all commands: each meets one of the cases.
describe.each(
  registry
    .flatMap((spec) => (spec.kind === 'pairs' ? [spec] : []))
    .map((spec, place) => [spec.name, spec, CASES.slice(place % CASES.length).slice(0, 1)] as const),
)('belt %s', (name, spec, cases) => {
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'belt-cli-'));
    await mkdir(join(folder, 'configs/south/several'), { recursive: true });
    await writeFile(join(folder, 'configs/south/several/config.json'), JSON.stringify(SEVERAL), { mode: 0o600 });
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(cases)('names %s, in words and in JSON that is as its schema says', async (_, args, says) => {
    const [plain, json] = await Promise.all([
      callBelt(folder, [name, ...args, ...neededOptions(name)]),
      callBelt(folder, [name, ...args, ...neededOptions(name), '--json']),
    ]);
    for (const run of [plain, json]) {
      expect(run.exitCode, run.text).toBe(2);
      expectNoTrace(run);
    }
    expect(plain.stderr.match(/^error:/gm), plain.text).toHaveLength(1);
    const result = envelopeSchema(await spec.result())
      .strict()
      .parse(json.json());
    const error = result.error ?? (result.results[0] as { error: typeof result.error } | undefined)?.error;
    expect(result).toMatchObject({ command: name, success: false });
    expect(error?.error_type).toBe('ConfigError');
    for (const words of says) {
      expect(plain.stderr).toMatch(words);
      expect(`${error?.message ?? ''} ${String(error?.detail?.['hint'])}`).toMatch(words);
    }
  });
});

describe('a folder without configs', () => {
  it('says where belt should run', async () => {
    const run = await callBelt(empty, ['status', 'east']);
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stdout).toBe('');
    expect(run.stderr).toMatch(
      /^error: there is no folder "configs" in .*\n {2}what to do: Run belt in a migration project folder/,
    );
  });

  it('names the project folder above', async () => {
    const run = await callBelt(join(project, 'configs', 'east'), ['status', 'east']);
    expect(run.exitCode, run.text).toBe(2);
    expect(run.stderr).toMatch(new RegExp(`Run belt in .*${project.split('/').at(-1) ?? ''}, which has one`));
  });

  it('is an envelope of its own with --json, for every command', async () => {
    const pairs = registry.filter(({ kind }) => kind === 'pairs');
    const look = async (name: string): Promise<void> => {
      const run = await callBelt(empty, [name, 'east', 'orders', ...neededOptions(name), '--json']);
      expect(run.exitCode, run.text).toBe(2);
      expect(run.stderr).toBe('');
      expect(envelope.parse(run.json())).toMatchObject({
        command: name,
        dc: 'east',
        db: 'orders',
        success: false,
        error: {
          error_type: 'ConfigError',
          message: expect.stringContaining('there is no folder "configs"') as string,
        },
        results: [],
      });
    };
    await Promise.all(pairs.map(({ name }) => look(name)));
  });
});

describe('a datacenter in which every config is wrong', () => {
  it('is told of every one, and is exit code 2', async () => {
    const run = await callBelt(project, ['status', 'east', '--json']);
    expect(run.exitCode, run.text).toBe(2);
    const { results } = envelope.parse(run.json());
    expect(results.map(({ db, error }) => [db, error?.error_type])).toEqual(
      ['absent', 'billing', 'orders', 'unknown'].map((db) => [db, 'ConfigError']),
    );
  });
});
