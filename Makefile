# make run is all that a newcomer needs; make test and make check are what a change has to pass.
# ARGS goes to the command: make run ARGS="--offline --quick", make test ARGS="-k archive".

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run dev serve test season chaos bench lock clean \
	check check-style check-types check-locks check-definitions check-secrets check-audit

VENV := .venv
# The first interpreter that is new enough; asked for only when an environment is to be made.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)
PIP := $(VENV)/bin/python -m pip --quiet --disable-pip-version-check
UV_COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-annotate --no-strip-extras \
	--custom-compile-command "make lock" --group build

# An install that was interrupted leaves .installing behind, and the next one starts from nothing; so
# does one after a change of the lock, as pip would leave what the lock no longer holds.
# Wheels only, each with its hash; the project's own build backend is among them.
define install
	@if [ -e $(VENV)/.installing ] || [ ! -x $(VENV)/bin/python ] \
			|| { [ -e $@ ] && [ -n "$(filter %.lock,$?)" ]; }; then \
		if ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Python 3.11 or newer is needed: install it, or name one with make PYTHON=..." >&2; \
			exit 1; \
		fi; \
		rm -rf $(VENV); \
		if ! "$(PYTHON)" -m venv $(VENV) >/dev/null; then \
			rm -rf $(VENV); \
			echo "$(PYTHON) cannot make a virtual environment: install its venv package" >&2; \
			exit 1; \
		fi; \
	fi
	@echo "Installing dependencies (about a minute, once)"
	@touch $(VENV)/.installing
	@$(PIP) install --only-binary :all: --require-hashes -r $(1)
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@rm $(VENV)/.installing
endef

help:
	@echo "make run    the pipeline, to a prediction for the next race"
	@echo "make dev    the Dagster UI, its daemon and the code location"
	@echo "make serve  the read API and the race pages"
	@echo "make test   all tests          make check  style, types, definitions, locks"
	@echo "make season a season played forward, by the sensors alone (40 minutes; --events 3: six)"
	@echo "make chaos  what breaks while a deployment is at work, and what comes of it (half an hour)"
	@echo "make bench  measurements       make lock   pin the dependencies anew"

$(VENV)/.runtime-stamp: requirements.lock pyproject.toml
	$(call install,requirements.lock)
	@touch $@

# The dev lock holds every pin of the run-time lock, so it serves for both.
$(VENV)/.dev-stamp: requirements-dev.lock requirements.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $(VENV)/.runtime-stamp $@

run: $(VENV)/.runtime-stamp
	@$(VENV)/bin/f1-pipeline run $(ARGS)

dev: $(VENV)/.runtime-stamp
	@$(VENV)/bin/f1-pipeline dev $(ARGS)

serve: $(VENV)/.runtime-stamp
	@$(VENV)/bin/f1-pipeline serve $(ARGS)

test: $(VENV)/.dev-stamp
	@$(VENV)/bin/python -m pytest -n auto --dist loadfile $(ARGS)

season: $(VENV)/.dev-stamp
	@$(VENV)/bin/python -m f1_pipeline_tests.season $(ARGS)

chaos: $(VENV)/.dev-stamp
	@$(VENV)/bin/python -m f1_pipeline_tests.chaos $(ARGS)

bench: $(VENV)/.dev-stamp
	@$(VENV)/bin/python -m f1_pipeline_tests.bench $(ARGS)

check: check-style check-types check-locks check-definitions check-secrets check-audit

check-style: $(VENV)/.dev-stamp
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/ruff format --check --quiet .

check-types: $(VENV)/.dev-stamp
	$(VENV)/bin/mypy

check-locks:
	@! grep -nE '://|--(index|extra|find|trusted)' requirements.lock requirements-dev.lock \
		|| { echo "a lock names an address" >&2; exit 1; }

# In an instance of their own: dagster.yaml in this folder is the production instance's. The command
# is superseded by one of the dg tool, which would bring thirty more packages.
check-definitions: $(VENV)/.dev-stamp
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && touch "$$home/dagster.yaml" \
		&& echo "dagster definitions validate" \
		&& DAGSTER_HOME="$$home" DAGSTER_DISABLE_TELEMETRY=1 \
		PYTHONWARNINGS='ignore:Function `definitions_validate_command` is superseded' \
		$(VENV)/bin/dagster definitions validate --workspace workspace.yaml --log-level warning

# Nothing that looks like a secret, in any file that git knows or would take.
check-secrets: $(VENV)/.dev-stamp
	@$(VENV)/bin/python -m f1_pipeline_tests.security.secret_scan

# Known faults of what is pinned. A service that cannot be reached is said and fails nothing.
check-audit: $(VENV)/.dev-stamp
	@$(VENV)/bin/python -m f1_pipeline_tests.security.audit

# Keeps the versions that the locks hold: ARGS=--upgrade takes new ones.
lock: $(VENV)/.dev-stamp
	@$(UV_COMPILE) $(ARGS) --extra api --extra celery --extra anthropic --output-file requirements.lock pyproject.toml
	@$(UV_COMPILE) $(ARGS) --constraints requirements.lock --extra dev \
		--output-file requirements-dev.lock pyproject.toml

clean:
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
