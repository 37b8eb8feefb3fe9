import { getLocation, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import { pathText, positions, type ConfigFault, type ConfigPath } from './faults.js';

/** JSON as people write it: with comments and trailing commas. */
export interface SyntaxTree {
  /** undefined when there is no value at all. */
  readonly root: Node | undefined;
  readonly faults: readonly ConfigFault[];
}

/** Reads JSON with comments; goes on after a fault, so that what follows can be checked too. */
export function readSyntax(text: string): SyntaxTree {
  const errors: ParseError[] = [];
  // Some editors put a byte order mark in front. A space in its place keeps all offsets.
  const clean = text.replace(/^\uFEFF/, ' ');
  const root = parseTree(clean, errors, { allowTrailingComma: true });
  const position = positions(text);
  if (root === undefined && clean.trim() === '') {
    return { root, faults: [{ path: '', line: 1, column: 1, message: 'the file is empty' }] };
  }
  const faults = errors.map(({ error, offset }) => ({
    path: pathText(getLocation(clean, offset).path.filter((segment) => segment !== '')),
    ...position(offset),
    message:
      offset >= clean.trimEnd().length
        ? 'the file ends here, too early'
        : (words[printParseErrorCode(error)] ?? 'is not JSON'),
  }));
  // One slip makes several errors on its line, of which the first says it best.
  const first = faults.filter(({ line }, index) => faults.findIndex((other) => other.line === line) === index);
  return { root, faults: [...first, ...repeatedKeys(root, [], position)] };
}

/** By the names that jsonc-parser gives its errors. */
const words: Readonly<Record<string, string>> = {
  InvalidSymbol: 'is not a JSON value; text must stand in double quotes',
  InvalidNumberFormat: 'is not a number as JSON writes it',
  PropertyNameExpected: 'wants a key in double quotes here',
  ValueExpected: 'wants a value here',
  ColonExpected: 'wants a colon after the key',
  CommaExpected: 'wants a comma before this',
  CloseBraceExpected: 'wants a closing }',
  CloseBracketExpected: 'wants a closing ]',
  EndOfFileExpected: 'stands after the end of the config',
  InvalidCommentToken: 'is not a comment; comments are // and /* */',
  UnexpectedEndOfComment: 'this comment is not closed by */',
  UnexpectedEndOfString: 'wants a closing double quote',
  UnexpectedEndOfNumber: 'is not a number as JSON writes it',
  InvalidUnicode: 'wants four hexadecimal digits after \\u',
  InvalidEscapeCharacter: 'has a backslash that JSON does not know; write \\\\ for a backslash',
  InvalidCharacter: 'has a control character inside quotes; write \\n, \\t or \\u00XX',
};

function repeatedKeys(node: Node | undefined, path: ConfigPath, position: ReturnType<typeof positions>): ConfigFault[] {
  if (node?.type === 'array') {
    return (node.children ?? []).flatMap((child, index) => repeatedKeys(child, [...path, index], position));
  }
  if (node?.type !== 'object') return [];
  const seen = new Set<string>();
  return (node.children ?? []).flatMap(({ children }) => {
    const [keyNode, valueNode] = children ?? [];
    if (keyNode === undefined) return [];
    const key = String(keyNode.value);
    const here = [...path, key];
    const repeated = seen.has(key)
      ? [{ path: pathText(here), ...position(keyNode.offset), message: 'stands here a second time; keep one' }]
      : [];
    seen.add(key);
    return [...repeated, ...repeatedKeys(valueNode, here, position)];
  });
}
