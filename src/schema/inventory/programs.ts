import { comment, grants, line, lines, ofExtension, role, select, when, type InventoryQuery } from './sql.js';

/** Routines, and what makes tables do something: triggers, rules, policies; and extended statistics. */

const routine: InventoryQuery = () =>
  select({
    kind: `CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END`,
    object: `ns.path || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')'`,
    owner: 'p.proowner',
    lines: `${lines(
      // Of an aggregate there is no text; its settings are its definition.
      `CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE
         (SELECT string_agg(s.key || ' ' || s.value, E'\\n' ORDER BY s.key)
            FROM pg_aggregate g, LATERAL (
              SELECT key, value FROM jsonb_each_text(to_jsonb(g))
               WHERE key NOT IN ('aggfnoid', 'aggtranstype', 'aggmtranstype', 'aggsortop')
              UNION ALL SELECT 'aggtranstype', format_type(g.aggtranstype, NULL)
              UNION ALL SELECT 'aggmtranstype', format_type(nullif(g.aggmtranstype, 0), NULL)
              UNION ALL SELECT 'aggsortop', nullif(g.aggsortop, 0)::regoperator::text
              UNION ALL SELECT 'returns', pg_get_function_result(p.oid)) s
           WHERE g.aggfnoid = p.oid) END`,
      comment('p.oid', 'pg_proc'),
    )} || ${grants(`coalesce(p.proacl, acldefault('f', p.proowner))`, 'p.proowner')}`,
    from: `FROM pg_proc p JOIN ns ON ns.oid = p.pronamespace WHERE NOT ${ofExtension('p.oid', 'pg_proc')}`,
  });

const trigger: InventoryQuery = ({ major }) => {
  // A partition's trigger comes with the parent's, and counts only where it is enabled in another way.
  const clone = major >= 13 ? 'g.tgparentid' : '0';
  return select({
    kind: `'trigger'`,
    object: `quote_ident(g.tgname) || ' on ' || r.object`,
    schema: 'r.nspname',
    parent: 'r.object',
    lines: lines(
      'pg_get_triggerdef(g.oid)',
      line(
        'enabled',
        `CASE g.tgenabled WHEN 'D' THEN 'never' WHEN 'R' THEN 'for replicated rows only' WHEN 'A' THEN 'always' END`,
      ),
      comment('g.oid', 'pg_trigger'),
    ),
    // Until the rows are in, such a trigger is kept from firing on the destination; see relaxSteps().
    deferred: `g.tgenabled IN ('A', 'R') OR EXISTS (SELECT FROM pg_trigger o WHERE o.oid = ${clone} AND o.tgenabled IN ('A', 'R'))`,
    // pglogical puts triggers of its own on the tables that it replicates.
    from: `FROM rel r JOIN pg_trigger g ON g.tgrelid = r.oid AND NOT g.tgisinternal
             JOIN pg_proc p ON p.oid = g.tgfoid JOIN pg_namespace pn ON pn.oid = p.pronamespace
            WHERE pn.nspname <> 'pglogical' AND NOT ${ofExtension('g.oid', 'pg_trigger')}
              AND (${clone} = 0 OR EXISTS (SELECT FROM pg_trigger o WHERE o.oid = ${clone} AND o.tgenabled <> g.tgenabled))`,
  });
};

const rule: InventoryQuery = () =>
  select({
    kind: `'rule'`,
    object: `quote_ident(w.rulename) || ' on ' || r.object`,
    schema: 'r.nspname',
    parent: 'r.object',
    lines: lines(
      'pg_get_ruledef(w.oid)',
      line(
        'enabled',
        `CASE w.ev_enabled WHEN 'D' THEN 'never' WHEN 'R' THEN 'for replicated rows only' WHEN 'A' THEN 'always' END`,
      ),
      comment('w.oid', 'pg_rewrite'),
    ),
    from: `FROM rel r JOIN pg_rewrite w ON w.ev_class = r.oid AND w.rulename <> '_RETURN'`,
  });

const policy: InventoryQuery = () =>
  select({
    kind: `'policy'`,
    object: `quote_ident(p.polname) || ' on ' || r.object`,
    schema: 'r.nspname',
    parent: 'r.object',
    lines: lines(
      line(
        'for',
        `CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END`,
      ),
      when('NOT p.polpermissive', 'restrictive'),
      line('to', `(SELECT string_agg(${role('o')}, ', ' ORDER BY 1) FROM unnest(p.polroles) o)`),
      line('using', 'pg_get_expr(p.polqual, p.polrelid)'),
      line('with check', 'pg_get_expr(p.polwithcheck, p.polrelid)'),
      comment('p.oid', 'pg_policy'),
    ),
    from: 'FROM rel r JOIN pg_policy p ON p.polrelid = r.oid',
  });

const statistics: InventoryQuery = ({ major }) =>
  select({
    kind: `'statistics'`,
    object: 'ns.path || quote_ident(s.stxname)',
    owner: 's.stxowner',
    lines: lines(
      'pg_get_statisticsobjdef(s.oid)',
      ...(major >= 13 ? [line('target', 'CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END')] : []),
      comment('s.oid', 'pg_statistic_ext'),
    ),
    from: `FROM pg_statistic_ext s JOIN ns ON ns.oid = s.stxnamespace WHERE NOT ${ofExtension('s.oid', 'pg_statistic_ext')}`,
  });

export const PROGRAM_QUERIES: readonly InventoryQuery[] = [routine, trigger, rule, policy, statistics];
