/** Config texts for the tests. */

/** The quickstart's file, filled in: comments everywhere, ports in quotes, no key that is ours alone. */
export const quickstart = `{
  "db": "database1",
  "dc": "testdatacenter1",
  "src": {
    // All of this must be what the host has
    "host": "database1src.example.com",
    "ip": "192.0.2.10",
    "db": "internal1src",
    "port": "5432",
    "root_user": {
      "name": "root",
      "pw": "root-pässword \\"1\\""
    },
    "owner_user": {
      "name": "owner",
      "pw": "owner-password"
    },
    "pglogical_user": {
      // The tool makes this user
      "name": "pglogical", // Leave it so
      "pw": "fR3kq09xTTbvLs2P" // For instance: python3 -c "print(\\"\\".join(choices(\\"abc\\", k=16)))";
    },
    "other_users": null
  },
  "dst": {
    // All of this must be what the host has
    "host": "database1dst.example.com",
    "ip": "192.0.2.11",
    "db": "internal1dst",
    "port": "5433",
    "root_user": {
      "name": "root",
      "pw": "root-password"
    },
    "owner_user": {
      "name": "owner",
      "pw": "owner-password"
    },
    "pglogical_user": {
      "name": "pglogical",
      "pw": "Zu5aLq3Wn10TrrXe"
    },
    "other_users": null
  },
  "tables": [],
  "sequences": []
}
`;

const user = (name: string) => ({ name, pw: `${name}-secret` });

/** One side as it is written, without anything that may be left out. */
export function side(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    host: 'db.example.com',
    db: 'shop',
    port: 5432,
    root_user: user('root'),
    owner_user: user('owner'),
    pglogical_user: user('pglogical'),
    ...changes,
  };
}

/** A config as text: valid in configs/dc1/db1 unless changed. */
export function configText(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({ db: 'db1', dc: 'dc1', src: side(), dst: null, ...changes }, null, 2);
}
