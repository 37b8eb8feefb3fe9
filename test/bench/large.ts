import type { Server } from '../../src/sandbox/servers.js';
import { connectTo } from '../../src/sandbox/shop.js';
import { compareDatabases } from '../corpus/checker/compare.js';
import { dumpPlace, loadDump } from '../corpus/reference.js';
import { makeDatabasePair } from './database-pair.js';
import type { Measured } from './measure.js';
import { connect, placeOf } from './place.js';

/** Schemas with very many objects: how long setup takes beside `pg_dump -s | psql`, and whether nothing is lost. */

const LIMIT_SECONDS = 60;

/** 1,500 tables with 6,000 indexes, 3,000 foreign keys and 500 NOT VALID constraints; 100 of the tables are partitions. */
const MANY_TABLES = `DO $$
  DECLARE tables constant int := 1395;
  BEGIN
    FOR i IN 1..tables LOOP
      EXECUTE format('CREATE TABLE t_%s (id serial PRIMARY KEY, a int, b int, n numeric(10,2) DEFAULT %s, v text NOT NULL, at timestamptz DEFAULT now())', i, i);
      EXECUTE format('CREATE INDEX t_%s_a ON t_%s (a); CREATE INDEX t_%s_v ON t_%s (lower(v)); CREATE INDEX t_%s_n ON t_%s (n) WHERE n > 0', i, i, i, i, i, i);
      EXECUTE format('COMMENT ON TABLE t_%s IS %L; COMMENT ON INDEX t_%s_a IS %L', i, 'table ' || i, i, 'index ' || i);
      IF i <= 500 THEN EXECUTE format('ALTER TABLE t_%s ADD CONSTRAINT t_%s_check CHECK (n > %s) NOT VALID', i, i, -i); END IF;
    END LOOP;
    FOR i IN 1..tables LOOP
      EXECUTE format('ALTER TABLE t_%s ADD CONSTRAINT t_%s_fa FOREIGN KEY (a) REFERENCES t_%s', i, i, (i * 7) % tables + 1);
      EXECUTE format('ALTER TABLE t_%s ADD CONSTRAINT t_%s_fb FOREIGN KEY (b) REFERENCES t_%s ON DELETE CASCADE', i, i, (i * 11) % tables + 1);
    END LOOP;
    FOR p IN 1..5 LOOP
      EXECUTE format('CREATE TABLE p_%s (id int, k int NOT NULL REFERENCES t_%s, q int REFERENCES t_%s, v text, PRIMARY KEY (id, k)) PARTITION BY RANGE (k)', p, p, p + 10);
      EXECUTE format('CREATE INDEX p_%s_v ON p_%s (v); CREATE INDEX p_%s_k ON p_%s (k); CREATE INDEX p_%s_q ON p_%s (q)', p, p, p, p, p, p);
      FOR i IN 1..20 LOOP
        EXECUTE format('CREATE TABLE p_%s_%s PARTITION OF p_%s FOR VALUES FROM (%s) TO (%s)', p, i, p, i * 10, i * 10 + 10);
      END LOOP;
    END LOOP;
  END $$`;

const WIDE_TABLES = `DO $$
  DECLARE kinds constant text[] := '{int,bigint,text,"varchar(40)","numeric(12,3)",timestamptz,boolean,jsonb,"text[]",uuid}';
  BEGIN
    FOR i IN 1..200 LOOP
      EXECUTE format('CREATE TABLE w_%s (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, %s)', i,
        (SELECT string_agg(format('c_%s %s', c, kinds[c % 10 + 1]), ', ') FROM generate_series(1, 399) c));
      EXECUTE format('CREATE INDEX ON w_%s (c_10, c_20)', i);
      EXECUTE format('INSERT INTO w_%s (c_10) SELECT g FROM generate_series(1, 20) g', i);
    END LOOP;
  END $$`;

interface Servers {
  readonly source: Server;
  readonly destination: Server;
}

type Belt = (folder: string, ...args: string[]) => Promise<Measured>;

/** @throws Error when an object or a row is not on the destination */
export async function large(folder: string, servers: Servers, belt: Belt, out: (line: string) => void): Promise<void> {
  await one('1,500 tables, 6,000 indexes, 3,000 foreign keys', 'many_tables', MANY_TABLES);
  await one('200 tables of 400 columns', 'wide_tables', WIDE_TABLES);

  async function one(what: string, name: string, sql: string): Promise<void> {
    const { db } = await makeDatabasePair(folder, name, servers, sql);
    const reference = `${db}_reference`;
    const postgres = await connectTo(
      servers.destination,
      'dst',
      'postgres',
      servers.destination.superuser,
      servers.destination.password,
    );
    await postgres.query(`CREATE DATABASE ${reference}`);
    await postgres.close();
    const tools = servers.destination.bindir;
    const started = performance.now();
    const dump = await dumpPlace(placeOf(servers.source, db), tools);
    const errors = await loadDump(placeOf(servers.destination, reference), tools, dump);
    const plain = (performance.now() - started) / 1000;
    if (errors.length > 0) throw new Error(`the reference cannot be made: ${errors.slice(0, 5).join('; ')}`);
    const precheck = await belt(folder, 'precheck', 'bench', db);
    const setup = await belt(folder, 'setup', 'bench', db);
    out(
      `large, ${what}: pg_dump | psql ${plain.toFixed(1)} s, setup ${setup.seconds.toFixed(1)} s ` +
        `(limit: ${String(LIMIT_SECONDS)} s more), ${setup.megabytes.toFixed(0)} MB; precheck ${precheck.seconds.toFixed(1)} s`,
    );
    for (const command of ['create-indexes', 'teardown-forward-replication', 'sync']) {
      const run = await belt(folder, command, 'bench', db);
      out(`  ${command.padEnd(30)} ${run.seconds.toFixed(1)} s, ${run.megabytes.toFixed(0)} MB`);
    }
    await belt(folder, 'teardown', 'bench', db, '--full');
    const [wanted, found] = [
      await connect(placeOf(servers.destination, reference)),
      await connect(placeOf(servers.destination, db)),
    ];
    try {
      // Rows come from the source: the reference has the schema alone.
      const differences = (await compareDatabases(wanted, found, { schemas: ['public'] })).filter(
        ({ object }) => !/^(rows of|sequence) /.test(object),
      );
      if (differences.length > 0) {
        const shown = differences.slice(0, 10).map(({ object, problem }) => `${object} ${problem}`);
        throw new Error(`${String(differences.length)} objects differ: ${shown.join('; ')}`);
      }
      out('  every object is there');
    } finally {
      await Promise.all([wanted.end(), found.end()]);
    }
  }
}
