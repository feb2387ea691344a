# Every target sets up its own virtual environment; ARGS is passed through.
SHELL := /bin/bash
# The newest Python that runs, of those on the PATH (a version manager shows some there that it does not run) and of
# those that pyenv keeps: a simulated story takes 3.13 a fifth less time than 3.11. PY=... names another.
PY ?= $(shell for each in $(foreach v,3.13 3.12 3.11,python$(v) $(HOME)/.pyenv/versions/$(v).*/bin/python) python3; do \
  $$each -c 'import ctypes, ensurepip, sqlite3, ssl, sys, venv; sys.exit(sys.version_info < (3, 11) or print(sys.executable))' 2>/dev/null && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test chaos simulate lives month-end night mutate lint format schemas broker sandbox bench clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## make the virtual environment (uv when there, else venv and pip)

$(STAMP): pyproject.toml deploy/constraints.txt
	@echo "Installing into $(VENV) (once, about a minute)"
	@if command -v uv >/dev/null 2>&1; then \
	  test -x $(BIN)/python || uv venv -q --python "$(or $(PY),3.13)" $(VENV) || exit; \
	  uv pip install -q --python $(BIN)/python -c deploy/constraints.txt -e . --group dev; \
	else \
	  test -n "$(PY)" || ! echo "Python 3.11 or newer was not found. Nothing was made; name one: make setup PY=/path/to/python" || exit; \
	  test -x $(BIN)/python || $(PY) -m venv $(VENV) || exit; \
	  $(BIN)/python -m pip install -q --disable-pip-version-check 'pip>=25.1'; \
	  PYTHONWARNINGS=ignore $(BIN)/python -m pip install -q --disable-pip-version-check -c deploy/constraints.txt -e . --group dev; \
	fi
	@touch $@

demo: $(STAMP) ## play quote to cash between a sandbox HubSpot and a sandbox Xero (ARGS="--once --json")
	@$(BIN)/revmark demo $(ARGS)

# Two processes, each with a broker of its own where one is needed: what waits in one leaves its core to the other.
test: $(STAMP) ## run the tests (ARGS="tests/scenario -q")
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

chaos: $(STAMP) ## kill workers and the broker under load, and count (ARGS="--rounds-kill 10 --json", or all of Revmark: ARGS="product --json")
	@$(BIN)/python -m tests.chaos $(ARGS)

simulate: $(STAMP) ## play seeded stories in one process, in virtual time (ARGS="--seeds 500 --from 0 --jobs 4")
	@$(BIN)/python -m tests.simulation $(ARGS)

lives: $(STAMP) ## live 10,000 orders in five currencies, in virtual time, and recount the books (ARGS="--lives 600 --from 0")
	@$(BIN)/python -m tests.lives $(ARGS)

month-end: $(STAMP) ## bill 50,000 won deals within Xero's limits, in virtual time (ARGS="--invoices 2000")
	@$(BIN)/python -m tests.volume $(ARGS)

night: $(STAMP) ## reconcile a night of 100,000 documents, over TCP, within both platforms' limits (ARGS="--documents 20000")
	@$(BIN)/python -m tests.volume.night $(ARGS)

mutate: $(VENV)/mutate/.installed ## change the rules one place at a time, and count what the tests notice (ARGS="guards --sample 50")
	@$(VENV)/mutate/bin/python -m tests.mutation $(ARGS)

# An environment of its own over the project's: mutmut stays out of what is shipped and tested. Its own tests, which it
# installs under the name of ours, go.
$(VENV)/mutate/.installed: $(STAMP)
	@$(BIN)/python -m venv $(VENV)/mutate
	@$(VENV)/mutate/bin/python -m pip install -q --disable-pip-version-check --no-deps mutmut==3.3.1 libcst==1.7.0
	@own=$$($(VENV)/mutate/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	  rm -rf "$$own/tests"; \
	  $(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$$own/project.pth"
	@touch $@

lint: $(STAMP) ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check . $(ARGS)
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP) ## let ruff mend what it can
	@$(BIN)/ruff check --fix . $(ARGS)
	@$(BIN)/ruff format .

schemas: $(STAMP) ## write the JSON Schemas of the topics and of the contract, and the AsyncAPI document
	@$(BIN)/python -m schemas.published $(ARGS)
	@$(BIN)/python -m streams.asyncapi

bench: $(VENV)/.bench ## measure engine, rebuild, promotion, latency, growth, cluster, pipeline, decisions or all (ARGS="engine --quick --json")
	@$(BIN)/python -m bench $(ARGS)

$(VENV)/.bench: $(STAMP) bench/peers.py
	@$(BIN)/python -m bench.peers
	@touch $@

broker: $(STAMP) ## start the embedded Apache Kafka alone
	@$(BIN)/revmark broker $(ARGS)

clean: ## remove the virtual environment and caches
	@rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
