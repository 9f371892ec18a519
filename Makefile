# Two commands for a newcomer: `make demo` and `make test`. The rest serves them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test setup bench lock lint types screenshots clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.runtime  ## start a city on this machine, with believable data
	@$(BIN)/openrhip demo

test: setup  ## lint, types, contracts, docs, then the whole suite on SQLite and PostgreSQL
	@PATH="$(abspath $(BIN)):$$PATH" bash tools/check.sh

setup: $(VENV)/.dev  ## make the environment alone

bench: setup  ## run one benchmark: make bench NAME=seal
	@test -n "$(NAME)" || { echo "usage: make bench NAME=<one of: $$(ls benchmarks/*.py | xargs -n1 basename | sed 's/\.py//' | grep -v '^_' | tr '\n' ' ')>"; exit 2; }
	@$(BIN)/python -m benchmarks.$(NAME)

lock: setup  ## renew both lock files from pyproject.toml
	@bash tools/lock.sh

clean:  ## remove the environment and what the demo wrote
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@bash tools/machine.sh venv "$(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@bash tools/machine.sh test
	$(BIN)/pip install --quiet --require-hashes --requirement requirements-dev.lock
	@touch $@
