#!/usr/bin/env bash
# Everything that must hold before a change lands. `make test` calls it inside the environment.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
cleanup() {
  [ -f "$scratch/pg/postmaster.pid" ] && as_postgres "$pg_bin/pg_ctl" -D "$scratch/pg" -m immediate -s stop || true
  rm -rf "$scratch"
}
trap cleanup EXIT
step() { printf '\n== %s (%ss)\n' "$*" "$SECONDS"; }
export OPENRHIP_HOME="$scratch/home" PYTHONPATH=tools
unset OPENRHIP_DATABASE_URL || true

step "lint and format"
ruff check --quiet src tests tools benchmarks
ruff format --quiet --check src tests tools benchmarks
step "types"
mypy
step "import contracts"
lint-imports --no-cache
step "migrations"
python -m django makemigrations --check --dry-run --settings openrhip.site.settings

as_postgres() { if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
pg_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
step "PostgreSQL $(basename "$(dirname "$pg_bin")")"
chmod 755 "$scratch"
mkdir "$scratch/pg" && [ "$(id -u)" -ne 0 ] || chown postgres "$scratch/pg"
as_postgres "$pg_bin/initdb" -D "$scratch/pg" -U postgres --auth=trust --encoding=UTF8 --locale=C >/dev/null
port=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
as_postgres "$pg_bin/pg_ctl" -D "$scratch/pg" -s -w -l "$scratch/pg/log" \
  -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$scratch/pg" start
postgres="postgresql://postgres@127.0.0.1:$port/postgres"
export OPENRHIP_TEST_POSTGRES="$postgres"

step "tests on SQLite"
pytest -n 2 --dist loadgroup -m "not journey and not fault" tests
step "tests on PostgreSQL"
OPENRHIP_DATABASE_URL="$postgres" pytest -n 2 --dist loadgroup -m "not journey and not fault" \
  tests/kernel tests/directory tests/records tests/site \
  tests/collect_store tests/collect_feedback tests/collect_ways tests/collect_asking tests/collect_pages
step "journeys in Chromium"
pytest -n 2 --dist loadfile -m journey tests
step "faults: kill -9 and power cuts"
pytest -n 2 --dist loadfile -m fault tests
step "all held"
