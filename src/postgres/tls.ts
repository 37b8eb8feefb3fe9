import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import pg from 'pg';

/** How a connection is protected; the modes are libpq's. */
export interface Ssl {
  readonly mode: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  /** File with the certificates to trust; the system's when left out. */
  readonly rootcert?: string | undefined;
}

/**
 * Connects with TLS as `ssl.mode` asks, in libpq's meaning: `prefer` (and `allow`) fall back to no TLS when the server
 * has none; `require` encrypts without checking who answers, unless a root certificate is given; `verify-ca` checks the
 * certificate's chain; `verify-full` its name too.
 * Source: PostgreSQL documentation, "SSL Support", table of sslmode.
 */
export async function connectTls(base: pg.ClientConfig, ssl: Ssl, serverName: string): Promise<pg.Client> {
  if (ssl.mode === 'disable') return connect(base);
  const ca = ssl.rootcert === undefined ? undefined : await readFile(ssl.rootcert, 'utf8');
  const verifies =
    ssl.mode === 'verify-ca' || ssl.mode === 'verify-full' || (ssl.mode === 'require' && ca !== undefined);
  const tls: NonNullable<Exclude<pg.ClientConfig['ssl'], boolean>> = {
    rejectUnauthorized: verifies,
    ...(ca === undefined ? {} : { ca }),
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(ssl.mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  };
  try {
    return await connect({ ...base, ssl: tls });
  } catch (error) {
    if ((ssl.mode === 'prefer' || ssl.mode === 'allow') && serverHasNoTls(error)) return connect(base);
    throw error;
  }
}

async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  // Failures of a connection that is being given up must not end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    void client.end().catch(() => undefined);
    throw error;
  }
}

/** The driver has no code for this refusal, only its own (English) words, which no server's language changes. */
function serverHasNoTls(error: unknown): boolean {
  return error instanceof Error && error.message === 'The server does not support SSL connections';
}
