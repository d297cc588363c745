# The words people type. Each sets up what it needs by itself; `make` alone lists them.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PAGES := README.md docs/topics.md docs/events.md docs/settings.md docs/commands.md
NODE := $(patsubst %/package.json,%/node_modules/.ready,$(wildcard tests/*/package.json tests/*/*/package.json))

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint quality kafka browser bench lock docs clean

help:  ## list the words
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## make .venv with everything locked in requirements.lock, and the command `communique` in it

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'communique needs Python 3.11 or newer; name one: make $(or $(MAKECMDGOALS),setup) PYTHON=/path/to/python3.11'; exit 1; }
	@sh ops/system.sh
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { \
	  echo 'python3 -m venv does not work: on Debian, apt-get install python3-venv'; exit 1; }
	@echo 'setting up .venv (once; a minute or two)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25,<27'
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## a dozen articles through the whole walk, on the embedded log
	@$(BIN)/communique demo

test: $(READY) kafka browser $(NODE)  ## everything, on real Apache Kafka too
	@$(BIN)/python -m pytest $(ARGS)

lint: $(READY)  ## ruff, mypy, import-linter, generated pages
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/cog --check --verbosity=1 --check-fail-msg='run make docs' $(PAGES)
	@$(BIN)/communique schemas check

docs: $(READY)  ## write the generated pages and schemas anew
	@$(BIN)/communique schemas export
	@$(BIN)/cog -r --verbosity=1 $(PAGES)

quality: $(READY)  ## figures on the development sets, against their floors
	@$(BIN)/communique bench quality $(ARGS)

kafka: $(READY)  ## fetch Apache Kafka by Maven (once; needs Java 17 and Maven)
	@$(BIN)/python -m streams.testing.kafka_server fetch

browser:
	@sh ops/browser.sh

bench: $(READY)  ## speed, as ratios in one run
	@$(BIN)/communique bench throughput $(ARGS)

# Node modules of the tests: validators and a consumer that are not ours. No install script runs.
%/node_modules/.ready: %/package.json %/package-lock.json
	@command -v npm >/dev/null || { echo 'make test needs Node.js 18 or newer with npm'; exit 1; }
	@cd $* && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

lock:  ## resolve requirements.lock anew (needs uv; names no index)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --extra dev \
	  --python-version 3.11 -o requirements.lock pyproject.toml

clean:  ## take away what make made
	rm -rf .venv $(dir $(NODE))
