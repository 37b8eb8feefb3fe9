import { describe, expect, it } from 'vitest';
import { testPair } from '../../harness/pair.js';
import { prove, type Proof } from '../../harness/proof.js';

const SCHEMA = `
  CREATE TYPE "Mood" AS ENUM ('good', 'bad');
  CREATE TABLE "Order Details" (id serial PRIMARY KEY, "Mood" "Mood" DEFAULT 'good', amount numeric CHECK (amount > 0));
  CREATE TABLE "no key" (v text, f double precision);
  CREATE INDEX "by amount" ON "Order Details" (amount) WHERE amount > 10;
  CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END; $$;
  CREATE TRIGGER "T" BEFORE INSERT ON "no key" FOR EACH ROW EXECUTE FUNCTION f();
  CREATE VIEW "V" AS SELECT id FROM "Order Details";
  CREATE MATERIALIZED VIEW "M" AS SELECT count(*) FROM "no key";
  CREATE SEQUENCE "down" INCREMENT -1;
  COMMENT ON TABLE "no key" IS 'has none';
  GRANT SELECT ON "V" TO PUBLIC;
  GRANT UPDATE (amount) ON "Order Details" TO PUBLIC;
  INSERT INTO "Order Details" (amount) SELECT n FROM generate_series(1, 100) n;
  INSERT INTO "no key" SELECT 'v', 'NaN' FROM generate_series(1, 3);
  REFRESH MATERIALIZED VIEW "M";
  SELECT nextval('"down"') FROM generate_series(1, 5);`;

/** What is done to the destination, and what the proof must say of it. */
const DAMAGES: readonly (readonly [string, RegExp])[] = [
  [`UPDATE "Order Details" SET amount = 1.50 WHERE id = 7`, /rows of .*"Order Details".* differ/],
  [`UPDATE "Order Details" SET amount = 7.0 WHERE id = 7`, /rows of .*"Order Details".* differ/],
  [`DELETE FROM "no key" WHERE ctid = '(0,1)'`, /rows of .*"no key".* 3 on the source, 2 on the destination/],
  [`REFRESH MATERIALIZED VIEW "M" WITH NO DATA`, /"M"/],
  [`DROP INDEX "by amount"`, /index "by amount" on "Order Details" is missing/],
  [`ALTER TABLE "Order Details" DROP CONSTRAINT "Order Details_amount_check"`, /constraint .* is missing/],
  [
    `ALTER TABLE "Order Details" DROP CONSTRAINT "Order Details_amount_check",
       ADD CONSTRAINT "Order Details_amount_check" CHECK (amount > 0) NOT VALID`,
    /constraint .* differs/,
  ],
  [`ALTER TABLE "no key" DISABLE TRIGGER "T"`, /trigger "T" on "no key" differs/],
  [`COMMENT ON TABLE "no key" IS 'other'`, /comment table .* differs/],
  [`REVOKE SELECT ON "V" FROM PUBLIC`, /grants on relation view "V" differs/],
  [`REVOKE UPDATE (amount) ON "Order Details" FROM PUBLIC`, /grants on column "Order Details".amount is missing/],
  [`REVOKE ALL ON FUNCTION f() FROM PUBLIC`, /grants on function .* differs/],
  [`ALTER TYPE "Mood" ADD VALUE 'so so'`, /type "Mood" differs/],
  [`ALTER TABLE "Order Details" ALTER amount SET NOT NULL`, /column "Order Details".amount differs/],
  [`SELECT setval('"down"', -2)`, /sequence .*down.* gives -3 next on the destination, before the source's -6/],
  [`SELECT setval('"Order Details_id_seq"', 99)`, /sequence .* gives 100 next/],
  [`CREATE TABLE "too much" ()`, /"too much" is on the destination only/],
];

describe('the proof', () => {
  it('finds each kind of difference, and none where there is none', { timeout: 120_000 }, async () => {
    const pair = await testPair({ srcSql: SCHEMA, dstSql: SCHEMA });
    const [src, dst] = await Promise.all([pair.src.connect(), pair.dst.connect()]);
    const proof = (): Promise<Proof> => prove({ src, dst, schema: pair.schema });
    try {
      const equal = await proof();
      expect(equal.differences).toEqual([]);
      expect(equal).toMatchObject({ tables: 3, rows: 104, sequences: 2 });

      await dst.query(`SELECT setval(format('%I.%I', $1::text, 'down'), -100)`, [pair.schema]);
      expect((await proof()).differences, 'a sequence may be past the source’s').toEqual([]);

      for (const [damage, finding] of DAMAGES) {
        await dst.query('BEGIN');
        await dst.query(`SELECT set_config('search_path', quote_ident($1), true)`, [pair.schema]);
        await dst.query(damage);
        await dst.query(`SET LOCAL search_path = pg_catalog`);
        const { differences } = await proof();
        await dst.query('ROLLBACK');
        expect(differences.join('\n'), damage).toMatch(finding);
        // A sequence's value survives the rollback.
        await dst.query(`SELECT setval(format('%I.%I', $1::text, 'down'), -100)`, [pair.schema]);
        await dst.query(`SELECT setval(format('%I.%I', $1::text, 'Order Details_id_seq'), 100)`, [pair.schema]);
      }
      expect((await proof()).differences).toEqual([]);
    } finally {
      await Promise.all([src.end(), dst.end()]);
    }
  });
});
