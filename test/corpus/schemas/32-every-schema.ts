import { ident } from '../../../src/postgres/quote.js';
import type { CorpusSchema } from '../schema.js';

export default {
  name: '32-every-schema',
  about: 'all schemas with "*", which refer to each other in circles; extensions in schemas of their own',
  all: true,
  schemas: ['a b', 'public', 'z', 'nothing in it', 'ext'],
  before: ({ owner }) => `
CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION hstore SCHEMA public; CREATE EXTENSION pg_trgm SCHEMA ext; CREATE EXTENSION btree_gist SCHEMA z;
GRANT CREATE ON SCHEMA public TO ${ident(owner.name)};
COMMENT ON SCHEMA "nothing in it" IS 'nothing';`,
  make: `
SET search_path = pg_catalog;
CREATE TYPE z.mood AS ENUM ('sad', 'glad');
CREATE SEQUENCE public.numbers;
CREATE TABLE public.t (id int PRIMARY KEY DEFAULT nextval('public.numbers'), name ext.citext UNIQUE, h public.hstore, m z.mood);
CREATE TABLE "a b".t (id int PRIMARY KEY, t int REFERENCES public.t, again text);
CREATE TABLE z.t (id serial PRIMARY KEY, t int REFERENCES "a b".t, during tsrange, room int, EXCLUDE USING gist (room z.gist_int4_ops WITH =, during WITH &&));
ALTER TABLE public.t ADD z int, ADD FOREIGN KEY (z) REFERENCES z.t DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX by_trgm ON "a b".t USING gin (again ext.gin_trgm_ops);
CREATE INDEX by_h ON public.t USING gin (h);
CREATE TABLE ext.own (id int PRIMARY KEY);
CREATE TABLE public.parent (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE z.part PARTITION OF public.parent FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE "a b".part PARTITION OF public.parent DEFAULT;
CREATE INDEX parent_at ON public.parent (at);
CREATE TABLE "a b".child (PRIMARY KEY (id)) INHERITS (public.t);
CREATE FUNCTION z.mood_of(text) RETURNS z.mood LANGUAGE sql IMMUTABLE AS 'SELECT $1::z.mood';
CREATE CAST (text AS z.mood) WITH FUNCTION z.mood_of(text) AS ASSIGNMENT;
CREATE FUNCTION "a b".count() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM public.t';
CREATE VIEW z.v AS SELECT t.id, t.h OPERATOR(public.->) 'k' AS k, "a b".count() AS n FROM public.t JOIN "a b".t u ON u.t = t.id;
CREATE MATERIALIZED VIEW "a b".mv AS SELECT id FROM z.v;
CREATE MATERIALIZED VIEW public.mv AS SELECT * FROM "a b".mv;
INSERT INTO public.t (name, h, m) SELECT 'Name ' || n, format('k=>%s', n)::public.hstore, 'sad' FROM generate_series(1, 40) n;
INSERT INTO "a b".t SELECT n, n, 'again' FROM generate_series(1, 40) n;
INSERT INTO z.t (t, during, room) SELECT n, tsrange(timestamp '2020-01-01' + n * interval '1 day', timestamp '2020-01-02' + n * interval '1 day'), 1 FROM generate_series(1, 40) n;
UPDATE public.t SET z = id;
ALTER TABLE "a b".t ADD CONSTRAINT later FOREIGN KEY (id) REFERENCES z.t NOT VALID;
INSERT INTO ext.own SELECT generate_series(1, 5);
INSERT INTO public.parent SELECT n, date '2019-12-01' + n * 10 FROM generate_series(1, 50) n;
INSERT INTO "a b".child (id, name) VALUES (1000, 'child');
REFRESH MATERIALIZED VIEW "a b".mv; REFRESH MATERIALIZED VIEW public.mv;`,
  forward: `
INSERT INTO public.t (name, h) VALUES ('forward ' || current_setting('corpus.round'), 'a=>b');
UPDATE public.parent SET at = at + 400 WHERE id = current_setting('corpus.round')::int;
UPDATE "a b".t SET again = 'forward' WHERE id < 5;
INSERT INTO ext.own VALUES (100 + current_setting('corpus.round')::int);`,
  back: `INSERT INTO public.t (name) VALUES ('back'); UPDATE z.t SET room = 2 WHERE id < 9; DELETE FROM ext.own WHERE id = 3;`,
} satisfies CorpusSchema as CorpusSchema;
