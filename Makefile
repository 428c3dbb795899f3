# Two commands matter: `make run` and `make test`. Everything lands in .venv/, var/ and the cache.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
QUICK_TESTS := tests/unit tests/integration tests/load
# With a real Asterisk: mostly waiting.
LIVE_TESTS := tests/browser tests/switchboard
# What must be noticed or mended within seconds is not measured beside other work.
FAULT_TESTS := tests/faults
SPREAD := --numprocesses auto --maxprocesses 4 --dist worksteal
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test check bench ci lock clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

$(VENV)/ready: requirements.lock pyproject.toml
	@echo "Installing the program and its libraries into $(VENV)/ (about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

run: $(VENV)/ready ## start everything here; DEMO=1 adds callers, agents and citizens
	@$(BIN)/python -m deploy.build_pages
	@exec $(BIN)/hotline run $(if $(DEMO),--demo)

test: $(VENV)/ready ## every kind of test this machine can run; says what it leaves out and why
	@$(BIN)/python -m deploy.system_tools --for test
	@$(BIN)/python -m deploy.build_pages
ifdef ARGS
	$(BIN)/python -m pytest $(ARGS)
else
	$(BIN)/python -m pytest $(SPREAD) $(QUICK_TESTS)
	$(BIN)/python -m pytest $(SPREAD) $(LIVE_TESTS)
	$(BIN)/python -m pytest $(FAULT_TESTS)
endif

check: $(VENV)/ready ## style, types, import arrows, known vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pip-audit --requirement requirements.lock --disable-pip --progress-spinner off

bench: $(VENV)/ready ## figures, one JSON object a line
	@$(BIN)/python -m deploy.system_tools --for test >&2
	@$(BIN)/python -m tests.load.bench

ci: ## what runs at the end
	@bash .ci/run

lock: ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock

clean: ## remove what was built here; data in var/ stays
	rm -rf $(VENV) build dist gateway/web/dist gateway/web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
