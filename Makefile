# Needs make, a POSIX shell and Python 3.11 or later. Every target builds its environment, .venv, first.

# The Python to build .venv with; empty for the first suitable one of PYTHONS.
PYTHON ?=
# On Linux, PyPI's torch is the CUDA build; `make help` shows how to choose another.
TORCH ?= torch==2.13.0
# For example an extra index.
PIP_FLAGS ?=
# Passed on to pytest or the demo.
ARGS ?=

PYTHONS := python3 python3.14 python3.13 python3.12 python3.11 python
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install $(PIP_FLAGS) --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help .venv demo test check cards wheel bare bench clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z.]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "Variables: PYTHON, TORCH, PIP_FLAGS, ARGS. For example, where torch's CPU build has an index of its own:"
	@echo "  make test PIP_FLAGS='--extra-index-url <its address>' TORCH='torch==2.13.0+cpu'"

.venv: .venv/installed  ## build the environment (done by all other targets)

# Two stamps, so that a changed dependency does not download torch again.
.venv/torch: | constraints.txt
	@python=; for candidate in $(or $(strip $(PYTHON)),$(PYTHONS)); do \
	    if $$candidate -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	    then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "vernal needs Python 3.11 or later, with its venv module; none of these is one: $(or $(strip $(PYTHON)),$(PYTHONS))" >&2; \
	    echo "Install one (Debian and Ubuntu: python3 and python3-venv), or name it: make PYTHON=/path/to/python" >&2; \
	    exit 1; \
	fi; \
	echo "[1/3] .venv with $$($$python --version)"; $$python -m venv --clear .venv
	@echo "[2/3] installing $(TORCH), the largest part"
	@$(INSTALL) '$(TORCH)'
	@touch $@

# hatchling builds the wheel without a network.
.venv/installed: .venv/torch pyproject.toml constraints.txt
	@echo "[3/3] installing vernal and its tools"
	@$(INSTALL) --editable '.[dev]' hatchling
	@touch $@

demo: .venv/installed  ## the tour: gas sensors that age, and a model that keeps up
	@$(BIN)/python examples/gas_sensors/demo.py $(ARGS)

test: .venv/installed  ## the tests, two at a time (ARGS=--slow for all of them)
	@$(BIN)/python -m pytest -n 2 $(ARGS)

check: .venv/installed  ## format, lint, types, import direction, spelling
	@echo "ruff format" && $(BIN)/ruff format --check --quiet .
	@echo "ruff check" && $(BIN)/ruff check --quiet .
	@echo "mypy" && $(BIN)/mypy --no-error-summary
	@echo "import-linter" && $(BIN)/lint-imports > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@echo "codespell" && $(BIN)/codespell --skip='./build,./dist,./runs,./demo-output,./bench/results'

cards: .venv/installed  ## write the pages of docs/methods anew, from the docstrings (ARGS: see docs/methods/generate.py)
	@$(BIN)/python docs/methods/generate.py $(ARGS)

wheel: .venv/installed  ## build the wheel into dist/, without a network
	@rm -rf dist
	@$(BIN)/python -m build --wheel --no-isolation > .venv/wheel.log || { cat .venv/wheel.log; exit 1; }
	@ls dist/*.whl

bare: wheel  ## install the wheel with only what it needs; it must start without importing torch
	@BIN=$(BIN) TORCH='$(TORCH)' PIP_FLAGS='$(PIP_FLAGS)' .ci/bare dist/*.whl

bench: .venv/installed  ## the benchmarks that need no data, one after another; minutes each
	@for script in $(filter-out bench/quality.py bench/coresets.py bench/orders.py bench/pasha.py bench/policies.py bench/terms.py bench/transfer.py,$(wildcard bench/[a-z]*.py)); do echo "== $$script" && $(BIN)/python "$$script" || exit 1; done

clean:  ## remove the environment, built files and caches
	@rm -rf .venv build dist demo-output .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
