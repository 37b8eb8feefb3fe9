import { ident } from '../../../src/postgres/quote.js';
import type { CorpusSchema } from '../schema.js';

export default {
  name: '07-row-security',
  about: 'row level security with FORCE and policies: all rows must come through all the same',
  make: ({ app, owner }) => `
CREATE TABLE tenant_row (id int PRIMARY KEY, tenant text NOT NULL DEFAULT 'a', v text);
CREATE TABLE keyless (tenant text, v int);
CREATE TABLE closed (id int PRIMARY KEY);
CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100);
INSERT INTO tenant_row SELECT n, chr(97 + n % 3), 'v' FROM generate_series(1, 60) n;
INSERT INTO keyless SELECT chr(97 + n % 3), n FROM generate_series(1, 60) n;
INSERT INTO closed SELECT generate_series(1, 20);
INSERT INTO p SELECT n, 'v' FROM generate_series(1, 60) n;
ALTER TABLE tenant_row ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE keyless ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE closed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE p ENABLE ROW LEVEL SECURITY;
ALTER TABLE p_1 ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant; own" ON tenant_row USING (tenant = coalesce(current_setting('corpus.tenant', true), 'a')) WITH CHECK (tenant <> '');
CREATE POLICY reads ON tenant_row AS RESTRICTIVE FOR SELECT TO ${ident(app.name)}, ${ident(owner.name)} USING (id > 0);
CREATE POLICY "some" ON keyless FOR INSERT TO PUBLIC WITH CHECK (v IS NOT NULL);
CREATE POLICY on_p ON p FOR UPDATE TO ${ident(app.name)} USING (v IN (SELECT t.v FROM shop.tenant_row t)) WITH CHECK (true);
COMMENT ON POLICY reads ON tenant_row IS 'restrictive';`,
  forward: `
INSERT INTO tenant_row SELECT 1000 * current_setting('corpus.round')::int + n, 'a', 'forward' FROM generate_series(1, 10) n;
UPDATE tenant_row SET v = 'forward' WHERE id < 10;
SET corpus.tenant = 'b';
DELETE FROM tenant_row WHERE id = (SELECT min(id) FROM tenant_row);`,
  back: `
INSERT INTO tenant_row SELECT 5000 + n, 'a', 'back' FROM generate_series(1, 10) n;
SET corpus.tenant = 'c';
UPDATE tenant_row SET v = 'back' WHERE id > 30;
DELETE FROM tenant_row WHERE id = (SELECT min(id) FROM tenant_row);`,
} satisfies CorpusSchema as CorpusSchema;
