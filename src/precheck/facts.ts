import type { Pair } from '../pair/pair.js';
import type { Side } from '../pair/side.js';
import {
  availableExtensions,
  extensionsOf,
  type AvailableExtension,
  type Extension,
} from '../postgres/catalog/extensions.js';
import { absentSchemas } from '../postgres/catalog/movable-schemas.js';
import { readSequences } from '../postgres/catalog/sequences.js';
import { readTables, type Table } from '../postgres/catalog/tables.js';
import type { ObjectName, Schemas } from '../postgres/schemas.js';
import type { Session } from '../postgres/session.js';
import { checkTools, type ToolCheck } from '../process/tools.js';
import type { PrecheckRole } from '../results/precheck.js';
import { readRole, readServer, type ServerFacts } from './server.js';

/** What is known of one side before the kinds of findings ask their own. */
export interface SideFacts {
  readonly side: Side;
  readonly session: Session;
  readonly server: ServerFacts;
  readonly root: PrecheckRole | null;
  readonly owner: PrecheckRole | null;
  /** Those of the schemas that move that are not there. */
  readonly schemasMissing: readonly string[];
  readonly tables: readonly Table[];
  readonly sequences: readonly { name: string; schema: string; owner: string }[];
  readonly extensions: readonly Extension[];
  /** The extensions whose files the server has. */
  readonly available: ReadonlyMap<string, AvailableExtension>;
}

export interface Facts {
  readonly pair: Pair;
  /** The schemas that move. */
  readonly schemas: readonly string[];
  readonly src: SideFacts;
  readonly dst: SideFacts;
  /** The client tools on this machine. */
  readonly tools: readonly ToolCheck[];
}

/** Reads both sides. @throws RefusedError when the config names tables or sequences that the source does not have */
export async function readFacts(pair: Pair): Promise<Facts> {
  const schemas = await pair.schemas();
  const [src, dst] = await Promise.all([
    readSide(pair, schemas, pair.src, true),
    readSide(pair, schemas, pair.dst, false),
  ]);
  const majors = { source: src.session.major, destination: dst.session.major };
  return { pair, schemas: schemas.names, src, dst, tools: await checkTools(pair.environment, majors) };
}

/** @param strict whether names in `tables` and `sequences` must be there: on the destination they come with setup */
async function readSide(pair: Pair, schemas: Schemas, side: Side, strict: boolean): Promise<SideFacts> {
  const session = await side.root();
  const server = await readServer(side);
  const root = await readRole(session, side.config.root_user.name, schemas);
  const owner = await readRole(session, side.config.owner_user.name, schemas);
  const schemasMissing = await absentSchemas(session, schemas);
  const wanted = (names: readonly string[]): readonly string[] => (strict && schemasMissing.length === 0 ? names : []);
  const only = (names: readonly string[], object: ObjectName): boolean =>
    strict || names.length === 0 || schemas.named(names, object);
  const tables = await readTables(session, schemas, wanted(pair.config.tables));
  const sequences = await readSequences(session, schemas, wanted(pair.config.sequences));
  return {
    side,
    session,
    server,
    root,
    owner,
    schemasMissing,
    tables: tables.filter((table) => only(pair.config.tables, table)),
    sequences: sequences.filter((sequence) => only(pair.config.sequences, sequence)),
    extensions: await extensionsOf(session),
    available: await availableExtensions(session),
  };
}
