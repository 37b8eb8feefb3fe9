import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { connect, type Login, type Place, type SandboxFacts } from './sandbox.js';

/** A table that the application writes to, and where in it the mark of a transaction stands. */
export const MARKED_TABLES = {
  orders: { table: '"Orders"', mark: 'note', replicated: true },
  details: {
    table: '"Orders" o JOIN "Order Details" d ON d."Order" = o.id AND d."line no" = 2',
    mark: 'o.note',
    replicated: true,
  },
  log: { table: '"audit log"', mark: `facts->>'marker'`, replicated: false },
  tags: { table: '"Price Tags"', mark: 'marker', replicated: false },
  views: { table: '"Page Views"', mark: 'marker', replicated: false },
  events: { table: '"Events"', mark: 'marker', replicated: true },
  baskets: { table: '"Baskets"', mark: 'id::text', replicated: true },
} as const;

export type Marked = keyof typeof MARKED_TABLES;

/** A transaction that the application was told is committed. */
export interface Acknowledged {
  /** Stands in the rows that it wrote. */
  readonly mark: string;
  readonly place: Place;
  readonly wrote: readonly Marked[];
  /** When the answer to COMMIT came, on performance.now()'s clock. */
  readonly at: number;
}

const WORKERS = 2;
const PAUSE_MS = 8;
const RETRY_MS = 40;

/** One kind of transaction: writes rows with the mark in them. */
interface Work {
  readonly wrote: readonly Marked[];
  run(client: pg.Client, mark: string, n: number): Promise<void>;
}

const CUSTOMERS = 30_000;
const PRODUCTS = 5000;

const WORKS: readonly Work[] = [
  {
    wrote: ['orders', 'details', 'log'],
    async run(client, mark, n) {
      const { rows } = await client.query<{ id: string }>(
        `INSERT INTO "Orders" (customer, "Total", note) VALUES ($1, $2, $3) RETURNING id`,
        [1 + (n % CUSTOMERS), n / 100, mark],
      );
      await client.query(
        `INSERT INTO "Order Details" SELECT $1, k, 1 + ($2 + k) % ${PRODUCTS}, k, 9.99 FROM generate_series(1, 2) k`,
        [rows[0]?.id, n],
      );
      await client.query('UPDATE "Stock" SET pieces = pieces - 1 WHERE product = $1', [1 + (n % PRODUCTS)]);
      await client.query('SELECT "ticket"()');
    },
  },
  {
    wrote: ['tags'],
    async run(client, mark, n) {
      await client.query('INSERT INTO "Price Tags" (product, net, marker) VALUES ($1, $2, $3)', [
        1 + (n % PRODUCTS),
        n / 7,
        mark,
      ]);
    },
  },
  {
    wrote: ['views'],
    async run(client, mark) {
      await client.query(
        `INSERT INTO "Page Views" SELECT clock_timestamp(), '10.0.0.1', '/demo/' || k, '1 ms', 0.5, $1 FROM generate_series(1, 3) k`,
        [mark],
      );
    },
  },
  {
    wrote: ['events'],
    async run(client, mark, n) {
      await client.query('INSERT INTO "Events" (happened_at, kind, customer, marker) VALUES (now(), $1, $2, $3)', [
        'demo',
        1 + (n % CUSTOMERS),
        mark,
      ]);
      await client.query('UPDATE "Customers" SET rating = $2 WHERE id = $1', [1 + (n % CUSTOMERS), n / 3]);
    },
  },
  {
    wrote: ['baskets'],
    async run(client, mark, n) {
      await client.query('INSERT INTO "Baskets" VALUES ($1, $2, $3)', [mark, 1 + (n % CUSTOMERS), '[1]']);
      // One of the sample's own baskets goes.
      await client.query(`DELETE FROM "Baskets" WHERE id = md5('basket ' || $1::int)::uuid`, [n]);
    },
  },
];

/**
 * The shop's application: writes all the time as its own role, remembers what was acknowledged, and tries again and
 * again when it is cut off, as applications do.
 */
export class Application {
  readonly acknowledged: Acknowledged[] = [];
  /** Attempts that failed since it was last pointed somewhere, and the first failure's and the last one's words. */
  refused = { attempts: 0, first: '', last: '' };
  readonly #login: Login;
  #place: Place = 'source';
  #writing = false;
  #stopped = false;
  #n = 0;
  #busy = 0;
  #workers: Promise<void>[] = [];

  constructor(private readonly facts: SandboxFacts) {
    this.#login = facts.application;
  }

  /** Starts writing at the place, or goes on there. Its old connections are closed. */
  writeTo(place: Place): void {
    this.#place = place;
    this.#writing = true;
    this.refused = { attempts: 0, first: '', last: '' };
    if (this.#workers.length === 0) this.#workers = Array.from({ length: WORKERS }, () => this.#work());
  }

  /** Stops writing, as for maintenance; resolves when nothing is under way any more. */
  async rest(): Promise<void> {
    this.#writing = false;
    while (this.#busy > 0) await pause(10);
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  at(place: Place): Acknowledged[] {
    return this.acknowledged.filter((one) => one.place === place);
  }

  async #work(): Promise<void> {
    let client: pg.Client | undefined;
    let place = this.#place;
    while (!this.#stopped) {
      if (!this.#writing || place !== this.#place) {
        await client?.end().catch(() => undefined);
        client = undefined;
        place = this.#place;
        if (!this.#writing) await pause(10);
        continue;
      }
      this.#busy++;
      try {
        client ??= await this.#connect(place);
        await this.#transaction(client, place);
        this.#busy--;
        await pause(PAUSE_MS);
      } catch (error) {
        this.#busy--;
        this.#note(error);
        await client?.end().catch(() => undefined);
        client = undefined;
        await pause(RETRY_MS);
      }
    }
    await client?.end().catch(() => undefined);
  }

  async #connect(place: Place): Promise<pg.Client> {
    const client = await connect(this.facts.servers[place], this.#login);
    // What the server said when it ended the session; the next query would only say that the connection is lost.
    client.on('error', (error) => {
      this.refused.first ||= error.message;
    });
    await client.query(`SELECT set_config('search_path', quote_ident($1), false)`, [this.facts.schema]);
    return client;
  }

  async #transaction(client: pg.Client, place: Place): Promise<void> {
    const n = ++this.#n;
    const work = WORKS[n % WORKS.length];
    if (work === undefined) return;
    const mark = randomUUID();
    await client.query('BEGIN');
    await work.run(client, mark, n);
    await client.query('COMMIT');
    this.acknowledged.push({ mark, place, wrote: work.wrote, at: performance.now() });
  }

  #note(error: unknown): void {
    const words = error instanceof Error ? error.message : String(error);
    this.refused = { attempts: this.refused.attempts + 1, first: this.refused.first || words, last: words };
  }
}
