# Every target sets up what it needs: on a fresh machine any of them may be the first command.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
TORCH  := torch==2.13.0
PIP    := $(BIN)/python -m pip --disable-pip-version-check
export PIP_PROGRESS_BAR ?= off

.PHONY: setup demo test check golden eval lock
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
	elif [ -e /dev/nvidia0 ]; then echo "setup 2/4: $(TORCH) with CUDA, for the GPU of this machine"; \
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
