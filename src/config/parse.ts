import { findNodeAtLocation, getNodeValue, type Node } from 'jsonc-parser';
import { folderFindings, placeholderFindings, schemaFindings, variableFindings, type Finding } from './check.js';
import { faultsError, pathText, positions, type ConfigFault } from './faults.js';
import { resolveConfig, type ParsedConfig } from './resolve.js';
import { configSchema } from './schema.js';
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
  const said = syntaxFaults.length > 0 ? findings.filter(({ about }) => about !== 'missing') : findings;

  const position = positions(text);
  const faults = said.map((finding): ConfigFault => {
    const { offset } = nodeOf(root, finding);
    return { path: pathText(finding.path), ...position(offset), message: finding.message };
  });
  if (!checked.success || syntaxFaults.length + faults.length > 0) {
    throw faultsError(options.file, [...syntaxFaults, ...faults]);
  }
  return resolveConfig(checked.data, options.variables);
}

/** The node by whose place a fault is shown. */
function nodeOf(root: Node, { path, about }: Finding): Node {
  const node = findNodeAtLocation(root, about === 'missing' ? path.slice(0, -1) : [...path]);
  return (about === 'key' ? node?.parent : node) ?? root;
}

function unique(findings: readonly Finding[]): Finding[] {
  const byPath = new Map<string, Finding>();
  for (const finding of findings) {
    const key = JSON.stringify(finding.path);
    if (!byPath.has(key)) byPath.set(key, finding);
  }
  return [...byPath.values()];
}
