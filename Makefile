# Every action of the project; bare `make` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TRAIN := .venv-train
LABEL_STUDIO_ENV := .venv-label-studio
AUDIT := .venv-audit
# A set names all that it needs. Looking again would ask for the newest of what somebody wants with an extra, and fail.
PIP_INSTALL := -m pip install --disable-pip-version-check --require-hashes --no-deps
UV_INSTALL = $(BIN)/uv pip install --require-hashes --no-deps --compile-bytecode
export UV_HTTP_TIMEOUT ?= 120
# What is set for another Python is not for these.
unexport PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONSTARTUP PYTHONINSPECT PYTHONOPTIMIZE PYTHONIOENCODING PYTHONWARNINGS
unexport PYTHONPLATLIBDIR PYTHONUSERBASE PIP_USER PIP_TARGET PIP_PREFIX
CODE := cli feedloop functions local labelling training simulation scripts tests $(wildcard benchmarks)

# Label Studio pins what the others do not: its set is pinned apart from them.
APART := requirements/label-studio
# Each set of requirements: its .in says what is wanted, its .txt pins it with hashes.
SETS := $(filter-out $(APART),$(patsubst %.in,%,$(wildcard functions/*/requirements*.in template/*/requirements.in deploy/*/*/requirements.in requirements/*.in)))
UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest

# Half of what tests do is waiting, so there are more workers than cores. A file, or the group that it names, is one worker's.
WORKERS ?= 4
# Strings hash alike in all workers, and bytecode is kept: hundreds of processes start.
PYTEST := PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --dist loadgroup --no-loadscope-reorder
# From this all seeds of a soak follow: `make soak SOAK=<what a failed one printed>` draws them again.
SOAK := $(or $(SOAK),$(shell date +%s))

# What a Ctrl-C, a move or another Python has made unusable goes, before make looks at what there is.
ifneq ($(filter-out help clean,$(MAKECMDGOALS)),)
$(shell $(PYTHON) -I scripts/environments.py $(if $(filter file,$(origin PYTHON)),,--this-python) \
  $(VENV) $(TRAIN) $(LABEL_STUDIO_ENV) $(AUDIT) >&2)
endif

.DEFAULT_GOAL := help
.PHONY: help run demo quick test soak test-training plant check audit bench minio lock clean

help: ## list the actions
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/local.stamp $(if $(filter off,$(LABEL_STUDIO)),,$(LABEL_STUDIO_ENV)/label-studio.stamp) ## start the whole system on this machine (PORT, DATA_DIR, S3_ENDPOINT ...: README)
	@exec $(BIN)/python -m local

demo: $(VENV)/demo.stamp $(TRAIN)/train.stamp $(LABEL_STUDIO_ENV)/label-studio.stamp ## see the loop close: 10 days in minutes, then retraining (torch: 5.5 GB, once)
	@exec $(BIN)/python -m simulation

quick: check ## check, and run the tests that need no server: what one runs at every save (a minute)
	@$(PYTEST) -n 2 -q -m "not store and not browser and not slow" tests/unit tests/structure tests/functions

test: $(VENV)/test.stamp $(LABEL_STUDIO_ENV)/label-studio.stamp minio ## run all tests that guard a change (ten minutes; WORKERS=4 at a time)
	@$(PYTEST) -n $(WORKERS)

soak: $(VENV)/test.stamp $(LABEL_STUDIO_ENV)/label-studio.stamp minio ## run the long tests as well, all with fresh seeds (hours; SOAK=... draws the same)
	@echo "All seeds follow from SOAK=$(SOAK)"
	@SOAK=$(SOAK) $(PYTEST) -n $(WORKERS) --hypothesis-seed=$(SOAK)
	@$(BIN)/python -m scripts.random_bugs --seed $(SOAK) --count 300

test-training: $(TRAIN)/train.stamp ## run the tests of training as well, with torch (5.5 GB, once)
	@OMP_NUM_THREADS=1 $(PYTEST:$(BIN)/%=$(TRAIN)/bin/%) -n 2 tests/training

plant: $(VENV)/test.stamp $(LABEL_STUDIO_ENV)/label-studio.stamp minio ## see whether the tests catch planted bugs (BUG=curate: only those with it in their name)
	@$(BIN)/python -m scripts.plant_bugs $(BUG)

check: $(VENV)/test.stamp ## lint, formatting, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(CODE)
	@$(BIN)/lint-imports

audit: $(AUDIT)/audit.stamp ## ask for known weaknesses of all that is pinned; says what it could not ask
	@$(AUDIT)/bin/python -m scripts.audit

bench: $(VENV)/test.stamp $(if $(filter minio,$(STORE)),minio) ## measure what benchmarks/README.md promises (STORE=minio: with MinIO)
	@set -e; for question in predict grown sample sweep; do \
	  echo "== $$question"; $(BIN)/python -m benchmarks.$$question --store $(or $(STORE),seaweedfs); done
	@set -e; for question in report start memory coverage summary; do echo "== $$question"; $(BIN)/python -m benchmarks.$$question; done

minio: | $(BIN)/python ## build MinIO for STORE=minio and for the tests (once, about 3 minutes)
	@$(BIN)/python -m scripts.install_minio

lock: $(VENV)/lock.stamp ## pin the newest versions of everything, the same in every set
	@mkdir -p build/lock && rm -f build/lock/all.txt
	@$(UV_COMPILE) --upgrade --no-header --no-annotate $(SETS:%=%.in) --output-file build/lock/all.txt >/dev/null
	@set -e; for set in $(SETS); do echo "$$set.txt"; \
	  $(UV_COMPILE) --upgrade --generate-hashes --no-header --no-annotate --constraint build/lock/all.txt \
	    "$$set.in" --output-file "$$set.txt" >/dev/null; done
	@echo "$(APART).txt"; grep '^obstore==' build/lock/all.txt >build/lock/shared.txt; \
	  $(UV_COMPILE) --upgrade --generate-hashes --no-header --no-annotate --constraint build/lock/shared.txt \
	    $(APART).in --output-file $(APART).txt >/dev/null

clean: ## remove caches and the virtual environment; the data of `make run` stays
	@rm -rf $(VENV) $(TRAIN) $(LABEL_STUDIO_ENV) $(AUDIT) build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Pictures, labels and models are kept. To delete them as well: rm -r $(or $(DATA_DIR),.feedloop)"

# Pip installs uv, and uv all others: seconds instead of minutes. It compiles what it installs, so that no process that
# starts later has to. Where only pip knows a package index, pip takes over.
$(VENV)/lock.stamp: requirements/lock.txt | $(BIN)/python
	@echo $$PPID >$@.unfinished
	@$(BIN)/python $(PIP_INSTALL) --quiet --requirement $< || { rm -f $@.unfinished; exit 1; }
	@touch $@ && rm -f $@.unfinished

# A stamp says that this environment holds this set: a second `make run` starts at once. What is left unfinished when
# make is killed tells scripts/environments.py that nobody knows what it holds.
define INSTALL
@echo $$PPID >$@.unfinished
@$(UV_INSTALL) --python $(@D)/bin/python --requirement $< || $(@D)/bin/python $(PIP_INSTALL) --requirement $< \
  || { rm -f $@.unfinished; exit 1; }
@touch $@ && rm -f $@.unfinished
endef

$(VENV)/%.stamp: requirements/%.txt | $(VENV)/lock.stamp $(BIN)/python
	@echo "Installing $< (only when it has changed) ..."
	$(INSTALL)

$(TRAIN)/%.stamp: requirements/%.txt | $(VENV)/lock.stamp $(TRAIN)/bin/python
	@echo "Installing $< (only when it has changed) ..."
	$(INSTALL)

$(LABEL_STUDIO_ENV)/%.stamp: requirements/%.txt | $(LABEL_STUDIO_ENV)/bin/python $(VENV)/lock.stamp
	@echo "Installing Label Studio (800 MB, only when $< has changed) ..."
	$(INSTALL)

$(AUDIT)/%.stamp: requirements/%.txt | $(AUDIT)/bin/python $(VENV)/lock.stamp
	$(INSTALL)

.PRECIOUS: %/bin/python
%/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Feedloop needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.12 run"; exit 1; }
	@echo "Creating $* ..."
	@mkdir -p $* && echo $$PPID >$*/python.unfinished
	@$(PYTHON) -m venv $* || { rm -rf $*; \
	  echo "Python could not make an environment; on Debian: apt-get install python3-venv"; exit 1; }
	@touch $*/made.stamp && rm -f $*/python.unfinished && $(PYTHON) -I scripts/environments.py $*
