# `make` alone lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL_FROM := pyproject.toml constraints.txt scripts/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help setup demo test check test-containers format generate constraints clean
.SECONDARY:

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  PYTHON=/path/to/python3 names the Python to use (3.11 or newer)."

# One stamp for each extra: the demo needs no development tools.
$(VENV)/.installed-%: $(INSTALL_FROM)
	@$(PYTHON) scripts/bootstrap.py $*
	@touch $@

setup: $(VENV)/.installed-dev  ## Make .venv with everything for development

demo: $(VENV)/.installed-demo  ## Start a fleet of local processes, send pictures through it, show where the time went
	$(BIN)/python scripts/demo.py

test: $(VENV)/.installed-dev  ## Run all tests but those that need a Docker engine
	$(BIN)/python -m pytest --ignore=tests/containers --numprocesses=2 --dist=loadfile

check: $(VENV)/.installed-dev  ## Check format, lint, types, import contracts, and generated code and docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	scripts/check_generated
	$(BIN)/python scripts/generate_fluent.py --check
	$(BIN)/python scripts/generate_docs.py --check

test-containers: $(VENV)/.installed-dev  ## Run the tests of the twelve containers (needs Docker and its compose plugin)
	@docker info >/dev/null 2>&1 || { echo "expected a running Docker engine for test-containers, got none: does \`docker info\` work?" >&2; exit 1; }
	@docker compose version >/dev/null 2>&1 || { echo "expected Docker's compose plugin for test-containers, got none: does \`docker compose version\` work?" >&2; exit 1; }
	$(BIN)/python -m pytest tests/containers

format: $(VENV)/.installed-dev  ## Format the code and mend what the linter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(VENV)/.installed-dev  ## Write the generated modules and stubs into src/, and the references into docs/
	scripts/generate
	$(BIN)/python scripts/generate_fluent.py
	$(BIN)/python scripts/generate_docs.py

constraints: $(VENV)/.installed-dev  ## Pin the newest versions of all dependencies in constraints.txt
	$(BIN)/python scripts/refresh_constraints.py

clean:  ## Remove .venv, caches and output
	rm -rf $(VENV) output build dist tests/failures .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
