import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { StartedNetwork, StartedTestContainer } from 'testcontainers';
import { freePort } from '../../../src/sandbox/ports.js';
import { dockerTools } from './docker-tools.js';
import { isGone, TEST_SETTINGS, type ManagedServer, type Provider, type ServerPair } from './provider.js';

const CONTEXT = fileURLToPath(new URL('..', import.meta.url));
const OWNER_LABEL = 'pgbelt.test-run';
const STOP_SECONDS = 30;

interface Side {
  readonly alias: string;
  readonly base: string;
  readonly major: number;
}

const OLD = { base: 'debian:bookworm-slim', major: 15 };
const NEW = { base: 'debian:trixie-slim', major: 17 };

/** Different majors, the way belt is used: from the older to the newer; or the way back, with BELT_TEST_BACKWARDS=1. */
const [FROM, TO] = process.env['BELT_TEST_BACKWARDS'] === '1' ? [NEW, OLD] : [OLD, NEW];
const SIDES = {
  src: { alias: 'source', ...FROM },
  dst: { alias: 'destination', ...TO },
} satisfies Record<string, Side>;

type Testcontainers = typeof import('testcontainers');
type Client = Awaited<ReturnType<Testcontainers['getContainerRuntimeClient']>>;

/**
 * Servers in containers, by testcontainers.
 * @throws Error when no engine answers, or the images are neither there nor can be built
 */
export async function dockerProvider(): Promise<Provider> {
  // This harness removes its containers itself, those of killed runs too, so that no further image is needed for it.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const library = await import('testcontainers');
  const client = await library.getContainerRuntimeClient();
  await sweep(client);
  const images = {
    src: await ensureImage(library, client, SIDES.src),
    dst: await ensureImage(library, client, SIDES.dst),
  };
  return {
    name: 'docker',
    tools: await dockerTools(images[TO === NEW ? 'dst' : 'src'], NEW.major),
    startPair: async (): Promise<ServerPair> => {
      const network = await new library.Network().start();
      const [src, dst] = await Promise.all([
        startContainer(library, network, SIDES.src, images.src),
        startContainer(library, network, SIDES.dst, images.dst),
      ]);
      return {
        src: managed(client, src, SIDES.src),
        dst: managed(client, dst, SIDES.dst),
        remove: async () => {
          await Promise.all([src.container, dst.container].map((container) => container.stop({ timeout: 0 })));
          await network.stop();
        },
      };
    },
  };
}

/** Builds the image unless one of just these files is there already. Gives its name. */
async function ensureImage({ GenericContainer }: Testcontainers, client: Client, side: Side): Promise<string> {
  const hash = createHash('sha256').update(side.base);
  for (const file of ['Dockerfile', 'server.sh']) hash.update(await readFile(`${CONTEXT}/${file}`));
  const name = `pgbelt-test:${String(side.major)}-${hash.digest('hex').slice(0, 12)}`;
  const present = await client.container.dockerode
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
  if (present) return name;
  process.stderr.write(`building the image ${name} (once; about a minute)\n`);
  await GenericContainer.fromDockerfile(CONTEXT)
    .withBuildArgs({ BASE: side.base, PG: String(side.major) })
    .build(name, { deleteOnExit: false });
  return name;
}

interface Started {
  readonly container: StartedTestContainer;
  readonly port: number;
  /** The superuser's. */
  readonly password: string;
}

async function startContainer(
  { GenericContainer, Wait }: Testcontainers,
  network: StartedNetwork,
  side: Side,
  image: string,
): Promise<Started> {
  // A port of our choice, because one that the engine chooses changes when the container is stopped and started.
  const port = await freePort();
  const password = randomBytes(18).toString('base64url');
  const container = await new GenericContainer(image)
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withCommand(['bash', '/usr/local/bin/server.sh', ...Object.entries(TEST_SETTINGS).map(asArgument)])
    .withNetwork(network)
    .withNetworkAliases(side.alias)
    .withLabels({ [OWNER_LABEL]: ownerLabel() })
    .withExposedPorts({ container: 5432, host: port })
    .withSharedMemorySize(256 * 1024 * 1024)
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/))
    .start();
  return { container, port, password };
}

function asArgument([name, value]: readonly [string, unknown]): string {
  return `${name}=${String(value)}`;
}

function managed(client: Client, { container, port, password }: Started, side: Side): ManagedServer {
  const raw = client.container.getById(container.getId());
  const host = container.getHost();
  return {
    info: {
      // Not localhost, which means ::1 as well, where the engine may not listen.
      host: host === 'localhost' ? '127.0.0.1' : host,
      port,
      peer: { host: side.alias, port: 5432 },
      major: side.major,
      superuser: 'postgres',
      password,
    },
    start: async () => {
      if (!(await raw.inspect()).State.Running) await raw.start();
      await untilReady(client, container.getId());
    },
    stop: () => raw.stop({ t: STOP_SECONDS }),
    kill: () => raw.kill({ signal: 'SIGKILL' }),
    log: async () => (await raw.logs({ stdout: true, stderr: true })).toString('utf8'),
  };
}

async function untilReady(client: Client, id: string): Promise<void> {
  const container = client.container.getById(id);
  const command = [
    'bash',
    '-c',
    'for i in $(seq 300); do "$PGBIN/pg_isready" -qh /tmp && exit; sleep 0.1; done; exit 1',
  ];
  const { exitCode } = await client.container.exec(container, command);
  if (exitCode !== 0) throw new Error('the server in the container did not become ready within 30 s');
}

/** This machine and process; a container engine may serve several machines. */
function ownerLabel(): string {
  return `${hostname()}/${String(process.pid)}`;
}

/** Removes what test runs left behind that were killed. */
async function sweep(client: Client): Promise<void> {
  const { dockerode } = client.container;
  const containers = await dockerode.listContainers({ all: true, filters: { label: [OWNER_LABEL] } });
  for (const { Id, Labels, NetworkSettings } of containers) {
    const [machine, pid] = (Labels[OWNER_LABEL] ?? '').split('/');
    if (machine !== hostname() || !isGone(Number(pid))) continue;
    await dockerode.getContainer(Id).remove({ force: true, v: true });
    for (const network of Object.values(NetworkSettings.Networks)) {
      // Fails while the pair's other container is in it; succeeds after that one.
      await dockerode
        .getNetwork(network.NetworkID)
        .remove()
        .catch(() => undefined);
    }
  }
}
