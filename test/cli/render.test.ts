import { describe, expect, it } from 'vitest';
import { registry } from '../../src/registry.js';
import { printableDeep } from '../../src/printable.js';
import { renderFailures } from '../../src/render/failures.js';
import { plainProgress } from '../../src/render/plain-progress.js';
import { formatDuration, stepLine } from '../../src/render/progress.js';
import { makeStyle } from '../../src/render/style.js';
import { picture } from '../../src/render/watch/status.js';
import type { Envelope } from '../../src/results/envelope.js';
import type { StatusFields } from '../../src/results/status.js';
import * as made from './envelopes.js';

const plain = makeStyle(false, null);
const coloured = makeStyle(true, 120);

const forSteps: readonly (readonly [string, Envelope<object>])[] = [
  ['steps', made.envelope('setup', made.steps)],
  ['plan', made.envelope('setup', made.plan, 'shop')],
];

/** Results by command; what all commands of the steps' table give is rendered once. */
const RESULTS: Readonly<Record<string, readonly (readonly [string, Envelope<object>])[]>> = {
  setup: forSteps,
  'setup-back-replication': [],
  'teardown-forward-replication': [],
  'teardown-back-replication': [],
  'restore-logins': [],
  reset: [],
  teardown: [],
  'cleanup-previous-config': [],
  analyze: [],
  'check-connectivity': [['check-connectivity', made.envelope('check-connectivity', made.reached)]],
  'check-pkeys': [['check-pkeys', made.envelope('check-pkeys', made.keyed, 'shop')]],
  connections: [['connections', made.envelope('connections', made.connected)]],
  precheck: [
    ['precheck-one', made.envelope('precheck', made.ready, 'shop')],
    ['precheck-all', made.envelope('precheck', made.unfit)],
  ],
  status: [['status', made.envelope('status', made.status)]],
  wait: [['wait', made.envelope('wait', made.waits)]],
  doctor: [
    ['doctor', made.envelope('doctor', made.doctored)],
    ['doctor-plan', made.envelope('doctor', made.doctorPlan, 'shop')],
  ],
  'revoke-logins': [
    ['revoke-logins', made.envelope('revoke-logins', made.revoked)],
    ['revoke-logins-plan', made.envelope('revoke-logins', made.revokePlanned, 'shop')],
  ],
  sync: [['sync', made.envelope('sync', made.synced)]],
  'sync-sequences': [
    ['sync-sequences', made.envelope('sync-sequences', made.sequencesSet)],
    ['sync-sequences-plan', made.envelope('sync-sequences', made.sequencesPlanned, 'shop')],
  ],
  'diff-sequences': [['diff-sequences', made.envelope('diff-sequences', made.sequencesCompared)]],
  'sync-tables': [
    ['sync-tables', made.envelope('sync-tables', made.tablesCopied)],
    ['sync-tables-plan', made.envelope('sync-tables', made.tablesPlanned, 'shop')],
  ],
  'validate-data': [
    ['validate-data-all', made.envelope('validate-data', made.validated)],
    ['validate-data-one', made.envelope('validate-data', made.validatedOne, 'users')],
    ['validate-data-failed', made.envelope('validate-data', [...made.validated].slice(-1), 'zones')],
  ],
  'create-indexes': [['create-indexes', made.envelope('create-indexes', made.indexed)]],
  'diff-schemas': [['diff-schemas', made.envelope('diff-schemas', made.differing)]],
  'dump-schema': [['dump-schema', made.envelope('dump-schema', made.dumped)]],
  'load-schema': [],
  'load-constraints': [['load-constraints', made.envelope('load-constraints', made.constrained)]],
  'remove-indexes': [['remove-indexes', made.envelope('remove-indexes', made.removed)]],
  'remove-constraints': [['remove-constraints', made.envelope('remove-constraints', made.removed)]],
};

const pairCommands = registry.flatMap((spec) => (spec.kind === 'pairs' ? [spec] : []));

it('has a result for the table of every command', async () => {
  const steps = await pairCommands.find(({ name }) => name === 'setup')?.table();
  for (const { name, table } of pairCommands) {
    const own = (await table()) !== steps;
    if (own || name === 'setup') expect(RESULTS[name] ?? [], `results for ${name}`).not.toEqual([]);
  }
});

describe.each(
  pairCommands.filter(({ name }) => (RESULTS[name] ?? []).length > 0).map((spec) => [spec.name, spec] as const),
)('the table of %s', (name, spec) => {
  it.each(RESULTS[name] ?? [])('%s', async (file, result) => {
    const table = await spec.table();
    await expect(`${table.render(result, plain)}\n`).toMatchFileSnapshot(`golden/table-${file}.txt`);
    const colours = table.render(result, coloured).replaceAll('\u001b', '␛');
    await expect(`${colours}\n`).toMatchFileSnapshot(`golden/table-${file}-colours.txt`);
  });

  it.each(RESULTS[name] ?? [])('%s: no name takes over the terminal', async (_, result) => {
    const table = await spec.table();
    const hostile = printableDeep(made.withHostileTexts(result));
    expectTame(table.render(hostile, plain));
    expectTame(withoutColours(table.render(hostile, coloured)));
  });
});

