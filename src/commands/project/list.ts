import pMap from 'p-map';
import { listDatabases, listDatacenters } from '../../config/discover.js';
import { surveyConfig, type Surveyed, type SurveyedSide } from '../../config/survey.js';
import { BeltError, errorToJson, type SideName } from '../../errors.js';
import type { ListResult, ListRow } from '../../results/list.js';
import type { PlainContext } from '../define.js';

/** Files open at once. */
const AT_ONCE = 32;
const HEAD = ['datacenter', 'database', 'source', 'destination', 'schema', 'config'];

/** Shows what is in the project folder: every config and remote config, and whether it is without fault. */
export async function run(
  context: PlainContext,
  [dc]: readonly string[],
  { json }: { readonly json: boolean },
): Promise<void> {
  const { environment, print, note } = context;
  const started = new Date();
  let rows: ListRow[] = [];
  let failure: BeltError | undefined;
  try {
    rows = await survey(context, dc);
  } catch (error) {
    if (!json || !(error instanceof BeltError)) throw error;
    failure = error;
  }
  const wrong = rows.filter(({ success }) => !success);
  if (failure !== undefined || wrong.length > 0) context.setExitCode(2);
  if (json) {
    const result: ListResult = {
      command: 'list',
      dc: dc ?? null,
      db: null,
      success: failure === undefined && wrong.length === 0,
      timestamp: started.toISOString(),
      duration_ms: Date.now() - started.getTime(),
      error: failure === undefined ? null : errorToJson(failure),
      results: rows,
    };
    print(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  if (rows.length === 0) {
    note(`There is no database in ${environment.cwd} yet. belt init DC DB writes a config.`);
    return;
  }
  print(await context.table(HEAD, rows.map(cells)));
  for (const row of wrong) note(await firstFault(row));
}

async function survey({ environment }: PlainContext, dc: string | undefined): Promise<ListRow[]> {
  const { cwd, variables } = environment;
  const datacenters = dc === undefined ? await listDatacenters(cwd) : [dc];
  const databases = await pMap(datacenters, async (name) =>
    (await listDatabases(cwd, name)).map((db) => ({ dc: name, db })),
  );
  return pMap(databases.flat(), async (one) => rowOf(one, await surveyConfig(cwd, one.dc, one.db, variables)), {
    concurrency: AT_ONCE,
  });
}

function rowOf(
  names: { readonly dc: string; readonly db: string },
  { origin, file, schemaName, src, dst, resolvers, error }: Surveyed,
): ListRow {
  return {
    ...names,
    success: error === null,
    error: error === null ? null : errorToJson(error),
    steps: [],
    origin,
    file,
    schema_name: schemaName,
    src,
    dst,
    resolvers,
  };
}

function cells(row: ListRow): string[] {
  return [row.dc, row.db, sideText(row, 'src'), sideText(row, 'dst'), row.schema_name ?? '?', stateText(row)];
}

function sideText(row: ListRow, side: SideName): string {
  const module = row.resolvers?.[side];
  if (row.resolvers !== null) return module === null || module === undefined ? '-' : `by ${module}`;
  const server: SurveyedSide | null = row[side];
  if (server === null) return row.schema_name === null ? '?' : '-';
  return `${server.host ?? '?'}:${String(server.port ?? '?')}/${server.db ?? '?'}`;
}

function stateText({ origin, error }: ListRow): string {
  if (error === null) return origin === 'configs' ? 'ok' : 'remote';
  const faults = countFaults(error);
  if (error.detail?.['code'] === 'ENOENT') return 'missing';
  return faults === 1 ? '1 fault' : `${String(faults)} faults`;
}

/** A line for the eye; the commands that need the config tell all of its faults. */
async function firstFault({ error, dc, db }: ListRow): Promise<string> {
  const { printable } = await import('../../printable.js');
  const [first = ''] = (error?.message ?? '').split('\n');
  const more = countFaults(error) - 1;
  return printable(more > 0 ? `${first} (and ${String(more)} more: belt precheck ${dc} ${db})` : first);
}

function countFaults(error: ListRow['error']): number {
  const faults: unknown = error?.detail?.['faults'];
  return Array.isArray(faults) ? faults.length : 1;
}
