import { ident } from './quote.js';

/** Something that has a name within a schema. */
export interface ObjectName {
  readonly schema: string;
  readonly name: string;
}

declare const labelled: unique symbol;

/**
 * How an object is called where one text must do: in tables, messages and the `name` of JSON rows, and as the key of a
 * Map. Only Schemas makes one, so the compiler tells where a bare name, which two schemas may have, stands for an object.
 */
export type Label = string & { readonly [labelled]: true };

/** Names that a sentence shows, at most. */
const SHOWN = 5;

/**
 * The schemas that move. Where they are several, an object is called `schema.table`, else by its bare name. A part that
 * holds a dot, a comma or a double quote stands in double quotes then, so that no two objects are called alike.
 */
export class Schemas {
  /** @param qualify whether objects are called with their schema, however many schemas there are */
  constructor(
    readonly names: readonly string[],
    readonly qualify = names.length > 1,
  ) {}

  /** `schema "shop"`, `schemas "sales" and "stock"`. */
  get words(): string {
    return schemaWords(this.names);
  }

  /** The names with commas between them, as rows show them. */
  get text(): string {
    return this.names.length === 1 ? (this.names[0] ?? '') : this.names.map(labelPart).join(', ');
  }

  has(schema: string): boolean {
    return this.names.includes(schema);
  }

  label({ schema, name }: ObjectName): Label {
    return (this.qualify || !this.has(schema) ? fullName({ schema, name }) : name) as Label;
  }

  /** The same objects, each with its label. */
  labelled<T extends ObjectName>(objects: readonly T[]): (T & { readonly label: Label })[] {
    return objects.map((object) => ({ ...object, label: this.label(object) }));
  }

  /**
   * The objects that a person may mean by a text: with or without the schema, its parts in double quotes or not.
   * @returns none, one, or those of several schemas that have that name
   */
  find<T extends ObjectName>(text: string, candidates: readonly T[]): T[] {
    const called = candidates.filter((one) => this.label(one) === text);
    if (called.length > 0) return called;
    return candidates.filter((one) => spellings(one).includes(text));
  }

  /** Whether one of the texts may mean the object. */
  named(texts: readonly string[], object: ObjectName): boolean {
    return texts.some((text) => this.find(text, [object]).length > 0);
  }
}

/** `schema "shop"`, `schemas "sales" and "stock"`, `schemas "a", "b", ... and 7 more`. */
export function schemaWords(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map((name) => `"${name}"`);
  if (names.length > SHOWN) return `schemas ${shown.join(', ')} and ${String(names.length - SHOWN)} more`;
  const last = shown.pop() ?? 'none';
  return shown.length === 0 ? `schema ${last}` : `schemas ${shown.join(', ')} and ${last}`;
}

/** `schema.table`, a part in double quotes where it holds a dot, a comma or a double quote. */
function fullName({ schema, name }: ObjectName): string {
  return `${labelPart(schema)}.${labelPart(name)}`;
}

function spellings(object: ObjectName): string[] {
  const { schema, name } = object;
  return [name, fullName(object), `${schema}.${name}`, `${ident(schema)}.${ident(name)}`];
}

function labelPart(part: string): string {
  return /[.",]/.test(part) || part === '' ? ident(part) : part;
}
