# evenhand: `make demo` and `make test` are the two commands (`make fast` the lab's quick tests); each installs what it needs
# into .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# Where it is set, each of the many processes that tests start compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: ready demo test fast lint types imports docs check calibration redteam campaign clean

# A stamp per set of extras: installed again only when the project's own metadata change.
$(VENV)/.installed-%: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --editable ".[$*]"
	touch $@

# All of them in one resolve: what continuous integration begins with. Of 30,000 files few are imported: those are compiled
# when they are.
ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --no-compile --constraint constraints.txt --editable ".[dev]"
	touch $(foreach extra,lint test docs nn,$(VENV)/.installed-$(extra))

demo: $(VENV)/.installed-nn
	$(BIN)/evenhand run claims/future_seed/rightcopy.toml

test: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal

# The lab without its systems, what takes long, and the files whose imports (transformers) take longer than their tests.
SLOW := tests/evenhand_systems tests/calibration $(addprefix tests/data/test_,models.py gguf_llama.py smollm2.py)
fast: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not slow" $(addprefix --ignore ,$(SLOW))

lint: $(VENV)/.installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-lint $(VENV)/.installed-test
	$(BIN)/mypy

imports: $(VENV)/.installed-lint
	$(BIN)/lint-imports

# Written to build/site. Whatever mkdocs warns of fails: a page that nothing leads to, a link that leads nowhere, a docstring
# that names no parameter (with --quiet mkdocs would count no warning).
docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

check: lint types imports docs test

calibration: $(VENV)/.installed-test
	$(BIN)/python benchmarks/calibration.py

redteam: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.redteam

campaign: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.campaign

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build
