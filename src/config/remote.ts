import { parseTree } from 'jsonc-parser';
import { ConfigError, type SideName } from '../errors.js';
import { printable } from '../printable.js';
import { examineConfig, parseRemoteConfig } from './parse.js';
import { pathText } from './faults.js';
import { remoteFile, remotePath } from './paths.js';
import { readConfigText } from './read.js';
import { resolverOf, type RemoteConfig } from './remote-schema.js';
import { problemOf, resolverRedactor, type ResolverProblem } from './resolver-problems.js';
import { runResolver } from './resolver.js';

export interface RemoteRequest {
  /** The migration project folder. */
  readonly cwd: string;
  readonly dc: string;
  readonly db: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Aborts when belt is interrupted. */
  readonly signal?: AbortSignal | undefined;
}

const SIDES = ['src', 'dst'] as const;

/**
 * Has a config fetched by the resolvers that remote-configs/DC/DB/config.json names, both sides at the same time.
 * @returns the text of a config.json, without fault, and in words who fetched it
 * @throws ConfigError when there is no such file (`detail.code` is ENOENT), or with all that is wrong with it, or with
 *   all that went wrong with the resolvers and with what they gave; InterruptedError when the signal aborts
 */
export async function fetchConfig(request: RemoteRequest): Promise<{ text: string; by: string }> {
  const { cwd, dc, db, variables, signal } = request;
  const file = remoteFile(dc, db);
  const { text } = await readConfigText(remotePath(cwd, dc, db), file);
  const remote = parseRemoteConfig(text, file);
  const calls = SIDES.flatMap((side) => {
    const call = resolverOf(remote, side);
    return call === undefined ? [] : [{ side, ...call }];
  });
  const fetched = await Promise.all(
    calls.map(async (call) => {
      const { side, module, config } = call;
      const outcome = await runResolver({ cwd, dc, db, side, module, config, variables, signal });
      const json = outcome.kind === 'resolved' ? outcome.json : undefined;
      return { call, outcome, value: json === undefined ? undefined : (JSON.parse(json) as unknown) };
    }),
  );
  const redact = resolverRedactor([calls, fetched.map(({ value }) => value)], variables);
  const values = Object.fromEntries(fetched.map(({ call, value }) => [call.side, value]));
  const config = JSON.stringify(compose(request, remote, values), null, 2);
  const problems = fetched.flatMap(({ call, outcome }) => {
    const problem = problemOf(outcome, redact);
    const all = problem === undefined ? badParts(call.side, config, request) : [problem];
    return all.map((one) => ({ ...one, side: call.side, module: call.module }));
  });
  if (problems.length > 0) throw resolverError(file, problems);
  const by = [...new Set(calls.map(({ module }) => printable(module)))].join(' and ');
  return { text: `${header(file, by)}\n${config}\n`, by };
}

function compose(
  { dc, db }: RemoteRequest,
  remote: RemoteConfig,
  sides: Readonly<Partial<Record<SideName, unknown>>>,
): object {
  const { schema_name, tables, sequences, exclude_users, exclude_patterns } = remote;
  return {
    db,
    dc,
    schema_name: schema_name ?? undefined,
    src: sides.src ?? null,
    dst: sides.dst ?? null,
    tables: tables ?? [],
    sequences: sequences ?? [],
    exclude_users: exclude_users ?? [],
    exclude_patterns: exclude_patterns ?? [],
  };
}

function header(file: string, by: string): string {
  return [
    `// Fetched by belt on ${new Date().toISOString()}, by ${by}, as ${printable(file)} says.`,
    '// belt goes by this file as long as it is here. To fetch it anew, delete it, but not between revoke-logins and',
    '// restore-logins: src.other_users holds the names of the roles that lost their logins.',
  ].join('\n');
}

/** What is wrong with the side that a resolver gave. */
function badParts(side: SideName, config: string, { dc, db, variables }: RemoteRequest): ResolverProblem[] {
  const root = parseTree(config);
  const findings = root === undefined ? [] : examineConfig(root, { dc, db, variables }).findings;
  return findings
    .filter(({ path }) => path[0] === side)
    .map(({ path, message }) => ({
      kind: 'bad-config',
      message: `gave a bad config: ${path.length === 1 ? 'it' : `${pathText(path.slice(1))}:`} ${message}`,
      hint: 'Let it return the side as it would stand in config.json; "belt schema" prints what may stand there.',
    }));
}

function resolverError(
  file: string,
  problems: readonly (ResolverProblem & { readonly side: SideName; readonly module: string })[],
): ConfigError {
  const lines = problems.map(
    ({ side, module, message }) => `${file}, ${side}: the resolver ${printable(module)} ${message}`,
  );
  return new ConfigError(lines.join('\n'), {
    hint: [...new Set(problems.map(({ hint }) => hint))].join('\n'),
    detail: { file, problems: problems.map(({ side, module, kind, message }) => ({ side, module, kind, message })) },
  });
}
