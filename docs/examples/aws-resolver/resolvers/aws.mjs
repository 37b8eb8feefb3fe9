// A resolver in the shape that one for Amazon RDS has. It reads two files, so that it runs without an account; they look
// like what AWS answers:
//   instances.json   aws rds describe-db-instances
//   secrets.json     by name, the SecretString of aws secretsmanager get-secret-value
// To ask AWS itself, put RDSClient's DescribeDBInstancesCommand and SecretsManagerClient's GetSecretValueCommand in place
// of the two functions at the end, and hand `signal` on as their `abortSignal`.
import { readFile } from 'node:fs/promises';

/** @type {import('pgbelt').SideResolver} */
export default async function resolveFromAws({ side, config, signal }) {
  const instanceId = String(config['instance']);
  const instance = await describeInstance(String(config['instances']), instanceId, signal);
  if (instance.DBInstanceStatus !== 'available') {
    // Only what may be shown: belt prints the message.
    throw new Error(`${instanceId} is ${instance.DBInstanceStatus}, so it cannot be the ${side} of a migration`);
  }
  const [root, owner, pglogical] = await Promise.all(
    ['root', 'owner', 'pglogical'].map((role) => getSecret(String(config['secrets']), `${instanceId}/${role}`, signal)),
  );
  return {
    host: instance.Endpoint.Address,
    port: instance.Endpoint.Port,
    db: root.dbname,
    sslmode: 'disable', // for the two servers of docker-compose.yml; RDS: 'verify-full', with sslrootcert
    ...peers[instance.Endpoint.Port],
    root_user: { name: root.username, pw: root.password },
    owner_user: { name: owner.username, pw: owner.password },
    pglogical_user: { name: pglogical.username, pw: pglogical.password },
  };
}

// How one container reaches the other. RDS instances reach each other by their endpoints, and need no such thing.
const peers = {
  15431: { peer_host: 'source', peer_port: 5432 },
  15432: { peer_host: 'destination', peer_port: 5432 },
};

async function describeInstance(file, id, signal) {
  const { DBInstances } = JSON.parse(await readFile(file, { encoding: 'utf8', signal }));
  const found = DBInstances.find((one) => one.DBInstanceIdentifier === id);
  if (found === undefined) throw new Error(`there is no instance "${id}" in ${file}`);
  return found;
}

async function getSecret(file, name, signal) {
  const secrets = JSON.parse(await readFile(file, { encoding: 'utf8', signal }));
  if (secrets[name] === undefined) throw new Error(`there is no secret "${name}" in ${file}`);
  return secrets[name];
}
