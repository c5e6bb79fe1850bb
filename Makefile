# make demo: see what it does. make test: all checks. make bench: the benchmarks. make docs: the site in ./site.
PYTHON ?= python3
BIN := .venv/bin
WORKSPACE ?= shop

.PHONY: setup demo test lint bench docs lock clean

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

demo: setup
	$(BIN)/customerbase -w $(WORKSPACE) demo

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint docs
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile

bench: setup
	$(BIN)/python -m benchmarks

docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock:
	$(PYTHON) -m uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-header --output-file requirements.lock

clean:
	rm -rf .venv site dist build shop .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
