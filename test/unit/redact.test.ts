import { describe, expect, it } from 'vitest';
import type { DatabaseConfig, SideConfig } from '../../src/config/schema.js';
import { conninfo } from '../../src/postgres/conninfo.js';
import { makeRedactor } from '../../src/redact.js';

const PASSWORD = `it's a\\b @:/%#?&= "x"`;

function side(pw: string): SideConfig {
  return {
    host: 'db.example.com',
    db: 'shop',
    port: 5432,
    root_user: { name: 'postgres', pw: 'postgres' },
    owner_user: { name: 'owner', pw },
    pglogical_user: { name: 'pglogical', pw: 'pglogical-secret' },
    other_users: null,
    sslmode: 'disable',
  };
}

const config = { db: 'shop', dc: 'dc1', schema_name: 'public', src: side(PASSWORD), dst: side('other-secret') };
const redact = makeRedactor(config as unknown as DatabaseConfig);

describe('makeRedactor', () => {
  it.each([
    ['plain', `password ${PASSWORD} refused`],
    ['in a connection string', conninfo({ host: 'h', password: PASSWORD, dbname: 'shop' })],
    ['URL-encoded', `postgresql://owner:${encodeURIComponent(PASSWORD)}@host/shop`],
    ['of another side', 'dsn was: other-secret'],
  ])('hides a password %s', (_, text) => {
    const shown = redact(text);
    expect(shown).not.toContain(PASSWORD);
    expect(shown).not.toContain(encodeURIComponent(PASSWORD));
    expect(shown).not.toContain('secret');
    expect(shown).toContain('***');
  });

  it('hides what is called a password, whatever its value', () => {
    expect(redact('host=h password=postgres dbname=shop')).toBe('host=h password=*** dbname=shop');
    expect(redact(`password='a \\' b' x`)).toBe('password=*** x');
    expect(redact('postgres://u:anything@h/db')).toBe('postgres://u:***@h/db');
  });

  it('leaves words alone that are names too', () => {
    expect(redact('role "postgres" cannot log in')).toBe('role "postgres" cannot log in');
  });
});
