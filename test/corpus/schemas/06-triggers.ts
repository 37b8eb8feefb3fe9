import type { CorpusSchema } from '../schema.js';

export default {
  name: '06-triggers',
  about: 'triggers in every ENABLE state: ALWAYS and REPLICA ones must not fire while data is applied',
  make: `
CREATE TABLE audit (id bigserial PRIMARY KEY, who text, what text);
CREATE TABLE t (id int PRIMARY KEY, v text, touched int NOT NULL DEFAULT 0);
CREATE TABLE other (id int PRIMARY KEY, v text);
CREATE TABLE keyless (v int);
CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (100) TO (200);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO shop.audit (who, what) VALUES (TG_NAME, TG_OP); RETURN NULL; END $$;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := NEW.touched + 1; RETURN NEW; END $$;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER ordinary AFTER INSERT OR UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TRIGGER always BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER replica BEFORE INSERT OR UPDATE OR DELETE ON other FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER off BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER statement_always AFTER TRUNCATE OR INSERT ON other FOR EACH STATEMENT EXECUTE FUNCTION audit();
CREATE TRIGGER keyless_always BEFORE INSERT ON keyless FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER of_parts AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION audit();
CREATE CONSTRAINT TRIGGER at_end AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION audit();
INSERT INTO t SELECT n, 'v', 0 FROM generate_series(1, 50) n;
INSERT INTO keyless VALUES (1);
ALTER TABLE other DISABLE TRIGGER ALL;
INSERT INTO other SELECT n, 'v' FROM generate_series(1, 50) n;
ALTER TABLE other ENABLE TRIGGER ALL;
ALTER TABLE keyless DISABLE TRIGGER ALL;
INSERT INTO keyless SELECT generate_series(1, 50);
INSERT INTO p SELECT n, 'v' FROM generate_series(0, 199) n;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE t ENABLE ALWAYS TRIGGER always, ENABLE ALWAYS TRIGGER at_end;
ALTER TABLE other ENABLE REPLICA TRIGGER replica, ENABLE ALWAYS TRIGGER statement_always, DISABLE TRIGGER off;
ALTER TABLE keyless ENABLE ALWAYS TRIGGER keyless_always;
ALTER TABLE p_1 DISABLE TRIGGER of_parts;
ALTER TABLE p_2 ENABLE ALWAYS TRIGGER of_parts;
COMMENT ON TRIGGER always ON t IS 'fires always';`,
  forward: `
INSERT INTO t SELECT 1000 * current_setting('corpus.round')::int + n, 'forward' FROM generate_series(1, 10) n;
UPDATE t SET v = 'forward' WHERE id BETWEEN 5 AND 9;
DELETE FROM t WHERE id = 10 + current_setting('corpus.round')::int;
INSERT INTO other SELECT 1000 * current_setting('corpus.round')::int + n, 'forward' FROM generate_series(1, 10) n;
UPDATE other SET v = 'forward' WHERE id BETWEEN 5 AND 9;
INSERT INTO p SELECT 1, 'x' WHERE false;
UPDATE p SET v = 'forward' WHERE id = 150;`,
  back: `
INSERT INTO t SELECT 5000 + n, 'back' FROM generate_series(1, 10) n;
UPDATE t SET v = 'back' WHERE id = 20;
DELETE FROM t WHERE id = 21;
INSERT INTO other VALUES (5000, 'back');
UPDATE other SET v = 'back' WHERE id = 5;`,
} satisfies CorpusSchema as CorpusSchema;
