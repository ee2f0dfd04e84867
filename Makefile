# Two commands matter: `make demo` runs the main job, `make test` runs the tests.
# Each makes the environment it needs in .venv and changes nothing outside this folder.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA := ../shared/data

# Tests start hundreds of processes: none should compile what one before it has compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint types contract rules conformance bench long check clean help

demo: $(VENV)/installed  ## run the demo: a made-up day with an intrusion in it
	$(BIN)/vedette demo

test: $(VENV)/developer  ## run the tests; starts and stops the servers they need
	$(BIN)/python -m pytest -n 2 --dist loadscope

lint: $(VENV)/developer  ## ruff, rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/developer  ## mypy, strict
	$(BIN)/mypy

contract: $(VENV)/developer  ## imports go one way
	$(BIN)/lint-imports

rules: $(VENV)/installed  ## the tests inside the rules and hunts
	$(BIN)/vedette rules test
	$(BIN)/vedette hunts test

conformance: $(VENV)/developer  ## figures on public recordings and real servers, a sample
	$(BIN)/python -m tests.conformance --two

bench: $(VENV)/developer  ## time the engine on recorded events, beside peers that are installed
	$(BIN)/python -m tests.bench

long: $(VENV)/developer  ## the same on all of it; resumes where it was stopped
	./.ci/long $(BIN)/python

check: test lint types contract rules  ## everything a change must pass

$(VENV)/installed: pyproject.toml constraints.txt hatch_build.py $(wildcard engine/match/*.[ch] models/template/*.c connectors/files/*.c)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Vedette needs Python 3.11 or later; this is " + sys.version)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

# 18,000 files, most of which nobody imports: each is compiled when one is.
# torch comes with its GPU libraries: 6.3 GiB in the end, 9.4 while wheels are unpacked.
$(VENV)/developer: $(VENV)/installed
	@$(BIN)/python -c 'import shutil, sys; from importlib.util import find_spec as found; free = shutil.disk_usage(".").free / 2**30; sys.exit(found("torch") is None and free < 10 and f"What the tests need takes 10 GiB of disk while it is installed; {free:.1f} GiB are free here.")'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e '.[dev]'
	@touch $@

clean:  ## remove the environment and everything generated
	rm -rf $(VENV) build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'
