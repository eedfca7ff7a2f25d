# Needs Python 3.11 or newer and make; everything else comes from the locks in .ci/lock by hash.
#
#   make demo    one patient's story on fakes, in simulated time: order, batch, release, infusion, recall
#   make test    lint, types, import contracts, all tests but the sweeps
#   make sweeps  fixed parts of the sweeps: kills, storms, doubts, orders in every state, the authors' pages
#   make lint    the first three of these alone
#   make storm   seeded faults over every link of a site: make storm SEEDS=1000 SITE=b RECIPE=final-day (docs/storms.md)
#   make identity   right and wrong scans over twenty patients: make identity SEQUENCES=100000 SEED=1 (docs/storms.md)
#   make kills   real processes killed at points of every kind: make kills KILLS=300 DOUBLE=30 SITE=b (docs/storms.md)
#   make fuzz    damaged input for everything that reads bytes: make fuzz N=1000000 TARGET='mt_sics reply' (docs/fuzzing.md)
#   make planted   bugs planted in copies of the program: each has to be caught by its storm
#   make together  a crowd of processes at one live site: make together CLIENTS=50
#   make load    a long ledger, many batches at once, a month of storage (docs/load.md)
#   make mutants  small changes to kernel, ledger and journal, each to be noticed: make mutants MODULE=ledger/chain (docs/mutants.md)
#   make realism  200 seeds of six recipes beside public numbers: writes docs/realism.md (a quarter of an hour)
#   make trace   each requirement beside the tests that show it (docs/requirements.md): make trace O=matrix.csv
#   make bench   ratios to yardsticks, which live in an environment of their own
#   make pages   the two pages for authors, followed to the letter, kills at every moment included
#   make pictures  the pages of the README, drawn anew (needs pdftoppm)
#   make lock    resolve the locks anew from pyproject.toml

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# A copied folder carries stamps of the folder it came from; the path in the name makes them stale.
HERE := $(shell printf %s '$(CURDIR)' | cksum | cut -d ' ' -f 1)
CORE := $(VENV)/.stamp-core-$(HERE)
DEV := $(VENV)/.stamp-dev-$(HERE)
BENCH := $(VENV)-bench
YARDSTICKS := $(BENCH)/.stamp-bench-$(HERE)
MUTANTS := $(VENV)-mutants
MUTMUT := $(MUTANTS)/.stamp-mutants-$(HERE)
PIP := -m pip --disable-pip-version-check install --quiet
COMPILE = $(PY) -m uv pip compile pyproject.toml --quiet --universal --fork-strategy fewest --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate

.PHONY: demo test lint sweeps storm identity kills fuzz planted together load mutants realism trace bench lock pages pictures clean
.DELETE_ON_ERROR:

demo: $(CORE)
	$(VENV)/bin/cellwright demo

# Tests write to memory where the system has room for it: what a disk can do to a ledger, they bring about themselves.
MEMORY := $(shell test -w /dev/shm && test "$$(df -Pk /dev/shm | awk 'END {print $$4}')" -gt 4000000 && echo /dev/shm)

