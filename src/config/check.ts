import { findNodeAtLocation, type Node } from 'jsonc-parser';
import type { z } from 'zod';
import type { ConfigPath } from './faults.js';
import { nearest } from '../nearest.js';
import { isSystemSchema } from '../postgres/catalog/movable-schemas.js';
import { ALL_SCHEMAS } from './schema.js';

/** A fault before its place in the file is looked up. */
export interface Finding {
  readonly path: ConfigPath;
  readonly message: string;
  /** `missing`: the key is not there, so the fault shows its object. `key`: it is the key that is wrong, not its value. */
  readonly about?: 'missing' | 'key';
}

/** Names whose value a fault may show; any other text may be a password in the wrong place. */
const showable = new Set(['port', 'peer_port', 'sslmode']);

/** What a schema has against the value, in words. */
export function schemaFindings(issues: readonly z.core.$ZodIssue[], root: Node, schema: z.core.$ZodType): Finding[] {
  return issues.flatMap((issue) => issueFindings(issue, [], root, schema));
}

function issueFindings(issue: z.core.$ZodIssue, parents: ConfigPath, root: Node, schema: z.core.$ZodType): Finding[] {
  const path = [
    ...parents,
    ...issue.path.map((segment) => (typeof segment === 'symbol' ? segment.toString() : segment)),
  ];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], path, schema));
  if (issue.code === 'invalid_union') {
    // A branch that accepts the kind of value, and only has something against what is in it, says more than the whole.
    const closest = issue.errors.find((branch) =>
      branch.every(({ path: inner, code }) => inner.length > 0 || code === 'unrecognized_keys'),
    );
    if (closest !== undefined) return closest.flatMap((inner) => issueFindings(inner, path, root, schema));
  }
  const node = findNodeAtLocation(root, [...path]);
  if (node === undefined) return [{ path, message: `is missing; it ${issue.message}`, about: 'missing' }];
  if (issue.message.endsWith('it is empty')) return [{ path, message: issue.message }];
  return [{ path, message: `${issue.message}, not ${valueWords(node, path)}` }];
}

function unknownKey(path: ConfigPath, parent: ConfigPath, schema: z.core.$ZodType): Finding {
  const key = String(path.at(-1));
  const keys = knownKeys(parent, schema);
  const meant = nearest(key, keys);
  const known = meant === undefined ? `known here are ${keys.join(', ')}` : `did you mean "${meant}"?`;
  return { path, message: `is not known; ${known}`, about: 'key' };
}

/** The keys that a schema has for the object at a path. */
function knownKeys(path: ConfigPath, schema: z.core.$ZodType): string[] {
  let schemas: z.core.$ZodType[] = unwrapped(schema);
  for (const segment of path) {
    schemas = schemas.flatMap((schema) => {
      const { def } = schema._zod as z.core.$ZodTypes['_zod'];
      if (def.type === 'object') return unwrapped(def.shape[String(segment)]);
      return def.type === 'array' ? unwrapped(def.element) : [];
    });
  }
  return schemas.flatMap((schema) => {
    const { def } = schema._zod as z.core.$ZodTypes['_zod'];
    return def.type === 'object' ? Object.keys(def.shape) : [];
  });
}

/** What a schema is made of, once null and undefined and alternatives are taken apart. */
function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType[] {
  if (schema === undefined) return [];
  const { def } = schema._zod as z.core.$ZodTypes['_zod'];
  if (def.type === 'optional' || def.type === 'nullable') return unwrapped(def.innerType);
  if (def.type === 'union') return def.options.flatMap((option) => unwrapped(option));
  return [schema];
}

function valueWords(node: Node, path: ConfigPath): string {
  if (showable.has(String(path.at(-1))) && ['string', 'number', 'boolean'].includes(node.type)) {
    const text = JSON.stringify(node.value);
    return text.length > 60 ? `${text.slice(0, 60)}…` : text;
  }
  const kinds: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
  };
  return kinds[node.type] ?? node.type;
}

