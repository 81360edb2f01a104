# Two commands on a fresh machine with Python 3.11 to 3.14: `make demo` and `make test`. Each sets up what it needs, once.
#
# VENV   where the environment stands (.venv)
# DEMO   where the demo writes (demo)

# The oldest that is there, as most is tested on it.
PYTHONS := 3.11 3.12 3.13 3.14
PYTHON ?= $(or $(strip $(firstword $(foreach v,$(PYTHONS),$(shell python$(v) -c "" 2>/dev/null && echo python$(v))))),python3)
VENV ?= .venv
DEMO ?= demo
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat requirements.lock pyproject.toml | sha256sum | cut -c1-16)-$(shell pwd | sha256sum | cut -c1-8)
RUN := $(BIN)/python -m
# A file's tests stay in one process, which takes up to 1.5 GB of memory.
PARALLEL := -n logical --maxprocesses 8 --dist loadfile

.PHONY: demo test test-avx2 check-pythons slow check lock benchmark setup

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	rm -f $(VENV)/.ready-*
	touch $@

demo: $(READY)
	$(RUN) asc.prepare --dataset demo --out $(DEMO)/prepared
	$(RUN) asc.train --data $(DEMO)/prepared --preset demo --width 32 --runs $(DEMO)/runs
	$(RUN) asc.train --data $(DEMO)/prepared --preset demo --width 32 --weights damped --runs $(DEMO)/runs
	$(RUN) asc.evaluate $(DEMO)/runs --out $(DEMO)/report

check: $(READY)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy asc common data_prep evaluation models recipes benchmarks

test: $(READY) check
	$(RUN) pytest $(PARALLEL)

# As on a processor with AVX2 but neither AVX-512 nor bfloat16: tests that train, of every network and scheme. Those that
# train the same again through other processes or commands (executors, killed runs, line and map figures) are not marked.
test-avx2: $(READY)
	ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 $(RUN) pytest $(PARALLEL) -m "trains and not slow"

# That everything in the lock has a wheel for every Python supported, on Linux with x86-64. Nothing is installed.
check-pythons: $(READY)
	@for version in $(PYTHONS); do \
		status=0; $(BIN)/uv pip compile requirements.lock --no-deps --only-binary :all: --python-version $$version \
			--python-platform x86_64-manylinux_2_28 --quiet -o /dev/null > /dev/null || status=$$?; \
		case $$status in \
			0) echo "Python $$version: the lock resolves";; \
			2) echo "Python $$version: not checked, the package index cannot be reached";; \
			*) exit $$status;; \
		esac; \
	done

slow: $(READY)
	$(RUN) pytest -m slow

benchmark: $(READY)
	$(RUN) benchmarks

# Needs uv. Pins the newest versions that pyproject.toml allows, for every platform, with hashes.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--upgrade --quiet -o requirements.lock