# Many tests start the program in processes of their own: it is compiled once, whatever the surroundings say.
PYTEST := PYTHONDONTWRITEBYTECODE= TMPDIR=$(or $(MEMORY),$${TMPDIR:-/tmp}) $(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder

test: lint
	$(PYTEST) -m "not sweep"

sweeps: $(DEV)
	$(PYTEST) -m sweep

lint: $(DEV)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as run; run()'

SEEDS ?= 100
SITE ?= a
RECIPE ?= freeze-day

storm: $(DEV)
	$(PY) -m tests.storms --seeds $(SEEDS) --site $(SITE) --recipe $(RECIPE)

SEQUENCES ?= 1000

identity: $(DEV)
	$(PY) -m tests.identity --sequences $(SEQUENCES) --seed $(SEED)

KILLS ?= 300
DOUBLE ?= 30
SEED ?= 1

kills: SITE = b
kills: RECIPE = final-day
kills: $(DEV)
	$(PY) -m tests.plant.real_kills --kills $(KILLS) --double $(DOUBLE) --seed $(SEED) --site $(SITE) --recipe $(RECIPE)

N ?= 20000
TARGET ?=

fuzz: $(DEV)
	$(PY) -m tests.fuzz --inputs $(N) --target "$(TARGET)"

planted: $(DEV)
	$(PY) -m tests.storms.planting

CLIENTS ?= 50

together: $(DEV)
	$(PY) -m tests.together --clients $(CLIENTS)

load: $(DEV)
	$(PY) -m tests.load.big_ledger build/big
	$(PY) -m tests.load.start build/big
	$(PY) -m tests.load.traces build/big
	$(PY) -m tests.load.batches --batches 300 --counters 60
	$(PY) -m tests.load.resume --batches 300
	$(PY) -m tests.load.storage_month

MODULE ?=
EVERY ?= 1

mutants: $(MUTMUT)
	$(MUTANTS)/bin/python -m tests.mutants --module "$(MODULE)" --every $(EVERY)

realism: $(DEV)
	$(PY) -m tests.plant.realism --write

O ?=

trace: $(DEV)
	$(PY) -m tests.qualification.trace $(if $(O),-o $(O))

bench: $(YARDSTICKS)
	$(BENCH)/bin/python -m tests.benchmarks

# The bench set is the narrowest, so the others follow its versions where they share a package.
lock: $(DEV)
	$(COMPILE) --upgrade --group build --group bench --output-file .ci/lock/bench.txt
	$(COMPILE) --upgrade --group build --constraint .ci/lock/bench.txt --output-file .ci/lock/core.txt
	$(COMPILE) --upgrade --group build --group dev --constraint .ci/lock/core.txt --output-file .ci/lock/dev.txt
	$(COMPILE) --upgrade --group build --group dev --group mutants --constraint .ci/lock/dev.txt --output-file .ci/lock/mutants.txt

pages: $(DEV)
	$(PY) -m tests.pages

pictures: $(CORE)
	$(VENV)/bin/cellwright demo --site build/pictures
	pdftoppm -r 80 -png -f 1 -l 1 -singlefile build/pictures/site-a/record.pdf docs/images/record
	pdftoppm -r 80 -png -f 6 -l 6 -singlefile build/pictures/site-a/record.pdf docs/images/record-wash
	pdftoppm -r 80 -png -f 20 -l 20 -singlefile build/pictures/site-a/record.pdf docs/images/record-freeze
	pdftoppm -r 80 -png -f 25 -l 25 -singlefile build/pictures/site-a/record.pdf docs/images/record-product

clean:
	rm -rf $(VENV) $(BENCH) $(MUTANTS) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(CORE): .ci/lock/core.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(PY) $(PIP) --require-hashes --requirement .ci/lock/core.txt
	$(PY) $(PIP) --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.stamp-core-* && touch $@

$(DEV): .ci/lock/dev.txt $(CORE)
	$(PY) $(PIP) --require-hashes --requirement .ci/lock/dev.txt
	@rm -f $(VENV)/.stamp-dev-* && touch $@

$(YARDSTICKS): .ci/lock/bench.txt $(CORE)
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python $(PIP) --require-hashes --requirement .ci/lock/bench.txt
	$(BENCH)/bin/python $(PIP) --no-deps --no-build-isolation --editable .
	@rm -f $(BENCH)/.stamp-bench-* && touch $@

$(MUTMUT): .ci/lock/mutants.txt $(CORE)
	$(PYTHON) -m venv $(MUTANTS)
	$(MUTANTS)/bin/python $(PIP) --require-hashes --requirement .ci/lock/mutants.txt
	$(MUTANTS)/bin/python $(PIP) --no-deps --no-build-isolation --editable .
	@rm -f $(MUTANTS)/.stamp-mutants-* && touch $@
