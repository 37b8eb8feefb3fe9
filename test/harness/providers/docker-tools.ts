import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findTools, TOOL_NAMES } from '../../../src/process/tools.js';

const FOLDER = fileURLToPath(new URL('../../../node_modules/.cache/belt-tools', import.meta.url));

/**
 * Stands in for a client tool: runs the one in the image, as oneself, where belt's files are, reaching servers as the
 * machine does. Containers on other systems than Linux run in a virtual machine with a loopback interface of its own.
 */
const script = (image: string, tool: string): string => `#!/bin/sh
if [ "$(uname)" = Linux ]; then
  network='--network host'
else
  network=''
  [ "$PGHOST" = 127.0.0.1 ] && export PGHOST=host.docker.internal
  unset PGHOSTADDR
fi
variables=$(env | sed -n 's/^\\(PG[A-Z]*\\)=.*/-e \\1/p')
exec docker run --rm -i $network $variables --user "$(id -u):$(id -g)" \\
  -v '${tmpdir()}:${tmpdir()}' -v "$PWD:$PWD" -w "$PWD" --entrypoint sh '${image}' -c 'exec "$PGBIN/${tool}" "$@"' ${tool} "$@"
`;

/**
 * A machine that has Docker need not have PostgreSQL's client tools, or only older ones than the servers; belt needs them,
 * since in some test either server is the source.
 * @param image one of a server that is not older than any other
 * @param major that server's
 * @returns a folder with stand-ins, or undefined where tools as new as that are on this machine
 */
export async function dockerTools(image: string, major: number): Promise<string | undefined> {
  const environment = {
    cwd: process.cwd(),
    variables: process.env,
    pid: process.pid,
    signal: new AbortController().signal,
  };
  if ((await findTools('pg_dump', environment)).some((tool) => tool.major >= major)) return undefined;
  await mkdir(FOLDER, { recursive: true });
  for (const tool of TOOL_NAMES) {
    await writeFile(join(FOLDER, tool), script(image, tool));
    await chmod(join(FOLDER, tool), 0o755);
  }
  return FOLDER;
}
