import { ident, literal } from '../../postgres/quote.js';
import { defineKind } from '../kind.js';
import { some } from './statements.js';

/** Objects with smaller oids came with the server. */
const FIRST_OWN_OID = 16384;

/** Programs that belong to the database, not to a schema: event triggers, languages, casts, transforms, access methods. */

interface EventTrigger {
  name: string;
  event: string;
  tags: string[] | null;
  function: string;
  enabled: 'O' | 'D' | 'R' | 'A';
}

const eventTrigger = defineKind<EventTrigger, { name: string }>({
  code: 'event-trigger',
  severity: 'warn',
  means: 'An event trigger of the source is not on the destination.',
  src: () =>
    `SELECT t.evtname AS name, t.evtevent AS event, t.evttags AS tags, t.evtfoid::regprocedure::text AS function, t.evtenabled AS enabled
       FROM pg_event_trigger t
      WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_event_trigger'::regclass AND m.objid = t.oid) ORDER BY 1`,
  dst: () => 'SELECT evtname AS name FROM pg_event_trigger',
  judge: (_, { src, dst }) => {
    const there = new Set(dst.map(({ name }) => name));
    return src
      .filter(({ name }) => !there.has(name))
      .map((one) => ({
        side: 'src',
        object: `event trigger ${ident(one.name)}`,
        problem: 'is not carried: it belongs to the database, and not to a type of a schema that moves',
        remedy: `On the destination, as root, after the cutover: ${createEventTrigger(one)}`,
      }));
  },
});

const ENABLE = { O: null, D: 'DISABLE', R: 'ENABLE REPLICA', A: 'ENABLE ALWAYS' } as const;

function createEventTrigger({ name, event, tags, function: called, enabled }: EventTrigger): string {
  const when = tags === null ? '' : ` WHEN TAG IN (${tags.map(literal).join(', ')})`;
  const state = ENABLE[enabled] === null ? '' : ` ALTER EVENT TRIGGER ${ident(name)} ${ENABLE[enabled]};`;
  return `CREATE EVENT TRIGGER ${ident(name)} ON ${event}${when} EXECUTE FUNCTION ${called};${state}`;
}

interface Language {
  name: string;
  trusted: boolean;
  handler: string;
  inline: string | null;
  validator: string | null;
  functions: string[];
}

const language = defineKind<Language, { name: string }>({
  code: 'language-missing',
  severity: 'fail',
  means:
    'Functions of the schema are in a language that the destination does not have and no extension brings. One that no function is in is a warning.',
  accept: 'setup goes on, and fails where a function needs the language; nothing of the schema is loaded then.',
  schemaOnly: true,
  src: () =>
    `SELECT l.lanname AS name, l.lanpltrusted AS trusted, l.lanplcallfoid::regproc::text AS handler,
            CASE WHEN l.laninline <> 0 THEN l.laninline::regproc::text END AS inline,
            CASE WHEN l.lanvalidator <> 0 THEN l.lanvalidator::regproc::text END AS validator,
            coalesce((array_agg(p.oid::regprocedure::text ORDER BY p.oid) FILTER (WHERE p.oid IS NOT NULL))[1:5], '{}') AS functions
       FROM pg_language l LEFT JOIN (pg_proc p JOIN ns ON ns.oid = p.pronamespace) ON p.prolang = l.oid
      WHERE l.lanispl AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_language'::regclass AND m.objid = l.oid)
      GROUP BY l.oid`,
  dst: () => 'SELECT lanname AS name FROM pg_language',
  judge: (_, { src, dst }) => {
    const there = new Set(dst.map(({ name }) => name));
    return src
      .filter(({ name }) => !there.has(name))
      .map(({ name, trusted, handler, inline, validator, functions }) => ({
        side: 'dst',
        ...(functions.length === 0 ? { severity: 'warn' as const } : {}),
        object: `language ${ident(name)}`,
        problem: functions.length === 0 ? 'is not carried' : `is not there, and ${some(functions, 1)} is written in it`,
        remedy:
          `On the destination, as root: CREATE ${trusted ? 'TRUSTED ' : ''}LANGUAGE ${ident(name)} HANDLER ${handler}` +
          `${inline === null ? '' : ` INLINE ${inline}`}${validator === null ? '' : ` VALIDATOR ${validator}`};`,
      }));
  },
});

