# `make demo` and `make test` need Python 3.11, make and apt; tools/setup.sh sees to all else, or says what to run.
SHELL := /bin/sh
PYTHON ?= python3
VENV ?= .venv
export PYTHON VENV

BIN := $(abspath $(VENV))/bin
RUN := PATH="$(BIN):$$PATH:/usr/sbin:/sbin"
PY := $(RUN) $(BIN)/python

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lint soak soak-long bench clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 22
	@echo '  VENV=DIR            the Python environment (.venv)'
	@echo '  PYTHON=PROGRAM      the Python that makes it (python3)'
	@echo '  SEGCTL_SETUP=0      install nothing, only say what is missing'

demo: setup-demo ## the whole idea on real kernels, in namespaces, as any user: two minutes, the first time a little more
	@$(RUN) examples/demo.sh

test: setup-test lint ## ruff, mypy, then all tests but the long ones; as root, for the kernel's part
	@$(RUN) tools/test.sh '' $(ARGS)

lint: setup-lint ## ruff and mypy --strict
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

soak: setup-test ## tests that take minutes
	@$(RUN) tools/test.sh '-m soak --timeout 3600' $(ARGS)

soak-long: setup-test ## tests that take hours
	$(PY) -m pytest -m soak_long --timeout 0 $(ARGS)

bench: setup-demo ## each script of bench/, one after another
	@for script in bench/*.py; do echo "== $$script" && $(PY) "$$script" || exit; done

clean: ## takes away what was built and cached, but for the environment
	rm -rf build dist out *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -path ./.git -prune -o -path './$(VENV)' -prune -o -name __pycache__ -type d -exec rm -rf {} +

setup-%:
	@tools/setup.sh $*
