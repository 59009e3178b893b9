# Everything a developer does, one word each. `make` alone lists them.
PYTHON ?= python3
UV ?= uv
BIN := .venv/bin
READY := .venv/.ready
# What the browser is given comes by npm, from the system's Node or else from the wheel's.
NPM = $(if $(shell command -v npm),npm,$(BIN)/npm)
COMPILE := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet $(UVFLAGS)

.DEFAULT_GOAL := help
.PHONY: help .venv run test test-faults check bench population race model lock

help: ## list these targets
	@awk -F ' ## ' '/^[a-z.-]+:.* ## / { split($$1, name, ":"); printf "  make %-11s %s\n", name[1], $$2 }' $(MAKEFILE_LIST)

.venv: $(READY) ## set up the virtual environment, and do nothing else

# Set up again only when what it is made from has changed. PYTHON chooses the interpreter (3.11 to 3.13).
$(READY): requirements-dev.lock pyproject.toml package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=python3.13 .venv" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	$(NPM) ci --silent
	$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps -e .
	touch $@

run: $(READY) ## start everything here, and show a crisis in a fictive municipality
	$(BIN)/crisis up --demo

test: $(READY) ## run the tests, on a process for each core (at most 4)
	$(BIN)/python -m pytest -n logical --maxprocesses 4

test-faults: $(READY) ## kill, stop, cut off and starve everything, at length, and print what came of it (FAULTS_JSON=file too)
	FAULTS=long $(BIN)/python -m pytest tests/faults tests/race

check: $(READY) ## lint, format, types, import rules, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint
	$(BIN)/djlint templates/messages templates/public --check # what it makes of a page's {%- and of inline tags shows on the page

bench: $(READY) ## measure, beside the floor and the peers, and compare with the targets
	$(BIN)/python -m bench

population: $(READY) ## tell 700,000 people through a provider on its worst day, and hold what we say against what it knows (PEOPLE=)
	$(BIN)/python -m bench.population $(if $(PEOPLE),--people $(PEOPLE))

race: $(READY) ## race senders against activation, at length
	$(BIN)/python -m tests.race

model: $(READY) ## explore the model of the lock protocol to its end, and see each mutant fail (needs spin and gcc)
	$(BIN)/python -m tests.model

lock: ## resolve the lock files again (needs uv; UVFLAGS=--upgrade for newer versions)
	$(COMPILE) --output-file requirements-dev.lock --group pyproject.toml:dev pyproject.toml
	$(COMPILE) --output-file requirements.lock --no-annotate --constraint requirements-dev.lock pyproject.toml
	npm install --package-lock-only
