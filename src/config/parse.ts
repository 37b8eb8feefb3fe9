import { findNodeAtLocation, getNodeValue, type Node } from 'jsonc-parser';
import type { z } from 'zod';
import {
  folderFindings,
  placeholderFindings,
  schemaFindings,
  schemaNameFindings,
  variableFindings,
  type Finding,
} from './check.js';
import { faultsError, pathText, positions, type ConfigFault } from './faults.js';
import { remoteSchema, resolverFindings, type RemoteConfig } from './remote-schema.js';
import { resolveConfig, type ParsedConfig } from './resolve.js';
import { configSchema, type WrittenConfig } from './schema.js';
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
  const written = parseText(text, options.file, (root) => examineConfig(root, options));
  return resolveConfig(written, options.variables);
}

/**
 * Makes a remote config of the text of its config.json.
 * @param file the file's path, as messages show it
 * @throws ConfigError as `parseConfig`
 */
export function parseRemoteConfig(text: string, file: string): RemoteConfig {
  return parseText(text, file, (root) =>
    examine(root, remoteSchema, [...resolverFindings(root), ...schemaNameFindings(root)]),
  );
}

/** What came of looking at a value: it is well when there are no findings. */
export interface Examined<T> {
  readonly findings: readonly Finding[];
  /** undefined when the schema has something against it. */
  readonly value: T | undefined;
}

/** Looks for all that is wrong with a config. */
export function examineConfig(root: Node, options: Omit<ParseOptions, 'file'>): Examined<WrittenConfig> {
  return examine(root, configSchema, [
    ...placeholderFindings(root),
    ...variableFindings(root, options.variables),
    ...folderFindings(root, options),
    ...schemaNameFindings(root),
  ]);
}

/** @param special findings beyond the schema's */
function examine<T>(root: Node, schema: z.ZodType<T>, special: readonly Finding[]): Examined<T> {
  const checked = schema.safeParse(getNodeValue(root), { reportInput: false });
  // What is wrong with a value is said once, and the more telling finding wins: a placeholder is no port either.
  const findings = unique([...special, ...schemaFindings(checked.error?.issues ?? [], root, schema)]);
  return { findings, value: checked.data };
}

function parseText<T>(text: string, file: string, look: (root: Node) => Examined<T>): T {
  const { root, faults: syntaxFaults } = readSyntax(text);
  if (root === undefined) throw faultsError(file, syntaxFaults);
  const { findings, value } = look(root);
  // After a slip in the syntax, keys may seem to be missing that are there.
  const said = syntaxFaults.length > 0 ? findings.filter(({ about }) => about !== 'missing') : findings;

  const position = positions(text);
  const faults = said.map((finding): ConfigFault => {
    const { offset } = nodeOf(root, finding);
    return { path: pathText(finding.path), ...position(offset), message: finding.message };
  });
  if (value === undefined || syntaxFaults.length + faults.length > 0) {
    throw faultsError(file, [...syntaxFaults, ...faults]);
  }
  return value;
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
