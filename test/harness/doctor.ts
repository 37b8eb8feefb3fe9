import { expect } from 'vitest';
import { ident, literal } from '../../src/postgres/quote.js';
import { doctorFields, type DoctorFields, type DoctorFinding } from '../../src/results/doctor.js';
import type { BeltOptions, BeltRun } from './belt.js';
import { checkedJson } from './commands.js';
import { until } from './migration.js';
import type { TestPair } from './pair.js';

/** What the doctor's tests replicate. */
export const PATIENT = `
  CREATE TABLE "Order Details" (id int PRIMARY KEY, v text, n int, owner_note text);
  CREATE UNIQUE INDEX only_positive ON "Order Details" (n) WHERE n > 0;
  CREATE TABLE other (id int PRIMARY KEY, v text);
  INSERT INTO "Order Details" SELECT i, 'row ' || i, -i FROM generate_series(1, 20) i;
  INSERT INTO other SELECT i FROM generate_series(1, 5) i;`;

export interface Doctored extends DoctorFields {
  readonly run: BeltRun;
  readonly success: boolean;
  readonly steps: readonly { readonly name: string; readonly status: string; readonly message: string | null }[];
}

/** Runs belt doctor with --json; checks the JSON against its schema, and that no password is in it. */
export async function doctor(
  pair: TestPair,
  args: readonly string[] = [],
  options: BeltOptions = {},
): Promise<Doctored> {
  const run = await pair.belt(['doctor', '--json', ...args], options);
  const [row] = checkedJson(run, doctorFields, [pair]).results;
  if (row === undefined || !('findings' in row)) throw new Error(run.text);
  return { ...row, run };
}

/** Expects a finding of that code that says all this, and gives it. */
export function expectFinding(
  { findings, run }: Doctored,
  code: string,
  { says = [], ...fields }: Partial<DoctorFinding> & { readonly says?: readonly (RegExp | string)[] },
): DoctorFinding {
  const found = findings.find((one) => one.code === code);
  if (found === undefined) throw new Error(`no finding ${code}\n${run.text}`);
  expect(found).toMatchObject(fields);
  for (const words of says) {
    const text = `${found.problem}\n${found.remedy}`;
    if (typeof words === 'string') expect(text).toContain(words);
    else expect(text).toMatch(words);
  }
  return found;
}

/** The codes of what must be mended. */
export function failures({ findings }: Doctored): string[] {
  return findings.filter(({ severity }) => severity === 'fail').map(({ code }) => code);
}

/**
 * Runs belt doctor --fix and expects it to leave nothing wrong. A worker that has just been started may not have caught
 * up yet, which is told of, but is not wrong.
 */
export async function expectMended(pair: TestPair, directions: Partial<DoctorFields> = {}): Promise<Doctored> {
  const mended = await doctor(pair, ['--fix']);
  expect(mended, mended.run.text).toMatchObject({ success: true, ...directions });
  expect(mended.findings.filter(({ code }) => code !== 'catching-up')).toEqual([]);
  return mended;
}

let next = 1000;

/** Expects that a row inserted on the source arrives on the destination. */
export async function expectFlow(pair: TestPair): Promise<void> {
  const id = ++next;
  await pair.src.ownerSql('INSERT INTO other VALUES ($1)', [id]);
  await until(`row ${String(id)} arrives`, async () => {
    return (await pair.dst.ownerSql('SELECT FROM other WHERE id = $1', [id])).length > 0;
  });
}

/** Ends the forward worker; the next one starts with what is broken meanwhile. */
export async function startWorkerAnew(pair: TestPair): Promise<void> {
  await pair.dst.sql("SELECT pglogical.alter_subscription_disable('pg1_pg2', true)");
  await until('the slot is free', async () => !(await slotOf(pair)).active);
  await pair.dst.sql("SELECT pglogical.alter_subscription_enable('pg1_pg2', true)");
}

/** Waits until nothing reads the forward slot: its worker has failed. */
export async function untilDown(pair: TestPair): Promise<void> {
  await until('forward replication is down', async () => !(await slotOf(pair)).active);
}

export async function slotOf(pair: TestPair): Promise<{ name: string; active: boolean }> {
  const [slot] = await pair.src.sql<{ name: string; active: boolean }>(
    'SELECT slot_name::text AS name, active FROM pg_replication_slots WHERE database = current_database()',
  );
  if (slot === undefined) throw new Error('no slot');
  return slot;
}

/** The test's role pglogical, as an identifier, and its password as a literal. */
export function pglogicalRole(pair: TestPair): { name: string; pw: string } {
  const { name, pw } = pair.names.pglogical;
  return { name: ident(name), pw: literal(pw) };
}
