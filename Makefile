# Two commands do all the set-up: `make transcribe` and `make test`. They need Python 3.11 or newer, pip and make.

PYTHON ?= python3
BIN := .venv/bin
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
endif
AUDIO ?=
ARGS ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help transcribe test check unit search prove format bench docs clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

transcribe: .venv/.core  ## transcribe the bundled sample, or AUDIO=talk.mp4 (ARGS="--words --format srt")
	@$(BIN)/auricle transcribe $(ARGS) $(if $(AUDIO),"$(AUDIO)",--sample)

test: .venv/.dev check unit  ## format check, lint, strict types, all tests

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy benchmarks/*.py recipes/*.py

unit: .venv/.dev
	$(BIN)/python -m pytest

search: .venv/.dev  ## the property tests with new random examples, which `make test` keeps fixed
	AURICLE_HYPOTHESIS=search $(BIN)/python -m pytest

prove: .venv/.dev  ## the slow proofs: accuracy, memory, silence, on the recordings of AURICLE_SPEECH
	$(BIN)/python -m pytest -m slow

format: .venv/.dev  ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/.dev  ## write the pages that are generated from the code
	$(BIN)/python docs/generate.py

bench: .venv/.dev  ## speed and accuracy beside faster-whisper on the same weights
	$(BIN)/python benchmarks/speed.py

clean:  ## remove what these targets made
	rm -rf .venv build dist

.venv/bin/python .venv/Scripts/python.exe:
	$(PYTHON) -m venv .venv

.venv/.core: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing what transcribing needs (about 250 MB, once) …"
	@$(PIP) --editable .
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing what the tests need …"
	@$(PIP) --editable ".[all]" --requirement requirements-dev.txt
	@touch $@ .venv/.core
