import pg from 'pg';
import type { Server } from '../../src/sandbox/servers.js';
import type { Place } from '../corpus/reference.js';

/** A database of a benchmark's server, as the checker and the reference want it. */
export function placeOf({ host, port, superuser: user, password }: Server, database: string): Place {
  return { host, port, user, password, database };
}

/** A connection; the caller ends it. */
export async function connect(place: Place): Promise<pg.Client> {
  const client = new pg.Client(place);
  await client.connect();
  return client;
}
