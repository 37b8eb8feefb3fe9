import { getNodeValue } from 'jsonc-parser';
import { z } from 'zod';
import { listDatabases, listDatacenters } from './discover.js';
import { configFile, configPath } from './paths.js';
import { readConfigText } from './read.js';
import { configSchema, type WrittenSide } from './schema.js';
import { readSyntax } from './syntax.js';

type WrittenUser = WrittenSide['pglogical_user'];

const sideSchema = configSchema.shape.src.unwrap();
const part = z.object({
  host: sideSchema.shape.host,
  port: sideSchema.shape.port,
  pglogical_user: sideSchema.shape.pglogical_user,
});

/**
 * The pglogical user of a server, as another config of the project has it: roles belong to the whole server, so configs
 * that share one must agree on it.
 * @returns undefined when no other config knows the server
 */
export async function knownPglogicalUser(
  cwd: string,
  server: { readonly host: string; readonly port: number },
): Promise<{ user: WrittenUser; file: string } | undefined> {
  for (const dc of await listDatacenters(cwd).catch(() => [])) {
    for (const db of await listDatabases(cwd, dc)) {
      const file = configFile(dc, db);
      // What cannot be read knows nothing; the commands that need it say why.
      const text = await readConfigText(configPath(cwd, dc, db), file).then(
        (found) => found.text,
        () => '',
      );
      const { root } = readSyntax(text);
      const sides = root === undefined ? {} : (getNodeValue(root) as { src?: unknown; dst?: unknown } | null);
      for (const side of [sides?.src, sides?.dst]) {
        const { data } = part.safeParse(side);
        if (data?.host.toLowerCase() === server.host.toLowerCase() && Number(data.port) === server.port) {
          return { user: data.pglogical_user, file };
        }
      }
    }
  }
  return undefined;
}
