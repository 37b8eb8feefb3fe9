import { beforeAll, describe, expect, it } from 'vitest';
import type { Difference } from './checker/compare.js';
import { MOVE_MS, moveAll, type Moved } from './migration.js';
import type { CorpusSchema, Exception } from './schema.js';

/** The differences that nobody expects, and the exceptions that did not come true. */
function unexpected(differences: readonly Difference[], exceptions: readonly Exception[] = []): string[] {
  const is = (one: Exception, { object, problem }: Difference): boolean =>
    (typeof one.object === 'string' ? one.object === object : one.object.test(object)) && one.problem.test(problem);
  const expected = (difference: Difference): boolean => exceptions.some((one) => is(one, difference));
  const there = (one: Exception): boolean => differences.some((difference) => is(one, difference));
  return [
    ...differences.filter((one) => !expected(one)).map(({ object, problem }) => `${object} ${problem}`),
    ...exceptions
      .filter((one) => !there(one))
      .map(({ object, how }) => `${String(object)}: ${how}, but there is nothing`),
  ];
}

/** The objects of precheck's findings. */
function foundOf({ commands }: Moved): string[] {
  const findings = commands.get('precheck')?.['findings'] as { object: string }[] | undefined;
  return findings?.map(({ object }) => object) ?? [];
}

/** Moves these schemas, in this file, and expects of each all that it says. */
export function corpus(schemas: readonly CorpusSchema[]): void {
  let moved: ReadonlyMap<string, Moved>;

  beforeAll(async () => {
    const log = (line: string): void => {
      if (process.env['BELT_CORPUS_TIMES'] !== undefined) console.log(line);
    };
    moved = new Map((await moveAll(schemas, log)).map((one) => [one.schema.name, one]));
  }, MOVE_MS);

  const of = (name: string): Moved => {
    const one = moved.get(name);
    if (one === undefined) throw new Error(`${name} was not moved`);
    return one;
  };

  /** What the schema is to fail of on these servers. */
  const failsOf = ({ schema: { fails }, pair }: Moved): CorpusSchema['fails'] =>
    fails === undefined || pair.dst.server.info.major < (fails.since ?? 0) ? undefined : fails;

  describe.each(schemas)('$name: $about', (schema) => {
    it.runIf(schema.fails !== undefined)('gets as far as it is said to', ({ skip }) => {
      const one = of(schema.name);
      const fails = failsOf(one);
      skip(fails === undefined);
      expect(one.failed?.command).toBe(fails?.command);
      expect(one.failed?.message).toMatch(fails?.message ?? / /);
      expect(foundOf(one)).toEqual(expect.arrayContaining([...(fails?.findings ?? [])]));
    });

    it('comes over whole, with all that was written meanwhile', ({ skip }) => {
      const one = of(schema.name);
      skip(failsOf(one) !== undefined);
      expect(one.failed).toBeUndefined();
      expect(one.writes).toEqual([]);
      expect(one.compared).toBeGreaterThan(0);
      expect(unexpected([...one.objects, ...one.rows, ...one.sequences], schema.exceptions)).toEqual([]);
    });

    it('comes back to a source that nobody has changed', ({ skip }) => {
      const one = of(schema.name);
      skip(failsOf(one) !== undefined);
      expect(one.failed).toBeUndefined();
      expect(one.back.map(({ object }) => object)).toEqual((schema.notBack ?? []).map((name) => `rows of ${name}`));
      expect(one.source).toEqual([]);
    });

    it.runIf(schema.says !== undefined)('is told what to know of it', () => {
      for (const [command, text] of schema.says ?? []) {
        expect(JSON.stringify(of(schema.name).commands.get(command))).toMatch(text);
      }
    });

    it.runIf(schema.findings !== undefined)('precheck names what does not come over by itself', () => {
      expect(foundOf(of(schema.name))).toEqual(expect.arrayContaining([...(schema.findings ?? [])]));
    });
  });
}
