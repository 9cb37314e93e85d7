# The commands of this repository. `make` alone lists them.
# Needs Python 3.11 or later and make; uv is used when it is there.

PYTHON ?= python3
PORT ?= 3000
BIN := .venv/bin
READY := .venv/.ready
export DAGSTER_HOME := $(abspath dagster_home)
# Libraries are installed without bytecode: the first process that imports a module keeps it for all later ones.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test dev check bench clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## Refresh every entity set, build the marts, publish the snapshot (sandbox when no account is set)
	@$(BIN)/exepron sandbox exec --unless-configured -- $(BIN)/python -m exepron_pipeline.orchestration.run

test: $(READY) ## Run the whole test suite (EXEPRON_TESTS=full for the long forms)
	@tests/identity/prepare.sh
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

dev: $(READY) ## Dagster UI on http://127.0.0.1:3000 with schedules and sensors running (PORT=...)
	@$(BIN)/exepron sandbox exec --unless-configured -- $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p $(PORT)

check: $(READY) ## Format, lint, types, layers, spelling, Dagster definitions
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/codespell README.md CHANGELOG.md CONTRIBUTING.md benchmarks docs exepron_pipeline tests
	@$(BIN)/dagster definitions validate -w workspace.yaml

bench: $(READY) ## Measure beside dlt, pandas and the floor (CASES="start first_load", SCALE=small, ROUNDS=3, PEERS=no)
	@$(BIN)/python -m benchmarks --cases "$(CASES)" --scale $(or $(SCALE),full) --rounds $(or $(ROUNDS),3) --peers $(or $(PEERS),all)

clean: ## Remove the environment and caches (never the data)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "This needs Python 3.11 or later; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	@echo "Installing the locked dependencies into .venv (once; a minute or two) ..."
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) .venv && \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  { test -x $(BIN)/python || $(PYTHON) -m venv .venv; } && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --use-pep517 --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $(READY)
