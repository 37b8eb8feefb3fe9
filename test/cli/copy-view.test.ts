import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CopyProgress } from '../../src/copy-progress.js';
import { copyView } from '../../src/render/copy.js';
import { plainProgress } from '../../src/render/plain-progress.js';
import { makeStyle } from '../../src/render/style.js';
import { terminalProgress } from '../../src/render/terminal-progress.js';
import { widthOf } from '../../src/render/width.js';
import { begun, midway, retrying, states } from './copy-states.js';

const plain = makeStyle(false, null);
const COPY = 'copy the rows';

/** A terminal that shows the last frame; what scrolled up above it is not looked at. */
class Shown {
  frame = '';
  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {}
  write(text: string): boolean {
    this.frame = stripVTControlCharacters(text.slice(0, text.lastIndexOf('\n') + 1)).replaceAll('\r', '');
    return true;
  }
}

const stream = (terminal: Shown): NodeJS.WriteStream => terminal as unknown as NodeJS.WriteStream;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the view of a copy', () => {
  it.each([
    ['80 columns', 79, 23],
    ['140 columns', 139, 23],
    ['40 columns', 39, 23],
    ['6 rows', 79, 5],
  ])('in %s', async (name, columns, rows) => {
    const texts = Object.entries(states).map(([state, progress]) =>
      [`== ${state}`, ...copyView(progress, { columns, rows }, plain)].join('\n'),
    );
    await expect(`${texts.join('\n\n')}\n`).toMatchFileSnapshot(`golden/copy-view-${name.replace(' ', '-')}.txt`);
  });

  it('in colours', async () => {
    const lines = copyView(states.locked, { columns: 79, rows: 23 }, makeStyle(true, 80));
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/copy-view-colours.txt');
  });
});

describe('on a terminal', () => {
  it('no line is wider, and no picture higher, than the terminal, whatever a name holds', () => {
    for (const [columns, rows] of [
      [20, 5],
      [40, 24],
      [80, 3],
      [80, 24],
      [200, 60],
      [0, 0],
    ] as const)
      for (const [state, progress] of Object.entries(states)) {
        const terminal = new Shown(columns, rows);
        const shown = terminalProgress(plain, stream(terminal));
        shown.begin(['shop']);
        shown.dbStarted('shop');
        shown.stepStarted('shop', COPY);
        shown.stepProgress('shop', COPY, progress);
        vi.advanceTimersByTime(200);
        const lines = terminal.frame.split('\n').slice(0, -1);
        const where = `${state} in ${String(columns)} x ${String(rows)}`;
        expect(lines[0], where).toContain(COPY);
        expect(lines.length, where).toBeLessThan(rows || 24);
        expect(Math.max(...lines.map(widthOf)), where).toBeLessThan(columns || 80);
        // eslint-disable-next-line no-control-regex -- control characters are what this is about
        expect(terminal.frame.replaceAll('\n', ''), where).not.toMatch(/[\u0000-\u001f\u202e]/);
        void shown.end();
      }
  });

  it.each([
    [80, 24],
    [40, 24],
    [80, 6],
  ])('several databases have a line or two each: %i x %i', async (columns, rows) => {
    const terminal = new Shown(columns, rows);
    const shown = terminalProgress(plain, stream(terminal));
    const fleet: Record<string, CopyProgress | string | null> = {
      shop: midway,
      'warehouse 日本': retrying,
      new: begun,
      billing: states.keys,
      crm: states['catch-up'],
      archive: 'dumping all schemas of the source',
    };
    shown.begin([...Object.keys(fleet), 'one', 'another']);
    for (const [db, progress] of Object.entries(fleet)) {
      shown.dbStarted(db);
      shown.stepStarted(db, COPY);
      if (progress !== null) shown.stepProgress(db, COPY, progress);
    }
    vi.advanceTimersByTime(65_000);
    for (const line of terminal.frame.split('\n')) expect(widthOf(line)).toBeLessThan(columns);
    await expect(terminal.frame).toMatchFileSnapshot(`golden/copy-fleet-${String(columns)}x${String(rows)}.txt`);
  });
});

it('through a pipe: a line each ten seconds, and at once for the next phase and when it has to wait', async () => {
  const lines: string[] = [];
  const told = plainProgress((line) => lines.push(`${String(performance.now() / 1000)} s  ${line}`));
  told.begin(['shop']);
  told.dbStarted('shop');
  const started = performance.now();
  const tell = (until: number, progress: CopyProgress): void => {
    for (; performance.now() - started < until * 1000; vi.advanceTimersByTime(500))
      told.stepProgress('shop', COPY, progress);
  };
  tell(2, states.preparing);
  tell(3, begun);
  tell(25, midway);
  tell(30, retrying);
  tell(31, midway);
  tell(32, states.hostile);
  tell(33, states.keys);
  tell(34, states['catch-up']);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/copy-lines.txt');
});
