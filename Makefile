# Two commands on a fresh machine with Python 3.11: `make demo` and `make test`. Each sets up what it needs, once.
#
# VENV   where the environment stands (.venv)
# DEMO   where the demo writes (demo)

PYTHON ?= python3.11
VENV ?= .venv
DEMO ?= demo
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(shell cat requirements.lock pyproject.toml | sha256sum | cut -c1-16)-$(shell pwd | sha256sum | cut -c1-8)
RUN := $(BIN)/python -m

.PHONY: demo test slow check lock benchmark setup

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
	$(RUN) asc.train --data $(DEMO)/prepared --preset demo --width 32 --damping 0.1 --runs $(DEMO)/runs
	$(RUN) asc.evaluate $(DEMO)/runs --out $(DEMO)/report

check: $(READY)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy asc common data_prep evaluation models recipes benchmarks

test: $(READY) check
	$(RUN) pytest

slow: $(READY)
	$(RUN) pytest -m slow

benchmark: $(READY)
	$(RUN) benchmarks

# Needs uv. Pins the newest versions that pyproject.toml allows, for every platform, with hashes.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--upgrade --quiet -o requirements.lock
