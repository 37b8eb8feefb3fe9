#!/usr/bin/env bash
# First start of a docker-compose.yml server: the roles and the database of the sample shop; where /shop.sql is mounted,
# the shop itself. For trying belt by hand only: the passwords are the roles' names.
set -euo pipefail

psql -Xq -v ON_ERROR_STOP=1 -d postgres <<'SQL'
CREATE ROLE shop_owner LOGIN PASSWORD 'shop_owner';
CREATE ROLE shop_app LOGIN PASSWORD 'shop_app';
CREATE ROLE shop_reports;
CREATE DATABASE shop OWNER shop_owner;
SQL

if [ -f /shop.sql ]; then
  PGUSER=shop_owner psql -Xq -v ON_ERROR_STOP=1 -d shop -f /shop.sql
  PGUSER=shop_owner psql -Xq -v ON_ERROR_STOP=1 -d shop -c 'ANALYZE'
fi
