import { findNodeAtLocation, getNodeValue } from 'jsonc-parser';
import { folderFindings, placeholderFindings, schemaFindings, variableFindings, type Finding } from './check.js';
import { faultsError, pathText, positions, type ConfigFault } from './faults.js';
import { resolveConfig } from './resolve.js';
import { configSchema, type DatabaseConfig } from './schema.js';
import { readSyntax } from './syntax.js';

export interface ParseOptions {
  /** The file's path, as messages show it. */
  readonly file: string;
  /** The folders that the file stands in. */
  readonly dc: string;
  readonly db: string;
  /** The environment variables that `{"env": "NAME"}` may name. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export interface ParsedConfig {
  readonly config: DatabaseConfig;
  /** Whether a password stands in the file itself, and not in an environment variable. */
  readonly plainPasswords: boolean;
}

/**
 * Makes a config of the text of a config.json (JSON with comments and trailing commas).
 * @throws ConfigError with all the faults at once, as an array in `detail.faults`, each with its line; no password in it
 */
export function parseConfig(text: string, options: ParseOptions): ParsedConfig {
  const { root, faults: syntaxFaults } = readSyntax(text);
  if (root === undefined) throw faultsError(options.file, syntaxFaults);
  const checked = configSchema.safeParse(getNodeValue(root), { reportInput: false });
  const special = [
    ...placeholderFindings(root),
    ...variableFindings(root, options.variables),
    ...folderFindings(root, options),
  ];
  // What is wrong with a value is said once, and the more telling finding wins: a placeholder is no port either.
  const findings = unique([...special, ...schemaFindings(checked.error?.issues ?? [], root)]);
  // After a slip in the syntax, keys may seem to be missing that are there.
  const said = syntaxFaults.length > 0 ? findings.filter(({ missing }) => missing !== true) : findings;

  const position = positions(text);
  const faults = said.map((finding): ConfigFault => {
    let node = findNodeAtLocation(root, [...finding.path]);
    for (let depth = finding.path.length - 1; node === undefined && depth >= 0; depth -= 1) {
      node = findNodeAtLocation(root, finding.path.slice(0, depth));
    }
    // A key that is not known is shown itself, any other fault its value.
    const shown = finding.message.startsWith('is not known') ? (node?.parent ?? node) : node;
    return { path: pathText(finding.path), ...position((shown ?? root).offset), message: finding.message };
  });
  if (!checked.success || syntaxFaults.length + faults.length > 0) {
    throw faultsError(options.file, [...syntaxFaults, ...faults]);
  }
  return resolveConfig(checked.data, options.variables);
}

function unique(findings: readonly Finding[]): Finding[] {
  const byPath = new Map<string, Finding>();
  for (const finding of findings) {
    const key = JSON.stringify(finding.path);
    if (!byPath.has(key)) byPath.set(key, finding);
  }
  return [...byPath.values()];
}