interface AccessMethod {
  name: string;
  type: 't' | 'i';
  handler: string;
  relations: string[];
}

const accessMethod = defineKind<AccessMethod, { name: string }>({
  code: 'access-method-missing',
  severity: 'fail',
  means:
    'Tables or indexes of the schema are kept by an access method that the destination does not have and no extension brings. One that nothing uses is a warning.',
  accept: 'setup goes on, and fails where a table needs it; an index fails when it is built.',
  schemaOnly: true,
  src: () =>
    `SELECT a.amname AS name, a.amtype AS type, a.amhandler::regproc::text AS handler,
            coalesce((array_agg(o.object ORDER BY o.object) FILTER (WHERE o.object IS NOT NULL))[1:5], '{}') AS relations
       FROM pg_am a LEFT JOIN (
              SELECT rel.relam, rel.object FROM rel WHERE rel.relkind IN ('r', 'p', 'm')
              UNION ALL SELECT f.opfmethod, 'operator family ' || quote_ident(f.opfname) FROM pg_opfamily f JOIN ns ON ns.oid = f.opfnamespace
              UNION ALL SELECT ci.relam, format('%I.%I', rel.nspname, ci.relname)
                FROM pg_index i JOIN rel ON rel.oid = i.indrelid JOIN pg_class ci ON ci.oid = i.indexrelid) o ON o.relam = a.oid
      WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_am'::regclass AND m.objid = a.oid)
      GROUP BY a.oid`,
  dst: () => 'SELECT amname AS name FROM pg_am',
  judge: (_, { src, dst }) => {
    const there = new Set(dst.map(({ name }) => name));
    return src
      .filter(({ name }) => !there.has(name))
      .map(({ name, type, handler, relations }) => ({
        side: 'dst',
        ...(relations.length === 0 ? { severity: 'warn' as const } : {}),
        object: `access method ${ident(name)}`,
        problem: relations.length === 0 ? 'is not carried' : `is not there, and ${some(relations, 1)} uses it`,
        remedy: `On the destination, as root: CREATE ACCESS METHOD ${ident(name)} TYPE ${type === 't' ? 'TABLE' : 'INDEX'} HANDLER ${handler};`,
      }));
  },
});

interface Cast {
  source: string;
  target: string;
  function: string | null;
  inout: boolean;
  context: 'e' | 'a' | 'i';
  /** Whether one of the types moves, and whether the function does. */
  own_type: boolean;
  own_function: boolean;
}

const CASTS = `
  SELECT format_type(c.castsource, NULL) AS source, format_type(c.casttarget, NULL) AS target,
         CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END AS function,
         c.castmethod = 'i' AS inout, c.castcontext AS context,
         EXISTS (SELECT FROM pg_type t JOIN ns ON ns.oid = t.typnamespace WHERE t.oid IN (c.castsource, c.casttarget)) AS own_type,
         EXISTS (SELECT FROM pg_proc p JOIN ns ON ns.oid = p.pronamespace WHERE p.oid = c.castfunc) AS own_function
    FROM pg_cast c
   WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_cast'::regclass AND m.objid = c.oid)
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')
     AND c.oid >= ${FIRST_OWN_OID}`;

const CONTEXT = { e: '', a: ' AS ASSIGNMENT', i: ' AS IMPLICIT' } as const;

