# Everything from a fresh clone with only Python 3.11 to 3.13 and make. `make PYTHON=python3.12 test` names a Python.
# The environment (.venv) is made on first use and again whenever pyproject.toml or a lock changes.

SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	if $$python -c '$(SUPPORTED)' >/dev/null 2>&1; then echo $$python; break; fi; done)
endif
MINOR := $(shell $(or $(PYTHON),false) -c '$(SUPPORTED)' 2>/dev/null && \
	$(PYTHON) -c 'import sys; print("3.%d" % sys.version_info[1])')

VENV ?= .venv
BIN := $(VENV)/bin
RUN := $(VENV)/run-$(MINOR).stamp
DEV := $(VENV)/dev-$(MINOR).stamp
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help demo install test check static test-all lock docs numbers bench baseline hooks python
.SUFFIXES:

help:
	@echo 'make demo      the comparison of a sudden with a gradual burst, as a report in outputs/'
	@echo 'make install   the environment .venv with the command .venv/bin/powderkeg'
	@echo 'make test      everything: ruff, its formatter, pyright, all tests in random order'
	@echo 'make check     the part of it that takes under a minute, for every commit'
	@echo 'make test-all  the tests under every supported Python found here, and with the lowest and newest Mesa'
	@echo 'make docs      the documentation as a site: site/index.html'
	@echo 'make numbers   the numbers and figures of README and docs/ (three hours on two cores)'
	@echo 'make bench     how fast it is, against the same rules written otherwise: benchmarks/, README, docs/performance.md'
	@echo 'make baseline  the stored results that tests compare with, on purpose'
	@echo 'make lock      the locked versions in requirements/'
	@echo 'make hooks     make check before every commit'

demo: $(RUN)
	$(BIN)/python -m abm demo

install: $(RUN)
	@echo 'Ready: $(BIN)/powderkeg --help'

static: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

test: static
	$(BIN)/python -m pytest -n $(WORKERS)

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -q -n $(WORKERS) -m 'not slow'

test-all:
	@bash .ci/test-all

docs: $(DEV)
	rm -rf site
	$(BIN)/python -m sphinx -q --fail-on-warning -E -d $(VENV)/doctrees -c docs/site docs site
	@echo 'Open site/index.html'

numbers: $(DEV)
	$(BIN)/python docs/build.py
	$(BIN)/python docs/maps.py
	$(BIN)/python docs/scenario_runs.py
	$(BIN)/python docs/validation.py
	$(BIN)/python docs/answers.py

bench: $(DEV)
	$(BIN)/python -m abm bench $(if $(FULL),--full)
	$(BIN)/python docs/build.py --tables

baseline: $(DEV)
	$(BIN)/python -m pytest -q -p no:randomly --refresh-baseline tests/test_baseline.py

lock: $(DEV)
	$(BIN)/pip install -q uv
	$(BIN)/python requirements/lock.py $(BIN)/uv

hooks: $(DEV)
	$(BIN)/pre-commit install

python:
	@if [ -z '$(MINOR)' ]; then \
		echo 'Powder Keg needs Python 3.11, 3.12 or 3.13, and $(or $(PYTHON),python3) is not one of them: make PYTHON=/path/to/python3.12' >&2; \
		exit 1; fi

# --no-build-isolation: the build backend is locked too
$(RUN): pyproject.toml requirements/$(MINOR)-run.txt | python
	@echo 'Preparing $(VENV) for Python $(MINOR) (a minute or two, once) ...'
	@if [ -x $(BIN)/python ] && ! $(BIN)/python -c 'import sys; sys.exit("3.%d" % sys.version_info[1] != "$(MINOR)")'; then \
		rm -rf '$(VENV)'; fi
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv '$(VENV)'
	@$(BIN)/python -m pip install -q --require-hashes -r requirements/$(MINOR)-run.txt
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): $(RUN) requirements/$(MINOR)-dev.txt
	@echo 'Adding the tools for tests (a minute, once) ...'
	@$(BIN)/python -m pip install -q --require-hashes -r requirements/$(MINOR)-dev.txt
	@touch $@

requirements/-run.txt requirements/-dev.txt: python ;
