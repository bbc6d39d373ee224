# `make help` lists the targets. Everything happens in .venv; every target can be run again.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS ?= 1
# Ranks that wait for each other leave the cores to the tests beside them.
export OMPI_MCA_mpi_yield_when_idle ?= 1
# Firedrake keeps the compiled kernels; the steps on the way there take three quarters of the space, and spare no time.
export LOOPY_NO_CACHE ?= 1
# Firedrake would set another one: what numba compiled for processes without it would be compiled again for those with it.
export XDG_CACHE_HOME ?= $(HOME)/.cache
# A worker for each core, so a thread for each worker: two of one run would wait for the core of the other worker. Tests of one file stay
# together: they share what is slow to make; tests/conftest.py says which files begin. The plugin mpi-pytest, which comes with Firedrake,
# would start MPI in the process that hands out the tests, and no mpiexec works below one where it runs.
EVERY_CORE := NUMBA_NUM_THREADS=$${NUMBA_NUM_THREADS:-1} $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder \
  -p no:mpi-pytest

.PHONY: help demo test test-fast lint install-fem clean

help:
	@echo "make demo       set up, design a waveguide bend, write runs/demo/report.html"
	@echo "make test       set up, Firedrake included, and run all tests"
	@echo "make test-fast  the tests that take seconds"
	@echo "make lint       style, and which package imports which"
	@echo "make install-fem  add Firedrake and PETSc (about half an hour the first time, then two minutes)"
	@echo "make clean      remove .venv and build leftovers (runs/ stays)"

# The stamps hold what was installed: a change of setup.cfg installs again.
$(VENV)/.base: setup.cfg pyproject.toml
	@echo "== setting up $(VENV) (wheels only, about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "could not create $(VENV): on Debian and Ubuntu install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --prefer-binary -e .
	@touch $@

$(VENV)/.test: $(VENV)/.base
	@echo "== adding what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --prefer-binary -e '.[test]'
	@touch $@

demo: $(VENV)/.base
	@echo "== designing a waveguide bend into runs/demo"
	@if [ -e runs/demo/config.toml ]; then $(BIN)/adjointdesign resume runs/demo; \
	 else $(BIN)/adjointdesign run waveguide-bend --out runs/demo; fi

test: lint $(VENV)/.fem
	@echo "== running all tests"
	@$(EVERY_CORE)

test-fast: $(VENV)/.test
	@$(EVERY_CORE) -m 'not slow'

# import-linter reads packages where they lie, so problems/ is put in its installed place first.
lint: $(VENV)/.test
	@echo "== checking style, and which package imports which"
	@$(BIN)/ruff check --quiet .
	@rm -rf build/lint && mkdir -p build/lint && cp -r adjointdesign build/lint/ && cp -r problems build/lint/adjointdesign/
	@cd build/lint && $(abspath $(BIN))/lint-imports --config $(CURDIR)/setup.cfg >log 2>&1 || { cat log; exit 1; }

# Firedrake and PETSc: found if they are there, else built once and kept (docs/install-fem.md). The installer leaves the
# stamp in the environment that passed its checks.
install-fem: $(VENV)/.base
	@echo "== providing Firedrake"
	@cd hpc && $(abspath $(BIN))/python -m install_fem

$(VENV)/.fem: $(VENV)/.base hpc/install_fem/recipe.py
	@$(MAKE) --no-print-directory install-fem

clean:
	rm -rf .venv build *.egg-info .pytest_cache .import_linter_cache
