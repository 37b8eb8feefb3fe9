#!/usr/bin/env bash
# Runs PostgreSQL with pglogical in a container, as user postgres. At the first start it makes the data directory, with
# superuser postgres, password $POSTGRES_PASSWORD (default: postgres), and runs every /initdb.d/*.sh, with psql ready to
# connect as superuser over the socket. Arguments are settings, name=value, that go into postgresql.conf then.
set -euo pipefail

export PATH="$PGBIN:$PATH" PGUSER=postgres PGHOST=/tmp

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -D "$PGDATA" -U postgres -E UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 \
    --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-postgres}") >/dev/null
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo 'host replication all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  cat >> "$PGDATA/postgresql.conf" <<'CONF'
listen_addresses = '*'
unix_socket_directories = '/tmp'
shared_preload_libraries = 'pglogical,pg_stat_statements'
wal_level = logical
# Every test keeps a database of its own, and each database with pglogical takes a worker for ever.
max_worker_processes = 200
max_replication_slots = 200
max_wal_senders = 200
max_connections = 400
# What is in here is thrown away: durability would only cost time.
fsync = off
full_page_writes = off
CONF
  # Not on the command line of postgres, where ALTER SYSTEM could not change them.
  for setting in "$@"; do printf "%s = '%s'\n" "${setting%%=*}" "${setting#*=}"; done >> "$PGDATA/postgresql.conf"
  if compgen -G '/initdb.d/*.sh' >/dev/null; then
    # Only the socket listens meanwhile, so that nobody takes the server for ready.
    pg_ctl -D "$PGDATA" -w -o "-c listen_addresses=''" start >/dev/null
    for script in /initdb.d/*.sh; do
      bash "$script" || { echo "$script failed" >&2; pg_ctl -D "$PGDATA" -m immediate stop; rm -rf "${PGDATA:?}"/*; exit 1; }
    done
    pg_ctl -D "$PGDATA" -w -m fast stop >/dev/null
  fi
fi

exec postgres -D "$PGDATA"