/** Where the example says `<fill this in>`. Not the lists of names: any name is possible there. */
export function placeholderFindings(root: Node): Finding[] {
  return leaves(root, []).flatMap(({ node, path }) => {
    const key = String(path.at(-1));
    const examined = path.length === 1 ? key === 'db' || key === 'dc' : path[1] !== 'other_users';
    const inLists = path.some((segment) => typeof segment === 'number');
    if (!examined || inLists || typeof node.value !== 'string' || !isPlaceholder(node.value)) return [];
    const message =
      key === 'pw'
        ? 'still is a placeholder; fill in the password (one that really is like this: by {"env": "NAME"})'
        : `still is the placeholder ${JSON.stringify(node.value)}; fill it in`;
    return [{ path, message }];
  });
}

/** Whether a text is of the kind that examples have where something is to be filled in. */
export function isPlaceholder(text: string): boolean {
  return /^<.*>$/s.test(text);
}

function leaves(node: Node, path: ConfigPath): { node: Node; path: ConfigPath }[] {
  if (node.type === 'array') return (node.children ?? []).flatMap((child, index) => leaves(child, [...path, index]));
  if (node.type !== 'object') return [{ node, path }];
  return (node.children ?? []).flatMap(({ children }) => {
    const [key, value] = children ?? [];
    return key === undefined || value === undefined ? [] : leaves(value, [...path, String(key.value)]);
  });
}

/** `{"env": "NAME"}` where NAME is not set. */
export function variableFindings(root: Node, variables: Readonly<Record<string, string | undefined>>): Finding[] {
  return leaves(root, []).flatMap(({ node, path }) => {
    if (path.at(-1) !== 'env' || path.at(-2) !== 'pw' || typeof node.value !== 'string' || node.value === '') return [];
    const value = variables[node.value];
    if (value !== undefined && value !== '') return [];
    const state = value === undefined ? 'not set' : 'empty';
    return [{ path, message: `the environment variable ${node.value} is ${state}` }];
  });
}

/** Lists of schemas that say nothing, or too much; and schemas that never move. */
export function schemaNameFindings(root: Node): Finding[] {
  const node = findNodeAtLocation(root, ['schema_name']);
  if (node === undefined) return [];
  if (node.type === 'string') return systemFinding(String(node.value), ['schema_name']);
  if (node.type !== 'array') return [];
  const items = node.children ?? [];
  if (items.length === 0) {
    return [{ path: ['schema_name'], message: 'is an empty list: name the schemas that move, or write "*" for all' }];
  }
  const seen = new Set<unknown>();
  return items.flatMap(({ value, type }, index) => {
    const path = ['schema_name', index];
    if (type !== 'string' || value === '') return [];
    if (value === ALL_SCHEMAS) {
      return [{ path, message: 'stands in a list; for all schemas write "schema_name": "*", without a list' }];
    }
    const again = seen.has(value);
    seen.add(value);
    return again
      ? [{ path, message: `names ${JSON.stringify(value)} a second time` }]
      : systemFinding(String(value), path);
  });
}

function systemFinding(name: string, path: ConfigPath): Finding[] {
  if (!isSystemSchema(name)) return [];
  return [
    {
      path,
      message: `names ${JSON.stringify(name)}, a schema of PostgreSQL, pglogical or belt itself: it never moves`,
    },
  ];
}

/** A `db` or `dc` that is not the name of the folder that the file stands in. */
export function folderFindings(root: Node, folders: { readonly db: string; readonly dc: string }): Finding[] {
  return (['db', 'dc'] as const).flatMap((key) => {
    const value: unknown = findNodeAtLocation(root, [key])?.value;
    if (typeof value !== 'string' || value === '' || value === folders[key]) return [];
    return [
      {
        path: [key],
        message: `wants the folder's name, ${JSON.stringify(folders[key])}, not ${JSON.stringify(value)}`,
      },
    ];
  });
}
