#!/usr/bin/env bash
# Renew both lock files: hashes for every platform, no registry address.
set -euo pipefail
cd "$(dirname "$0")/.."
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
python3 -m venv "$tool" && "$tool/bin/pip" install --quiet uv
lock() {
  "$tool/bin/uv" pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --quiet --custom-compile-command "make lock" "$@"
}
# Spark is for centres that have a cluster: tests need it, the embedded default does not.
lock --extra postgres --extra s3 --group build -o requirements.lock
lock --all-extras --group build --group dev -c requirements.lock -o requirements-dev.lock
