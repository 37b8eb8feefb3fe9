import { ident } from '../../postgres/quote.js';
import { defineKind } from '../kind.js';
import { optionsClause, optionsOf, some, type Option } from './statements.js';

/** Foreign data wrappers, foreign servers and user mappings: they belong to the database, not to a schema. */

interface Server {
  name: string;
  type: string | null;
  version: string | null;
  wrapper: string;
  options: Option[];
  tables: string[];
}

const server = defineKind<Server, { name: string }>({
  code: 'foreign-server',
  severity: 'warn',
  means:
    'A foreign server of the source is not on the destination. One that a foreign table of the schema needs must be made before setup.',
  src: () =>
    `SELECT s.srvname AS name, s.srvtype AS type, s.srvversion AS version, w.fdwname AS wrapper, ${optionsOf('s.srvoptions')},
            ARRAY(SELECT rel.object FROM pg_foreign_table f JOIN rel ON rel.oid = f.ftrelid WHERE f.ftserver = s.oid ORDER BY 1) AS tables
       FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
      WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_foreign_server'::regclass AND m.objid = s.oid)
      ORDER BY 1`,
  dst: () => 'SELECT srvname AS name FROM pg_foreign_server',
  judge: (_, { src, dst }) => {
    const there = new Set(dst.map(({ name }) => name));
    return src
      .filter(({ name }) => !there.has(name))
      .map(({ name, type, version, wrapper, options, tables }) => ({
        side: 'dst',
        ...(tables.length > 0 ? { severity: 'fail' as const } : {}),
        object: `foreign server ${ident(name)}`,
        problem: tables.length > 0 ? `is not there, and ${some(tables)} cannot be made without it` : 'is not carried',
        remedy:
          'On the destination, as root: ' +
          `CREATE SERVER ${ident(name)}${type === null ? '' : ` TYPE '${type.replaceAll("'", "''")}'`}` +
          (version === null ? '' : ` VERSION '${version.replaceAll("'", "''")}'`) +
          ` FOREIGN DATA WRAPPER ${ident(wrapper)}${optionsClause(options)};`,
      }));
  },
});

interface Wrapper {
  name: string;
  handler: string | null;
  validator: string | null;
  options: Option[];
  tables: string[];
}

const wrapper = defineKind<Wrapper, { name: string }>({
  code: 'foreign-data-wrapper',
  severity: 'warn',
  means:
    'A foreign data wrapper of the source, which no extension brings, is not on the destination. One that a foreign table of the schema needs must be made before setup.',
  src: () =>
    `SELECT w.fdwname AS name, ${optionsOf('w.fdwoptions')},
            CASE WHEN w.fdwhandler <> 0 THEN w.fdwhandler::regproc::text END AS handler,
            CASE WHEN w.fdwvalidator <> 0 THEN w.fdwvalidator::regproc::text END AS validator,
            ARRAY(SELECT rel.object FROM pg_foreign_table f JOIN rel ON rel.oid = f.ftrelid
                    JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE s.srvfdw = w.oid ORDER BY 1) AS tables
       FROM pg_foreign_data_wrapper w
      WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_foreign_data_wrapper'::regclass AND m.objid = w.oid)
      ORDER BY 1`,
  dst: () => 'SELECT fdwname AS name FROM pg_foreign_data_wrapper',
  judge: (_, { src, dst }) => {
    const there = new Set(dst.map(({ name }) => name));
    return src
      .filter(({ name }) => !there.has(name))
      .map(({ name, handler, validator, options, tables }) => ({
        side: 'dst',
        ...(tables.length > 0 ? { severity: 'fail' as const } : {}),
        object: `foreign data wrapper ${ident(name)}`,
        problem: tables.length > 0 ? `is not there, and ${some(tables)} cannot be made without it` : 'is not carried',
        remedy:
          `On the destination, as root: CREATE FOREIGN DATA WRAPPER ${ident(name)}` +
          `${handler === null ? '' : ` HANDLER ${handler}`}${validator === null ? '' : ` VALIDATOR ${validator}`}${optionsClause(options)};`,
      }));
  },
});

interface Mapping {
  server: string;
  username: string;
  options: Option[];
}

const mapping = defineKind<Mapping>({
  code: 'user-mapping',
  severity: 'warn',
  means: 'A user mapping of the source, by which a role logs in to a foreign server, is not on the destination.',
  src: () => MAPPINGS,
  dst: () => MAPPINGS,
  judge: (_, { src, dst }) => {
    const key = ({ server: name, username }: Mapping): string => JSON.stringify([name, username]);
    const there = new Set(dst.map(key));
    return src
      .filter((one) => !there.has(key(one)))
      .map(({ server: name, username, options }) => ({
        side: 'dst',
        object: `user mapping for ${username} on ${ident(name)}`,
        problem: 'is not carried',
        remedy: `On the destination: CREATE USER MAPPING FOR ${username === 'public' ? 'PUBLIC' : ident(username)} SERVER ${ident(name)}${optionsClause(options)};`,
      }));
  },
});

const MAPPINGS = `SELECT srvname AS server, usename AS username, ${optionsOf('umoptions')} FROM pg_user_mappings ORDER BY 1, 2`;

export const FOREIGN_KINDS = [wrapper, server, mapping];
