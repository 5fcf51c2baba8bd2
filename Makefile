# Everything runs from the project's own environment in .venv, made from the hash-locked files.
PYTHON ?= python3
BIN := .venv/bin
OUT ?= build/rehearsal
LOCK := uv pip compile --universal --generate-hashes --quiet --no-header

.PHONY: setup demo test check bench docs lock clean

setup: .venv/ready

.venv/ready: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# The main job: a full rehearsal with software keys. What an earlier demo left is replaced.
demo: setup
	if [ -f "$(OUT)/rehearsal.json" ]; then rm -rf "$(OUT)"; fi
	$(BIN)/keyvault rehearse --out "$(OUT)"

test: setup
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	set -e; for script in benchmarks/*.py; do $(BIN)/python $$script; done

# What the documents show of the program, made by running it.
docs: setup
	$(BIN)/python docs/generate.py

# For maintainers: needs uv. Users and CI need only Python's venv and pip.
lock:
	$(LOCK) pyproject.toml --group build -o requirements.lock
	$(LOCK) pyproject.toml --group dev -o requirements-dev.lock

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
