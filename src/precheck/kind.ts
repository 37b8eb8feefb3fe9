import type { Finding } from '../results/precheck.js';
import type { AcceptableCode } from './codes.js';
import type { Facts } from './facts.js';

/** What a query of a kind may go by. */
export interface QueryContext {
  /** Major version of the server. */
  readonly major: number;
  /** Whether pglogical's tables are in the database, for root to read. */
  readonly pglogical: boolean;
}

/**
 * A query over one side's catalog, a part of one statement: see COMMON in ask.ts for what it may build upon. Null when
 * there is nothing to ask there.
 */
export type KindQuery = (context: QueryContext) => string | null;

/** A finding before its kind's code is put to it. */
export interface Found extends Omit<Finding, 'code' | 'severity' | 'acceptable'> {
  /** The kind's own when left out. */
  readonly severity?: Finding['severity'];
}

/** What the two sides answered to a kind's queries; nothing where it asked nothing. */
export interface Answers<Source extends object, Destination extends object> {
  readonly src: readonly Source[];
  readonly dst: readonly Destination[];
}

interface KindBase<Source extends object, Destination extends object> {
  readonly severity: Finding['severity'];
  /** What it is, for the table of all kinds in the documents. */
  readonly means: string;
  /** It matters to loading the schema only, which `setup --no-schema` leaves to others. */
  readonly schemaOnly?: true;
  readonly src?: KindQuery;
  readonly dst?: KindQuery;
  readonly judge: (facts: Facts, answers: Answers<Source, Destination>) => readonly Found[] | Promise<readonly Found[]>;
}

interface AcceptableKind<Source extends object, Destination extends object> extends KindBase<Source, Destination> {
  readonly code: AcceptableCode;
  /** What becomes of it when setup goes on with `--accept`. */
  readonly accept: string;
}

interface OtherKind<Source extends object, Destination extends object> extends KindBase<Source, Destination> {
  /** Stable, in kebab-case: programs know it by that. */
  readonly code: string;
  readonly accept?: undefined;
}

/** One kind of finding. */
export type Kind<Source extends object = never, Destination extends object = never> =
  AcceptableKind<Source, Destination> | OtherKind<Source, Destination>;

/** Any kind, whatever its queries give. */
export type AnyKind = Kind;

/** Declares a kind; the type parameters are what its queries give. */
export function defineKind<Source extends object, Destination extends object = Source>(
  kind: Kind<Source, Destination>,
): AnyKind {
  return kind;
}
