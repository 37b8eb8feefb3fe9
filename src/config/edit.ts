import { applyEdits, findNodeAtLocation, parseTree, type Edit, type Node, type ParseError } from 'jsonc-parser';
import type { SideName } from '../errors.js';

/**
 * The text of a config with roles added to `other_users` of a side. Nothing else of the text changes; jsonc-parser's own
 * `modify` would lay out the whole line anew.
 * @returns undefined when the text is not a config that can be edited
 */
export function withOtherUsers(text: string, side: SideName, names: readonly string[]): string | undefined {
  const errors: ParseError[] = [];
  const root = parseTree(text.replace(/^\uFEFF/, ' '), errors, { allowTrailingComma: true });
  const object = root === undefined ? undefined : findNodeAtLocation(root, [side]);
  if (object?.type !== 'object' || errors.length > 0) return undefined;
  const users = findNodeAtLocation(object, ['other_users']);
  const known = new Set((users?.children ?? []).map((user): unknown => findNodeAtLocation(user, ['name'])?.value));
  const added = [...new Set(names)].filter((name) => !known.has(name));
  if (added.length === 0) return text;
  const edits = users === undefined ? newProperty(text, object, added) : editValue(text, users, added);
  return applyEdits(text, edits);
}

/** There is an `other_users`: null, or a list. */
function editValue(text: string, users: Node, names: readonly string[]): Edit[] {
  const property = users.parent ?? users;
  const indent = indentOf(text, property.offset);
  const last = users.children?.at(-1);
  const end = users.offset + users.length;
  if (last !== undefined) {
    const inner = indentOf(text, last.offset);
    return append(text, last, inner, names.map((name) => separator(text, inner) + entry(name)).join(','));
  }
  // A comment may stand in an empty list; it stays.
  const inner = text.slice(users.offset + 1, end - 1);
  if (users.type === 'array' && inner.trim() !== '') {
    return [insert(users.offset + 1, entries(text, names, indent) + (indent === undefined ? ' ' : ''))];
  }
  return [{ offset: users.offset, length: users.length, content: list(text, names, indent) }];
}

/** There is no `other_users`: it becomes the last property. */
function newProperty(text: string, object: Node, names: readonly string[]): Edit[] {
  const last = object.children?.at(-1);
  if (last === undefined) return [insert(object.offset + 1, `"other_users": ${list(text, names, undefined)}`)];
  const indent = indentOf(text, last.offset);
  return append(text, last, indent, `${separator(text, indent)}"other_users": ${list(text, names, indent)}`);
}

/** Puts something, and the comma it needs, behind the last member of a list or object. */
function append(text: string, last: Node, indent: string | undefined, content: string): Edit[] {
  const end = last.offset + last.length;
  // A comment at the end of the last member's line goes with that member.
  const rest = /^[ \t]*(,?)[ \t]*(?:\/\/[^\r\n]*)?(?=[\r\n])/.exec(text.slice(end));
  if (indent === undefined || rest === null) return [insert(end, `,${content}`)];
  const comma = rest[1] === ',' ? [] : [insert(end, ',')];
  return [...comma, insert(end + rest[0].length, content)];
}

function list(text: string, names: readonly string[], indent: string | undefined): string {
  return `[${entries(text, names, indent)}${indent === undefined ? '' : separator(text, indent)}]`;
}

/** The entries of a new list, each on its own line where the list's property has a line of its own. */
function entries(text: string, names: readonly string[], indent: string | undefined): string {
  if (indent === undefined) return names.map(entry).join(', ');
  const inner = separator(text, indent + (indent.includes('\t') ? '\t' : '  '));
  return names.map((name) => inner + entry(name)).join(',');
}

function entry(name: string): string {
  return `{ "name": ${JSON.stringify(name)}, "pw": null }`;
}

function insert(offset: number, content: string): Edit {
  return { offset, length: 0, content };
}

/** The white space in front of what stands first in its line; undefined for what does not. */
function indentOf(text: string, offset: number): string | undefined {
  return /(?:^|[\r\n])([ \t]*)$/.exec(text.slice(0, offset))?.[1];
}

function separator(text: string, indent: string | undefined): string {
  if (indent === undefined) return ' ';
  return (text.includes('\r\n') ? '\r\n' : '\n') + indent;
}
