/* eslint-disable no-control-regex -- escape sequences are what this is about */

import { describe, expect, it } from 'vitest';
import { screen } from '../../../src/render/screen.js';

const ESC = '\u001b';

/** What a terminal of this size shows, lines that are too long wrapped as terminals do. */
class Shown {
  text = '';
  constructor(
    public columns: number,
    public rows: number,
  ) {}
  write(text: string): void {
    this.text = text;
  }
}

describe('a picture drawn in place', () => {
  it('goes over the one before it, and clears what was longer', () => {
    const terminal = new Shown(40, 10);
    const target = screen(terminal);
    target.draw('one\ntwo\nthree');
    expect(terminal.text).toBe(`\rone${ESC}[K\ntwo${ESC}[K\nthree${ESC}[K\n${ESC}[J`);
    target.draw('four');
    expect(terminal.text).toBe(`\r${ESC}[3Afour${ESC}[K\n${ESC}[J`);
    target.draw('five');
    expect(terminal.text).toMatch(/^\r\u001b\[1Afive/);
  });

  it('finds its first line again after the terminal was made narrower', () => {
    const terminal = new Shown(40, 20);
    const target = screen(terminal);
    target.draw(`${'x'.repeat(30)}\ny`);
    terminal.columns = 12;
    target.draw('z');
    // 30 columns have become 3 lines of 12.
    expect(terminal.text).toMatch(/^\r\u001b\[4Az/);
  });

  it('is cut where the terminal ends; colours take no room and end with the line', () => {
    const terminal = new Shown(6, 3);
    const target = screen(terminal);
    target.draw(`${ESC}[32mgreen and long${ESC}[39m\ntwo\nthree\nfour`);
    expect(terminal.text).toBe(`\r${ESC}[32mgree…${ESC}[0m${ESC}[K\n... …${ESC}[K\n${ESC}[J`);
  });

  it('gives characters of two columns their room', () => {
    const terminal = new Shown(6, 3);
    screen(terminal).draw('数据库表');
    expect(terminal.text).toBe(`\r数据…${ESC}[K\n${ESC}[J`);
  });

  it('moves down for a line that is to stay', () => {
    const terminal = new Shown(40, 10);
    const target = screen(terminal);
    target.draw('one\ntwo');
    target.above('warning');
    expect(terminal.text).toBe(`\r${ESC}[2Awarning${ESC}[K\none${ESC}[K\ntwo${ESC}[K\n${ESC}[J`);
    target.above('more\nof it', 'three');
    expect(terminal.text).toBe(`\r${ESC}[2Amore${ESC}[K\nof it${ESC}[K\nthree${ESC}[K\n${ESC}[J`);
  });

  it('can be taken away', () => {
    const terminal = new Shown(40, 10);
    const target = screen(terminal);
    target.draw('one\ntwo');
    target.clear();
    expect(terminal.text).toBe(`\r${ESC}[2A${ESC}[J`);
    target.above('done');
    expect(terminal.text).toBe(`\rdone${ESC}[K\n${ESC}[J`);
  });

  it('can be drawn on a terminal that does not know its size', () => {
    const terminal = new Shown(0, 0);
    screen(terminal).draw('one');
    expect(terminal.text).toContain('one');
  });
});
