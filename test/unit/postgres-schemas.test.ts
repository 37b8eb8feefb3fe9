import { describe, expect, it } from 'vitest';
import { Schemas } from '../../src/postgres/schemas.js';

const one = new Schemas(['shop']);
const two = new Schemas(['shop', 'a.b']);

describe('Schemas', () => {
  it('calls objects by their bare names where there is one schema', () => {
    expect(one.label({ schema: 'shop', name: 'Order Details' })).toBe('Order Details');
    expect(one.label({ schema: 'shop', name: 'a.b' })).toBe('a.b');
    expect(one.label({ schema: 'elsewhere', name: 'x' })).toBe('elsewhere.x');
    expect(one.text).toBe('shop');
    expect(one.words).toBe('schema "shop"');
  });

  it('calls objects by schema and name where there are several, or may be', () => {
    expect(two.label({ schema: 'shop', name: 'Order Details' })).toBe('shop.Order Details');
    expect(new Schemas(['shop'], true).label({ schema: 'shop', name: 'x' })).toBe('shop.x');
    expect(two.text).toBe('shop, "a.b"');
    expect(two.words).toBe('schemas "shop" and "a.b"');
    expect(new Schemas(['a', 'b', 'c', 'd', 'e', 'f', 'g']).words).toBe('schemas "a", "b", "c", "d", "e" and 2 more');
  });

  it('calls no two objects alike', () => {
    const parts = ['a', 'b', 'a.b', 'b.a', '"a"', '"a".b', 'a"', ',', '"', '.', ''];
    const schemas = new Schemas(parts);
    const labels = parts.flatMap((schema) => parts.map((name) => schemas.label({ schema, name })));
    expect(new Set(labels).size).toBe(parts.length ** 2);
  });

  it('finds an object by any way to write its name', () => {
    const table = { schema: 'a.b', name: 'Order "x"' };
    const other = { schema: 'shop', name: 'other' };
    for (const text of ['Order "x"', '"a.b"."Order ""x"""', 'a.b.Order "x"', two.label(table)]) {
      expect(two.find(text, [table, other]), text).toEqual([table]);
      expect(two.named([text], table)).toBe(true);
    }
    expect(two.find('order "x"', [table, other])).toEqual([]);
    expect(one.find('shop.other', [other])).toEqual([other]);
  });

  it('gives all that a name may mean, and only what a label says', () => {
    const same = [
      { schema: 'shop', name: 'same' },
      { schema: 'a.b', name: 'same' },
    ];
    expect(two.find('same', same)).toEqual(same);
    expect(two.find('shop.same', same)).toEqual([same[0]]);
    const dotted = [
      { schema: 'shop', name: 'shop.same' },
      { schema: 'shop', name: 'same' },
    ];
    // With one schema a name with a dot is meant as it stands; with several the label goes first.
    expect(one.find('shop.same', dotted)).toEqual([dotted[0]]);
    expect(two.find('shop.same', dotted)).toEqual([dotted[1]]);
  });
});