/** Results that are watched, by the golden file. */
const WATCHED: readonly (readonly [string, Envelope<StatusFields>])[] = [
  ['all', made.envelope('status', made.watched)],
  ...['replicating', 'initializing', 'down', 'interrupted', 'failed'].flatMap((name, index) =>
    made.watched.slice(index, index + 1).map((row) => [name, made.envelope('status', [row], row.db)] as const),
  ),
];

describe('the picture of status --watch', () => {
  it.each(WATCHED)('%s', async (name, result) => {
    await expect(`${picture(result, plain)}\n`).toMatchFileSnapshot(`golden/watch-status-${name}.txt`);
    const colours = picture(result, coloured).replaceAll('\u001b', '␛');
    await expect(`${colours}\n`).toMatchFileSnapshot(`golden/watch-status-${name}-colours.txt`);
  });

  it.each(WATCHED)('%s: no name takes over the terminal', (_, result) => {
    const hostile = printableDeep(made.withHostileTexts(result));
    expectTame(picture(hostile, plain));
    expectTame(withoutColours(picture(hostile, coloured)));
  });
});

describe('failures', () => {
  const result = made.envelope('status', made.status);

  it('come with what to do, said once where it is the same, and how many failed', async () => {
    await expect(renderFailures(result, plain)).toMatchFileSnapshot('golden/failures.txt');
    const colours = renderFailures(result, coloured).replaceAll('\u001b', '␛');
    await expect(colours).toMatchFileSnapshot('golden/failures-colours.txt');
  });

  it('of one database do not repeat its name', () => {
    const [row] = made.status.slice(-1);
    if (row === undefined) throw new Error('no row');
    expect(renderFailures(made.envelope('status', [row], 'users'), plain)).toMatch(/^error: cannot connect/);
  });

  it('keep the lines of a server, and let none pass for belt’s own', () => {
    const hostile = made.withHostileTexts(result);
    const text = renderFailures(hostile, plain);
    expectTame(text);
    const ours = hostile.results.filter(({ error }) => error !== null).length;
    expect(text.match(/^error:/gm)).toHaveLength(ours);
    expect(text).toMatch(/^ {2}error: faked/m);
  });

  it('are nothing when all went well', () => {
    expect(renderFailures(made.envelope('setup', made.plan), plain)).toBe('');
  });
});

describe('progress', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [1000, '1.0 s'],
    [59_949, '59.9 s'],
    [59_999, '1 min 0 s'],
    [61_400, '1 min 1 s'],
    [119_999, '2 min 0 s'],
    [3_600_000, '1 h 0 min'],
  ])('calls %d ms %s', (milliseconds, words) => {
    expect(formatDuration(milliseconds)).toBe(words);
  });

  it('has a line for each end of a step', () => {
    const end = (status: 'ok' | 'skipped' | 'failed' | 'planned', message: string | null) =>
      stepLine('load the schema', { name: 'load', status, message, duration_ms: 12 });
    expect([
      end('ok', null),
      end('ok', 'loaded 3 objects'),
      end('skipped', 'it is there'),
      end('failed', 'syntax error\nLINE 1: x'),
      end('planned', 'load the schema'),
    ]).toEqual([
      'ok       load the schema (12 ms)',
      'ok       load the schema (loaded 3 objects, 12 ms)',
      'skipped  load the schema (it is there, 12 ms)',
      'FAILED   load the schema (syntax error, 12 ms)',
      'would do load the schema (12 ms)',
    ]);
  });

  it('is plain lines that no name breaks', () => {
    const lines: string[] = [];
    const progress = plainProgress((line) => lines.push(line));
    const { HOSTILE: bad } = made;
    progress.begin([bad]);
    progress.dbStarted(bad);
    progress.warn(bad, bad);
    progress.stepStarted(bad, bad);
    progress.stepProgress(bad, bad, bad);
    progress.stepEnded(bad, bad, { name: 'x', status: 'ok', message: bad, duration_ms: 1 });
    progress.dbEnded(bad, bad);
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expectTame(line);
      expect(line).not.toContain('\n');
    }
  });

  it('tells of one step at most every five seconds', () => {
    const lines: string[] = [];
    const progress = plainProgress((line) => lines.push(line));
    for (const text of ['1 %', '2 %', '3 %']) progress.stepProgress('shop', 'copy', text);
    progress.stepProgress('users', 'copy', '1 %');
    expect(lines).toEqual(['shop: ...      copy: 1 %', 'users: ...      copy: 1 %']);
  });
});

/** No character but a line break that a terminal obeys. */
function expectTame(text: string): void {
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
}

function withoutColours(text: string): string {
  // eslint-disable-next-line no-control-regex -- see above
  return text.replaceAll(/\u001b\[\d+m/g, '');
}
