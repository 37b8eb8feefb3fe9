import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';

/**
 * The form of the files that dump-schema writes: SQL that psql runs as it stands, and comment lines by which belt finds
 * its way. The head is a comment with JSON; after it comes the body, which may be in blocks: a line `-- belt TOKEN {...}`
 * and the statement below it. The token is random, so no name, comment or function body can pass for such a line, and
 * nothing needs to read SQL. JSON has no line breaks, so what stands in a name cannot end a comment.
 */

const HEAD = '-- belt-file ';
/** The head stands among the first lines; somebody may have put some of his own above it. */
const HEAD_WITHIN_LINES = 50;

const headSchema = z.object({
  kind: z.enum(['schema', 'load', 'indexes', 'constraints']),
  token: z.string().regex(/^[0-9a-f]{32}$/),
  /** Of the body, as belt wrote it. */
  sha256: z.string(),
  /** The name of the schema, or the names of several. */
  schema: z.union([z.string(), z.array(z.string())]),
  /** Major version of the source's server. */
  major: z.number(),
  /** What belt has to know of the schema to load it. */
  record: z.unknown().optional(),
});

export type FileKind = z.infer<typeof headSchema>['kind'];
export type Head = z.infer<typeof headSchema>;

export interface Block {
  /** What it is about, as belt wrote it. */
  readonly about: unknown;
  readonly sql: string;
}

export interface ParsedFile {
  readonly head: Head;
  /** Whether the body is not as belt wrote it. */
  readonly edited: boolean;
  readonly blocks: readonly Block[];
  readonly text: string;
}

export interface FileText {
  readonly kind: FileKind;
  readonly schemas: readonly string[];
  readonly major: number;
  /** Sentences for whoever opens the file. */
  readonly says: readonly string[];
  readonly record?: unknown;
  /** Either blocks or a body of which belt need not know the parts. */
  readonly body: string | readonly Block[];
}

export function fileText({ kind, schemas, major, says, record, body }: FileText): string {
  const token = randomBytes(16).toString('hex');
  const text = typeof body === 'string' ? body : body.map((block) => blockText(token, block)).join('\n');
  const schema = schemas.length === 1 ? (schemas[0] ?? '') : [...schemas];
  const head: Head = { kind, token, sha256: digest(text), schema, major, record };
  return [...says.map((sentence) => `-- ${sentence}`), `${HEAD}${JSON.stringify(head)}`, '', text].join('\n');
}

function blockText(token: string, { about, sql }: Block): string {
  return `-- belt ${token} ${JSON.stringify(about)}\n${sql};\n`;
}

/** @returns undefined when the text is no file of belt's, or its head is damaged */
export function parseFile(text: string): ParsedFile | undefined {
  const rows = text.split('\n');
  const at = rows.slice(0, HEAD_WITHIN_LINES).findIndex((row) => row.startsWith(HEAD));
  const head = headSchema.safeParse(jsonOf(rows[at]?.slice(HEAD.length) ?? ''));
  if (at < 0 || !head.success) return undefined;
  const body = rows.slice(at + 2);
  const { token, sha256 } = head.data;
  return {
    head: head.data,
    // A line put above the head changes nothing that matters.
    edited: digest(body.join('\n')) !== sha256,
    blocks: blocksOf(body, `-- belt ${token} `),
    text,
  };
}

/** A block whose statement was deleted, or made a comment line by line, is none. */
function blocksOf(rows: readonly string[], marker: string): Block[] {
  const blocks: { about: unknown; rows: string[] }[] = [];
  for (const row of rows) {
    if (row.startsWith(marker)) blocks.push({ about: jsonOf(row.slice(marker.length)), rows: [] });
    else blocks.at(-1)?.rows.push(row);
  }
  return blocks
    .filter((block) => block.rows.some((row) => row.trim() !== '' && !row.trimStart().startsWith('--')))
    .map((block) => ({ about: block.about, sql: block.rows.join('\n').trim() }));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
