import type { Envelope, Row } from '../../results/envelope.js';
import type { PrecheckFields, PrecheckSide } from '../../results/precheck.js';
import { findingsText } from '../findings.js';
import { methodWord } from '../replication-method.js';
import type { Style } from '../style.js';
import { renderTable } from '../table.js';

const LEAST = 20;

/** The servers' requirements, a row per side; for a single database its tables, sequences and extensions; findings. */
export function render(envelope: Envelope<PrecheckFields>, style: Style): string {
  const rows = envelope.results;
  const parts = [servers(rows, style)];
  const [only] = rows;
  if (envelope.db !== null && only?.src !== undefined) parts.push(...objects(only.src, style));
  const findings = rows.flatMap((row) => (row.findings ?? []).map((one) => ({ db: row.db, ...one })));
  if (findings.length > 0) parts.push(findingsText(findings, rows.length > 1, style));
  const ready = rows.length > 0 && rows.every(({ success }) => success);
  if (ready) parts.push(style.chalk.green('All requirements are met.'));
  return parts.join('\n\n');
}

function servers(rows: readonly Row<PrecheckFields>[], style: Style): string {
  const head = [
    'database',
    'side',
    'server',
    'slots',
    'workers',
    'senders',
    'wal_level',
    'libraries',
    'pglogical',
    'rds',
    'root',
    'owner',
    'schema',
    'tools',
  ];
  const { chalk } = style;
  const ok = (good: boolean, text: string): string => (good ? chalk.green(text) : chalk.red(text));
  const number = (value: number): string => ok(value >= LEAST, String(value));
  const cells = rows.flatMap((row) => {
    if (row.src === undefined || row.dst === undefined) return [[row.db, '', chalk.red('failed')]];
    const tools = ok(
      row.client_tools?.every((tool) => tool.ok) ?? false,
      (row.client_tools?.[0]?.version ?? 'none').split(' ')[0] ?? '',
    );
    return [row.src, row.dst].map((side, index) => [
      index === 0 ? row.db : '',
      index === 0 ? 'src' : 'dst',
      side.server_version.split(' ')[0] ?? '',
      number(side.max_replication_slots),
      number(side.max_worker_processes),
      number(side.max_wal_senders),
      ok(side.wal_level === 'logical', side.wal_level),
      ok(side.shared_preload_ok, side.shared_preload_ok ? 'ok' : side.shared_preload_libraries.join(',') || 'none'),
      ok(side.pglogical_version !== null, side.pglogical_version ?? 'missing'),
      side.rds_logical_replication === 'not on RDS'
        ? chalk.dim('-')
        : ok(['1', 'on'].includes(side.rds_logical_replication), side.rds_logical_replication),
      ok(side.root_ok, side.root_ok ? 'ok' : 'unfit'),
      ok(side.owner_ok, side.owner_ok ? 'ok' : 'unfit'),
      side.schema_name,
      index === 0 ? tools : '',
    ]);
  });
  return renderTable(head, cells, style);
}

function objects(src: PrecheckSide, style: Style): string[] {
  const { chalk } = style;
  const tables = src.tables.map((table) => [
    table.name,
    methodWord(table.replication_method, style),
    table.schema_name,
    table.owner,
    table.reason ?? '',
  ]);
  const sequences = src.sequences.map(({ name, schema_name, owner }) => [name, schema_name, owner]);
  const extensions = src.extensions.map(({ extname, in_other_side }) => [
    extname,
    in_other_side ? chalk.green('yes') : chalk.yellow('no'),
  ]);
  return [
    renderTable(['table', 'rows move by', 'schema', 'owner', 'why'], tables, style),
    renderTable(['sequence', 'schema', 'owner'], sequences, style),
    renderTable(['extension', 'on the destination'], extensions, style),
  ];
}