const cast = defineKind<Cast>({
  code: 'cast-left-behind',
  severity: 'warn',
  means:
    'A cast is not carried: it has nothing to do with the schemas that move, or only a superuser may make it and root is none.',
  src: () => CASTS,
  dst: () => CASTS,
  judge: ({ dst: { root } }, { src, dst }) => {
    const key = ({ source, target }: Cast): string => JSON.stringify([source, target]);
    const there = new Set(dst.map(key));
    // See accompanying().
    const carried = ({ own_type, own_function, function: called, inout }: Cast): boolean =>
      root?.rolsuper === true ? own_type || own_function : own_type && (called !== null || inout);
    return src
      .filter((one) => !carried(one) && !there.has(key(one)))
      .map(({ source, target, function: called, inout, context, own_type, own_function }) => ({
        side: 'src',
        object: `cast (${source} AS ${target})`,
        problem:
          own_type || own_function
            ? 'is not carried: only a superuser may make it, and root of the destination is none'
            : 'is not carried: it belongs to the database, and not to a schema that moves',
        remedy:
          `On the destination, after setup: CREATE CAST (${source} AS ${target}) ` +
          `${called === null ? (inout ? 'WITH INOUT' : 'WITHOUT FUNCTION') : `WITH FUNCTION ${called}`}${CONTEXT[context]};`,
      }));
  },
});

interface Transform {
  type: string;
  language: string;
  from: string | null;
  to: string | null;
  own: boolean;
  /** Functions of the schemas that use it. */
  functions: string[];
}

const TRANSFORMS = `
  SELECT format_type(f.trftype, NULL) AS type, l.lanname AS language,
         CASE WHEN f.trffromsql <> 0 THEN f.trffromsql::regprocedure::text END AS from,
         CASE WHEN f.trftosql <> 0 THEN f.trftosql::regprocedure::text END AS to,
         EXISTS (SELECT FROM pg_type t JOIN ns ON ns.oid = t.typnamespace WHERE t.oid = f.trftype)
           OR EXISTS (SELECT FROM pg_proc p JOIN ns ON ns.oid = p.pronamespace WHERE p.oid IN (f.trffromsql, f.trftosql)) AS own,
         ARRAY(SELECT p.oid::regprocedure::text FROM pg_proc p JOIN ns ON ns.oid = p.pronamespace
                WHERE p.prolang = f.trflang AND f.trftype = ANY (p.protrftypes) ORDER BY 1 LIMIT 5) AS functions
    FROM pg_transform f JOIN pg_language l ON l.oid = f.trflang
   WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_transform'::regclass AND m.objid = f.oid)`;

const transform = defineKind<Transform>({
  code: 'transform-left-behind',
  severity: 'warn',
  means:
    'A transform is not carried: it has nothing to do with the schemas that move, or root is no superuser. One that a function of the schema uses must be made before setup.',
  src: () => TRANSFORMS,
  dst: () => TRANSFORMS,
  judge: ({ dst: { root } }, { src, dst }) => {
    const key = ({ type, language: name }: Transform): string => JSON.stringify([type, name]);
    const there = new Set(dst.map(key));
    return src
      .filter((one) => !(one.own && root?.rolsuper === true) && !there.has(key(one)))
      .map(({ type, language: name, from, to, functions }) => ({
        side: 'src',
        ...(functions.length > 0 ? { severity: 'fail' as const } : {}),
        object: `transform for ${type} on language ${ident(name)}`,
        problem:
          functions.length > 0
            ? `is not carried, and ${some(functions)} cannot be made without it`
            : 'is not carried: it belongs to the database, and not to a schema that moves',
        remedy:
          `On the destination, as root: CREATE TRANSFORM FOR ${type} LANGUAGE ${ident(name)} (` +
          [
            ...(from === null ? [] : [`FROM SQL WITH FUNCTION ${from}`]),
            ...(to === null ? [] : [`TO SQL WITH FUNCTION ${to}`]),
          ].join(', ') +
          ');',
      }));
  },
});

export const PROGRAM_KINDS = [language, accessMethod, eventTrigger, cast, transform];
