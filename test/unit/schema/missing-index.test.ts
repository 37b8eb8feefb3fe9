import { describe, expect, it } from 'vitest';
import type { IndexDefinition } from '../../../src/postgres/catalog/indexes.js';
import { Schemas } from '../../../src/postgres/schemas.js';
import { planIndex, whatIsMissing } from '../../../src/schema/index-plan.js';

const index: IndexDefinition = {
  oid: 1,
  schema: 'my "s"',
  name: 'a"b',
  label: new Schemas(['my "s"']).label({ schema: 'my "s"', name: 'a"b' }),
  table: 'Order Details',
  unique: false,
  valid: true,
  partitioned: false,
  parent: { schema: 's', name: 'above' },
  comment: "it's",
  clustered: true,
  statistics: [{ column: 2, target: 7 }],
  definition: 'CREATE INDEX',
};

describe('whatIsMissing', () => {
  it('is everything where the index is not there', () => {
    expect(whatIsMissing(planIndex(index), undefined)).toMatchObject({
      index: { name: 'a"b' },
      replace: false,
      create: 'CREATE INDEX',
      finish: [
        `COMMENT ON INDEX "my ""s"""."a""b" IS 'it''s'`,
        'ALTER TABLE "my ""s"""."Order Details" CLUSTER ON "a""b"',
        'ALTER INDEX "my ""s"""."a""b" ALTER COLUMN 2 SET STATISTICS 7',
      ],
      attach: 'ALTER INDEX "s"."above" ATTACH PARTITION "my ""s"""."a""b"',
    });
  });

  it('is nothing where it is there', () => {
    expect(whatIsMissing(planIndex(index), index)).toMatchObject({
      create: null,
      finish: [],
      attach: null,
      replace: false,
    });
  });

  it('is all of it where a failed build left an INVALID one', () => {
    const missing = whatIsMissing(planIndex(index), { ...index, valid: false });
    expect(missing).toMatchObject({ create: 'CREATE INDEX', replace: true });
    expect(missing.finish).toHaveLength(3);
    expect(missing.attach).not.toBeNull();
  });

  it('is not the index where a partitioned one only waits for its partitions', () => {
    const partitioned = { ...index, partitioned: true, parent: null };
    expect(whatIsMissing(planIndex(partitioned), { ...partitioned, valid: false })).toMatchObject({
      create: null,
      replace: false,
    });
  });
});
