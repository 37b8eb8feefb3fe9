import type { Provider } from './provider.js';

/**
 * Decides where the servers of this test run come from: BELT_TEST_POSTGRES, or else Docker where an engine answers and
 * has (or can build) the images, or else the machine's own PostgreSQL.
 * @throws Error that says what to do when there is nothing to be had; tests are never skipped for that
 */
export async function chooseProvider(): Promise<Provider> {
  const wanted = process.env['BELT_TEST_POSTGRES'] ?? '';
  if (wanted === 'local') return local();
  if (wanted === 'docker') return docker();
  if (wanted !== '') throw new Error(`BELT_TEST_POSTGRES is "${wanted}"; it may be "local" or "docker"`);
  try {
    return await docker();
  } catch (dockerFailed) {
    try {
      return await local();
    } catch (localFailed) {
      throw new Error(
        'the tests need PostgreSQL servers with pglogical, and there are none to be had.\n' +
          `By Docker: ${messageOf(dockerFailed)}\nOn this machine: ${messageOf(localFailed)}`,
        { cause: localFailed },
      );
    }
  }
}

// Loaded when needed: testcontainers alone takes a second.
async function docker(): Promise<Provider> {
  const { dockerProvider } = await import('./docker.js');
  return dockerProvider();
}

async function local(): Promise<Provider> {
  const { localProvider } = await import('./local.js');
  return localProvider();
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { hint } = error as { hint?: string };
  return hint === undefined ? error.message : `${error.message}. ${hint}`;
}
