import { randomBytes } from 'node:crypto';

/** A role with its password, as the config has it. */
export interface TestUser {
  readonly name: string;
  readonly pw: string;
}

/** The names of one test's database, the same on both servers. Roles belong to the whole server, so all are fresh. */
export interface TestNames {
  /** What makes them fresh. */
  readonly id: string;
  readonly database: string;
  readonly schema: string;
  readonly root: TestUser;
  /** Owns the database, the schema and its tables. */
  readonly owner: TestUser;
  readonly pglogical: TestUser;
  /** Stands for the application: may log in, has no privileges but what the test's SQL grants. */
  readonly app: TestUser;
}

/** Letters that end quoting, separate words or fields, or escape, in SQL, shells, connection strings or URLs. */
const HOSTILE_PASSWORD = `p w'"\\ $x @:/%#?&=;,{}`;

/** Ordinary names, but in mixed case and with a space, and a schema that is not public. */
export function ordinaryNames(superuser: TestUser): TestNames {
  const id = freshId();
  return {
    id,
    database: `Shop_${id}`,
    schema: 'Shop Data',
    root: superuser,
    owner: { name: `Owner_${id}`, pw: `owner-${id}` },
    // The same password in all tests: subscriptions of earlier ones may still use the role.
    pglogical: { name: 'pglogical', pw: 'pglogical-password' },
    app: { name: `App_${id}`, pw: `app-${id}` },
  };
}

/** Names that break whatever puts a string together by hand. */
export function hostileNames(): TestNames {
  const id = freshId();
  const user = (role: string): TestUser => ({
    name: `${role} "${id}" o'x\\ @:/%#?&=`,
    // Of this test alone: one looks for it in the arguments of every process of the machine.
    pw: `${HOSTILE_PASSWORD}${role}-${id}`,
  });
  return {
    id,
    database: `my "odd" d'b\\ @:/%#?&= ${id}`,
    schema: 'my "odd" schéma',
    root: user('root'),
    owner: user('owner'),
    pglogical: user('pgl'),
    app: user('app'),
  };
}

function freshId(): string {
  return randomBytes(4).toString('hex');
}
