/** A schema of awkward things. Run as owner with search_path set to the schema; `$app` is a role, quoted. */
export const AWKWARD_SCHEMA = (app: string, schema: string): string => `
ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT SELECT ON TABLES TO ${app};
COMMENT ON SCHEMA ${schema} IS 'it''s -- a comment; GRANT ALL';
GRANT USAGE ON SCHEMA ${schema} TO ${app};
CREATE TYPE "Mood Swing" AS ENUM ('happy', 'NOT VALID', 'CREATE INDEX x ON y;');
CREATE DOMAIN amount AS numeric CHECK (value < 1000000);
ALTER DOMAIN amount ADD CONSTRAINT "not neg" CHECK (value >= 0) NOT VALID;
COMMENT ON CONSTRAINT "not neg" ON DOMAIN amount IS 'domain; comment';

CREATE TABLE "select" (id serial PRIMARY KEY, "a""b" text, v int, m "Mood Swing" DEFAULT 'CREATE INDEX x ON y;', a amount);
CREATE INDEX "Ix ""x""" ON "select" ("a""b");
COMMENT ON INDEX "Ix ""x""" IS 'index comment $x$ ; -- it''s';
CREATE INDEX "ix
newline" ON "select" (v);
COMMENT ON INDEX "ix
newline" IS 'line
break';
CREATE INDEX plain ON "select" (v, id);
COMMENT ON INDEX plain IS 'plain comment';
CREATE INDEX "INDEX plain" ON "select" ((v + 1), (v * 2)) WHERE "a""b" <> 'x;y';
ALTER INDEX "INDEX plain" ALTER COLUMN 1 SET STATISTICS 555;
ALTER INDEX "INDEX plain" ALTER COLUMN 2 SET STATISTICS 444;
ALTER TABLE "select" CLUSTER ON plain;
ALTER TABLE "select" ADD CONSTRAINT "chk 1" CHECK (v > 0) NOT VALID;
COMMENT ON CONSTRAINT "chk 1" ON "select" IS 'check comment';
ALTER TABLE "select" ADD CONSTRAINT valid_check CHECK (v < 100000);

CREATE TABLE "a""b" (id int NOT NULL, k int NOT NULL);
CREATE UNIQUE INDEX u_ri ON "a""b" (id);
ALTER TABLE "a""b" REPLICA IDENTITY USING INDEX u_ri;
CREATE UNIQUE INDEX u_k ON "a""b" (k);
COMMENT ON INDEX u_k IS 'a foreign key rests on this one';
CREATE UNIQUE INDEX u_other ON "a""b" (id, k) INCLUDE (k);
CREATE TABLE "Order Details" (id int PRIMARY KEY, k int REFERENCES "a""b" (k));
ALTER TABLE "Order Details" ADD CONSTRAINT "x'; DROP TABLE y; --" FOREIGN KEY (id) REFERENCES "select" (id) NOT VALID;
CREATE TABLE "x'; DROP TABLE y; --" ("x'; DROP TABLE y; --" int PRIMARY KEY);
CREATE INDEX "x'; DROP INDEX y; --" ON "x'; DROP TABLE y; --" ((-"x'; DROP TABLE y; --"));

CREATE TABLE p (id int NOT NULL, d date NOT NULL, v text, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2021-01-01') TO ('2022-01-01') PARTITION BY LIST (id);
CREATE TABLE "P2 a" PARTITION OF p2 FOR VALUES IN (7);
CREATE INDEX p_v ON p (v);
COMMENT ON INDEX p_v IS 'parent comment';
COMMENT ON INDEX p1_v_idx IS 'child comment';
CREATE UNIQUE INDEX p_u ON p (id, d, v);
CREATE INDEX p_only ON ONLY p (v, d);
CREATE INDEX p1_local ON p1 (v, d);
ALTER INDEX p_only ATTACH PARTITION p1_local;
CREATE TABLE fp (a int, b date, c text, FOREIGN KEY (a, b, c) REFERENCES p (id, d, v));
ALTER TABLE p1 ADD CONSTRAINT p1_check CHECK (id > 5) NOT VALID;
COMMENT ON CONSTRAINT p1_check ON p1 IS 'of a partition';
ALTER TABLE p1 ADD CONSTRAINT "both" CHECK (id > 2) NOT VALID;
ALTER TABLE p ADD CONSTRAINT "both" CHECK (id > 2) NOT VALID;
ALTER TABLE p ADD CONSTRAINT p_check CHECK (id > 3) NOT VALID;
COMMENT ON CONSTRAINT p_check ON p IS 'of a partitioned table';

CREATE TABLE parent (id int PRIMARY KEY, v int);
CREATE TABLE child (extra text) INHERITS (parent);
CREATE INDEX child_v ON child (v);
ALTER TABLE child ADD CONSTRAINT shared CHECK (v > 2) NOT VALID;
ALTER TABLE parent ADD CONSTRAINT shared CHECK (v > 2) NOT VALID;
ALTER TABLE parent ADD CONSTRAINT handed_down CHECK (v > 3) NOT VALID;
ALTER TABLE parent ADD CONSTRAINT kept_to_itself CHECK (v > 4) NO INHERIT NOT VALID;

CREATE FUNCTION fn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
-- CREATE INDEX inside; GRANT ALL ON x TO y
ALTER TABLE nowhere ADD CONSTRAINT c CHECK (true) NOT VALID;
  RETURN NEW;
END $$;
CREATE TRIGGER "queue_truncate_trigger_1" BEFORE INSERT ON "Order Details" FOR EACH ROW EXECUTE FUNCTION fn();
COMMENT ON TRIGGER "queue_truncate_trigger_1" ON "Order Details" IS 'not pglogical''s';
CREATE MATERIALIZED VIEW "A mv" AS SELECT id, v FROM "select" WHERE v > 1;
CREATE INDEX mvi ON "A mv" (id);
CREATE VIEW vw AS SELECT id FROM "A mv";
CREATE MATERIALIZED VIEW "A above" AS SELECT id FROM vw;
CREATE MATERIALIZED VIEW never_filled AS SELECT 1 AS one WITH NO DATA;
CREATE STATISTICS st ON id, v FROM "select";
CREATE TABLE secured (id int PRIMARY KEY, who name);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY pol ON secured FOR SELECT TO ${app} USING (who = current_user);
GRANT SELECT ("a""b") ON "select" TO ${app};
REVOKE EXECUTE ON FUNCTION fn() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fn() TO ${app};
GRANT USAGE ON SEQUENCE select_id_seq TO ${app} WITH GRANT OPTION;
GRANT USAGE ON TYPE "Mood Swing" TO ${app};
`;
