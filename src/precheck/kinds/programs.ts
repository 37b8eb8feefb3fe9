import { ident, literal } from '../../postgres/quote.js';
import { defineKind } from '../kind.js';

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
  means: 'Functions of the schema are in a language that the destination does not have and no extension brings.',
  accept: 'setup goes on, and fails where a function needs the language; nothing of the schema is loaded then.',
  schemaOnly: true,
  src: () =>
    `SELECT l.lanname AS name, l.lanpltrusted AS trusted, l.lanplcallfoid::regproc::text AS handler,
            CASE WHEN l.laninline <> 0 THEN l.laninline::regproc::text END AS inline,
            CASE WHEN l.lanvalidator <> 0 THEN l.lanvalidator::regproc::text END AS validator,
            (array_agg(p.oid::regprocedure::text ORDER BY p.oid))[1:5] AS functions
       FROM pg_language l JOIN pg_proc p ON p.prolang = l.oid JOIN ns ON ns.oid = p.pronamespace
      WHERE l.lanispl AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_language'::regclass AND m.objid = l.oid)
      GROUP BY l.oid`,
  dst: () => 'SELECT lanname AS name FROM pg_language',
  judge: (_, { src, dst }) => {
    const there = new Set(dst.map(({ name }) => name));
    return src
      .filter(({ name }) => !there.has(name))
      .map(({ name, trusted, handler, inline, validator, functions }) => ({
        side: 'dst',
        object: `language ${ident(name)}`,
        problem: `is not there, and ${functions[0] ?? 'a function'} is written in it`,
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
    'Tables or indexes of the schema are kept by an access method that the destination does not have and no extension brings.',
  accept: 'setup goes on, and fails where a table needs it; an index fails when it is built.',
  schemaOnly: true,
  src: () =>
    `SELECT a.amname AS name, a.amtype AS type, a.amhandler::regproc::text AS handler,
            (array_agg(o.object ORDER BY o.object))[1:5] AS relations
       FROM pg_am a JOIN (
              SELECT rel.relam, rel.object FROM rel WHERE rel.relkind IN ('r', 'p', 'm')
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
        object: `access method ${ident(name)}`,
        problem: `is not there, and ${relations[0] ?? 'a table'} uses it`,
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
}

const CASTS = `
  SELECT format_type(c.castsource, NULL) AS source, format_type(c.casttarget, NULL) AS target,
         CASE WHEN c.castfunc <> 0 THEN c.castfunc::regprocedure::text END AS function,
         c.castmethod = 'i' AS inout, c.castcontext AS context
    FROM pg_cast c
   WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_cast'::regclass AND m.objid = c.oid)
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')
     AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'n')
     -- What belt carries; see castsOf().
     AND (c.castmethod = 'b' OR NOT EXISTS (
            SELECT FROM pg_type t JOIN ns ON ns.oid = t.typnamespace WHERE t.oid IN (c.castsource, c.casttarget)))`;

const CONTEXT = { e: '', a: ' AS ASSIGNMENT', i: ' AS IMPLICIT' } as const;

const cast = defineKind<Cast>({
  code: 'cast-left-behind',
  severity: 'warn',
  means:
    'A cast between types of no schema that moves, or one that only a superuser may make, is not on the destination.',
  src: () => CASTS,
  dst: () => CASTS,
  judge: (_, { src, dst }) => {
    const key = ({ source, target }: Cast): string => JSON.stringify([source, target]);
    const there = new Set(dst.map(key));
    return src
      .filter((one) => !there.has(key(one)))
      .map(({ source, target, function: called, inout, context }) => ({
        side: 'src',
        object: `cast (${source} AS ${target})`,
        problem: 'is not carried: it belongs to the database, and not to a type of a schema that moves',
        remedy:
          `On the destination, after setup: CREATE CAST (${source} AS ${target}) ` +
          `${called === null ? (inout ? 'WITH INOUT' : 'WITHOUT FUNCTION') : `WITH FUNCTION ${called}`}${CONTEXT[context]};`,
      }));
  },
});

export const PROGRAM_KINDS = [language, accessMethod, eventTrigger, cast];
