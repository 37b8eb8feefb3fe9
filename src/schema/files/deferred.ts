import { z } from 'zod';
import { RefusedError } from '../../errors.js';
import type { Pair } from '../../pair/pair.js';
import { constraintKey, type NotValidConstraint } from '../../postgres/catalog/constraints.js';
import type { CarriedIndex, IndexDefinition, IndexFacts } from '../../postgres/catalog/indexes.js';
import { commentStatement, planConstraint, type ConstraintPlan } from '../constraint-plan.js';
import type { DeferredOrigin } from '../deferred-origin.js';
import { indexParts, planAttachment, planIndex, type IndexPart, type IndexPlan } from '../index-plan.js';
import type { Schemas } from '../../postgres/schemas.js';
import type { Block, Head, ParsedFile } from './format.js';
import { readSchemaFile, shownPath } from './store.js';

/** The indexes and the constraints that wait for the data, as blocks of a file: what is written is read here again. */

/** Dumps of earlier versions, of one schema, lack it. */
const schema = z.string().optional();

const carried = z.object({
  schema,
  name: z.string(),
  table: z.string(),
  unique: z.boolean(),
  partitioned: z.boolean(),
  parent: z.object({ schema: z.string(), name: z.string() }).nullable(),
  comment: z.string().nullable(),
  clustered: z.boolean(),
  statistics: z.array(z.object({ column: z.number(), target: z.number() })),
});

const indexAbout = z.discriminatedUnion('part', [
  carried.extend({ kind: z.literal('index'), part: z.literal('create') }),
  // Of an index that is there before the data.
  carried.extend({ kind: z.literal('index'), part: z.literal('attach-alone') }),
  z.object({
    kind: z.literal('index'),
    schema,
    name: z.string(),
    part: z.enum(['attach', 'comment', 'cluster', 'statistics']),
    column: z.number().nullable(),
  }),
]);

const named = { on: z.enum(['table', 'domain']), schema, relation: z.string(), name: z.string() };

const constraintAbout = z.discriminatedUnion('part', [
  z.object({ kind: z.literal('constraint'), ...named, part: z.literal('add'), comment: z.string().nullable() }),
  z.object({ kind: z.literal('constraint'), ...named, part: z.literal('comment') }),
]);

/** @param attached those that are there before the data, and are attached to one of the others */
export function indexBlocks(indexes: readonly IndexDefinition[], attached: readonly IndexFacts[]): Block[] {
  const blocks = indexes.flatMap((index) =>
    planIndex(index).parts.map((part) => ({ part, about: aboutIndex(index, part), sql: part.sql })),
  );
  // An index is attached when both are there, so a file that psql runs from its top attaches at its end.
  return [
    ...blocks.filter(({ part }) => part.part !== 'attach'),
    ...blocks.filter(({ part }) => part.part === 'attach'),
    ...attached.flatMap((index) =>
      planAttachment(index).parts.map(({ sql }) => ({
        about: { kind: 'index', part: 'attach-alone', ...carried.parse(index) } satisfies z.infer<typeof indexAbout>,
        sql,
      })),
    ),
  ];
}

function aboutIndex(index: CarriedIndex, { part, column }: IndexPart): z.infer<typeof indexAbout> {
  if (part !== 'create') return { kind: 'index', schema: index.schema, name: index.name, part, column };
  return { kind: 'index', part, ...carried.parse(index) };
}

export function constraintBlocks(constraints: readonly NotValidConstraint[]): Block[] {
  return constraints.flatMap((constraint) => {
    const { on, schema, relation, name, comment } = constraint;
    return planConstraint(constraint).parts.map(({ part, sql }) => {
      const about: z.infer<typeof constraintAbout> =
        part === 'add'
          ? { kind: 'constraint', on, schema, relation, name, part, comment }
          : { kind: 'constraint', on, schema, relation, name, part };
      return { about, sql };
    });
  });
}

/** What dump-schema has written, as it stands in the files now: statements may be changed, and blocks deleted. */
export function filesOrigin(pair: Pair): DeferredOrigin {
  return {
    files: { indexes: shownPath(pair, 'indexes'), constraints: shownPath(pair, 'constraints') },
    comparable: async (kind) => !(await readSchemaFile(pair, kind)).edited,
    indexes: async () => indexesOf(pair, await readSchemaFile(pair, 'indexes'), await pair.schemas()),
    constraints: async () => constraintsOf(pair, await readSchemaFile(pair, 'constraints')),
  };
}

function indexesOf(pair: Pair, { blocks, head }: ParsedFile, schemas: Schemas): IndexPlan[] {
  const parts = blocks.map(({ about, sql }) => ({
    about: withSchema(understood(pair, 'indexes', indexAbout, about), head),
    sql,
  }));
  return parts.flatMap(({ about, sql }) => {
    if (about.part !== 'create' && about.part !== 'attach-alone') return [];
    const { schema, name } = about;
    const index: CarriedIndex = { ...about, label: schemas.label(about) };
    if (about.part === 'attach-alone')
      return [{ index, parts: planAttachment(index).parts.map((part) => asInFile(part, sql)) }];
    const own = parts.filter(
      (one) => one.about.part !== 'create' && one.about.schema === schema && one.about.name === name,
    );
    const written = indexParts(index, withoutEnd(sql));
    const kept = written.flatMap((part) => {
      if (part.part === 'create') return [part];
      const block = own.find(
        (one) => one.about.part === part.part && 'column' in one.about && one.about.column === part.column,
      );
      return block === undefined ? [] : [asInFile(part, block.sql)];
    });
    return [{ index, parts: kept }];
  });
}

function constraintsOf(pair: Pair, { blocks, head }: ParsedFile): ConstraintPlan[] {
  const parts = blocks.map(({ about, sql }) => ({
    about: withSchema(understood(pair, 'constraints', constraintAbout, about), head),
    sql,
  }));
  return parts.flatMap(({ about: constraint, sql }) => {
    if (constraint.part !== 'add') return [];
    const key = constraintKey(constraint);
    const comment = parts.find(({ about }) => about.part === 'comment' && constraintKey(about) === key);
    const written = { part: 'comment' as const, sql: commentStatement(constraint), edited: false };
    return [
      {
        constraint,
        parts: [
          { part: 'add' as const, sql: withoutEnd(sql), edited: false },
          ...(comment === undefined ? [] : [asInFile(written, comment.sql)]),
        ],
      },
    ];
  });
}

/** What the line does not say, the head of its file does. */
function withSchema<T extends { readonly schema?: string | undefined }>(about: T, head: Head): T & { schema: string } {
  return { ...about, schema: about.schema ?? [head.schema].flat()[0] ?? '' };
}

function asInFile<Part extends { readonly sql: string }>(part: Part, sql: string): Part & { edited: boolean } {
  const statement = withoutEnd(sql);
  return { ...part, sql: statement, edited: statement !== part.sql.trim() };
}

/** Without the semicolon that psql needs. */
function withoutEnd(sql: string): string {
  return sql.endsWith(';') ? sql.slice(0, -1).trimEnd() : sql;
}

function understood<T>(pair: Pair, kind: 'indexes' | 'constraints', schema: z.ZodType<T>, about: unknown): T {
  const parsed = schema.safeParse(about);
  if (parsed.success) return parsed.data;
  const file = shownPath(pair, kind);
  throw new RefusedError(`${file}: a line that begins with "-- belt" was changed, and is not understood any more`, {
    hint: `Put the line back; statements may be changed, and a block may be deleted as a whole. Or run belt dump-schema ${pair.config.dc} ${pair.db} --force.`,
    detail: { file },
  });
}
