/** Numbers that look random, and are the same again with the same seed: so that a failure can be run again. */
export interface Seeded {
  /** For the message of what may fail. */
  readonly hint: string;
  /** From 0 to 1 (mulberry32). */
  next(): number;
}

/** @returns numbers from the seed in BELT_TEST_SEED, or from one that is told on stderr */
export function seeded(): Seeded {
  const seed = Number(process.env['BELT_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const hint = `BELT_TEST_SEED=${String(seed)}`;
  process.stderr.write(`random moments: run again with ${hint}\n`);
  let state = seed;
  return {
    hint,
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
