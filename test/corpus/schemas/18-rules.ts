import type { CorpusSchema } from '../schema.js';

export default {
  name: '18-rules',
  about: 'rules of tables and views, in every state',
  make: `
CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE log (id bigserial PRIMARY KEY, what text);
CREATE VIEW v AS SELECT * FROM t;
CREATE RULE insert_through AS ON INSERT TO v DO INSTEAD INSERT INTO t VALUES (NEW.id, NEW.v) RETURNING t.*;
CREATE RULE update_through AS ON UPDATE TO v DO INSTEAD (UPDATE t SET v = NEW.v WHERE id = OLD.id; INSERT INTO log (what) VALUES ('update ' || OLD.id));
CREATE RULE delete_not AS ON DELETE TO v DO INSTEAD NOTHING;
CREATE RULE also AS ON INSERT TO t WHERE NEW.v = 'logged' DO ALSO INSERT INTO log (what) VALUES ('insert; -- ' || NEW.id);
CREATE RULE "off; --" AS ON DELETE TO t DO INSTEAD NOTHING;
CREATE RULE always AS ON UPDATE TO t WHERE OLD.id < 0 DO INSTEAD NOTHING;
CREATE RULE replica AS ON DELETE TO log DO INSTEAD NOTHING;
ALTER TABLE t DISABLE RULE "off; --", ENABLE ALWAYS RULE always;
ALTER TABLE log ENABLE REPLICA RULE replica;
COMMENT ON RULE also ON t IS 'also';
INSERT INTO t SELECT n, CASE n % 5 WHEN 0 THEN 'logged' ELSE 'v' END FROM generate_series(1, 50) n;`,
  forward: `
INSERT INTO v VALUES (1000 + current_setting('corpus.round')::int, 'logged');
UPDATE v SET v = 'forward' WHERE id = 3;
DELETE FROM t WHERE id = 10 + current_setting('corpus.round')::int;
DELETE FROM log WHERE id = current_setting('corpus.round')::int;`,
  back: `INSERT INTO v VALUES (5000, 'back'); UPDATE v SET v = 'back' WHERE id = 4; DELETE FROM t WHERE id = 20;`,
} satisfies CorpusSchema as CorpusSchema;
