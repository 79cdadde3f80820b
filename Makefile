# Two commands: `make run` opens the office, `make test` checks everything. Works as root or as a plain user, from any
# folder, with Python 3.11 or later and make. CURBSTOP_PORT and CURBSTOP_HOME choose port and data folder.

.DEFAULT_GOAL := help
.PHONY: help run test laws lint format bench coverage clean lock
SHELL := /bin/sh
BIN := .venv/bin
PYTHON ?= python3

help:
	@echo "make run      open the office in a browser (first time: about three minutes)"
	@echo "make test     style, types, walls, rules, database, browser"
	@echo "make laws     the same tests with cases nobody has tried yet; what fails is a fault to be written down as an example"
	@echo "make lint     style, types and walls only"
	@echo "make bench    rating, bill run, search: prints ratios"
	@echo "make coverage write docs/reference/coverage.md from the rate corpora (CURBSTOP_RATES)"
	@echo "make format   let ruff arrange the code"
	@echo "make clean    remove the environment and caches, not the data"

run:
	@$(PYTHON) tools/environment.py run
	@$(BIN)/curbstop serve

test:
	@$(PYTHON) tools/environment.py dev
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

laws:
	@$(PYTHON) tools/environment.py dev
	@CURBSTOP_LAWS=new $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not browser" --ignore tests/tidy

lint:
	@$(PYTHON) tools/environment.py dev
	@$(BIN)/pytest -q tests/tidy

format:
	@$(PYTHON) tools/environment.py dev
	@$(BIN)/ruff check --fix --select I,UP,F401 curbstop tests bench && $(BIN)/ruff format curbstop tests bench

bench:
	@$(PYTHON) tools/environment.py dev
	@for file in $$(grep -l __main__ bench/*.py); do echo "$$file"; $(BIN)/python $$file || exit 1; done

coverage:
	@$(PYTHON) tools/environment.py dev
	@$(BIN)/python -m tests.corpus.coverage

lock:  # after changing the dependencies in pyproject.toml; takes up new versions only with UPGRADE=--upgrade
	@$(PYTHON) tools/environment.py dev
	@$(BIN)/pip install -q "uv>=0.9"
	$(BIN)/uv pip compile $(LOCK) -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile $(LOCK) -c requirements.lock --extra dev -o requirements-dev.lock pyproject.toml

LOCK := -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(UPGRADE)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find curbstop tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
