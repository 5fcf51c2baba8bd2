# Everything runs from the project's own environment in .venv, made from the hash-locked files.
PYTHON ?= python3
BIN := .venv/bin
OUT ?= build/rehearsal
LOCK := uv pip compile --universal --generate-hashes --quiet --no-header

.PHONY: setup demo tui test test-vm check bench bench-vm docs lock clean

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

# The interface on software keys and a ledger of its own, in a folder that is gone afterwards.
tui: setup
	$(BIN)/keyvault-tui --rehearsal

# Two workers a core, since many tests wait for a terminal or a disk; a file's tests stay together,
# since they share what is costly to make.
test: setup
	$(BIN)/python -m pytest --numprocesses $$((2 * $$(nproc))) --dist loadfile $(ARGS)

# Software keys as true USB devices in a virtual machine; ARGS are pytest's (ARGS="-k hotplug").
test-vm: setup
	$(BIN)/python -m tests.vm.host test $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	set -e; for script in benchmarks/*.py; do $(BIN)/python $$script; done

# One reading of the same key by the kit and by other programs, in the virtual machine.
bench-vm: setup
	$(BIN)/python -m tests.vm.host bench

# What the documents show of the program, made by running it.
docs: setup
	$(BIN)/python docs/generate.py

# For maintainers: needs uv. Users and CI need only Python's venv and pip.
lock:
	$(LOCK) pyproject.toml --group build -o requirements.lock
	$(LOCK) pyproject.toml --group dev -o requirements-dev.lock

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
