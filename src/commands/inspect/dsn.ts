import { resolveTargets } from '../../config/discover.js';
import { loadConfig } from '../../config/load.js';
import { UsageError, type SideName } from '../../errors.js';
import { requireSide } from '../../pair/pair.js';
import { sideAddress } from '../../pair/side.js';
import { addressConninfo } from '../../postgres/conninfo.js';
import { printable } from '../../printable.js';
import type { PlainContext } from '../define.js';

interface Options {
  readonly owner: boolean;
  readonly pglogical: boolean;
}

/**
 * The module of the command that prints the connection string of a side, password and all: it is meant for
 * `psql "$(belt src-dsn DC DB)"`. Nothing else may go to stdout, and the string nowhere else.
 */
export function dsnModule(side: SideName): {
  run(context: PlainContext, args: readonly string[], options: Options): Promise<void>;
} {
  return { run: (context, args, options) => printDsn(side, context, args, options) };
}

/** @throws UsageError for two roles at once; ConfigError when the database, its config or the side is not there */
async function printDsn(
  side: SideName,
  { environment, print, note }: PlainContext,
  [dc = '', db = '']: readonly string[],
  options: Options,
): Promise<void> {
  if (options.owner && options.pglogical) {
    throw new UsageError('--owner and --pglogical exclude each other', {
      hint: 'Give one of them, or none to connect as root.',
    });
  }
  await resolveTargets(environment.cwd, dc, db);
  const { config, path, warnings } = await loadConfig(environment.cwd, dc, db, environment.variables);
  for (const warning of warnings) note(`warning: ${printable(warning)}`);
  const role = options.owner ? 'owner' : options.pglogical ? 'pglogical' : 'root';
  print(`${addressConninfo(sideAddress(side, requireSide(config, path, side), role))}\n`);
}
