# Back Issues. `make serve` is all a newcomer needs; `make help` lists the rest.
#
# PYTHON       the interpreter that makes the environment (3.11 or newer)
# ARCHIVE      the folder that `make serve` reads and, the first time, fills with the sample
# TORCH_INDEX  address of an index with CPU builds of torch, where the default one brings CUDA (README)

PYTHON  ?= python3
ARCHIVE ?= archive
HOST    ?= 127.0.0.1
PORT    ?= 8000
TORCH_INDEX ?=

VENV := .venv
BIN  := $(VENV)/bin
# What the build tool warns of (that an editable installation is one) says nothing to whoever sets this up.
PIP  := PYTHONWARNINGS=ignore $(BIN)/pip --disable-pip-version-check -qq
HTMX := web/static/vendor/htmx.min.js
export HF_HUB_DISABLE_TELEMETRY = 1

.DEFAULT_GOAL := help
.PHONY: help setup serve test fast lint format bench lock screenshots clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

setup: $(VENV)/.installed $(HTMX) $(VENV)/.model ## the environment, the front-end assets and the model; leaves .venv/bin/backissues

serve: setup ## the site over the bundled sample, on http://127.0.0.1:8000
	@mkdir -p $(ARCHIVE)
	@# A marker tells a sample that was never finished from an archive of the user's own, which is left alone.
	@test -e $(ARCHIVE)/archive.sqlite || touch $(ARCHIVE)/.sample-pending
	@if [ -e $(ARCHIVE)/.sample-pending ]; then \
		$(BIN)/backissues ingest sample --archive $(ARCHIVE) && rm $(ARCHIVE)/.sample-pending; fi
	$(BIN)/backissues serve --archive $(ARCHIVE) --host $(HOST) --port $(PORT)

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Back Issues needs Python 3.11 or newer; name one with PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

# torch goes first and alone: every other package is content with the one that is there.
$(VENV)/.installed: $(VENV)/.created pyproject.toml constraints.txt
	@echo "Installing the packages (half a gigabyte, most of it torch; once)"
	@$(PIP) install -c constraints.txt $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) torch
	@$(PIP) install -c constraints.txt --editable .
	@touch $@

$(VENV)/.tested: $(VENV)/.installed
	@echo "Installing the test tools"
	@$(PIP) install -c constraints.txt --editable '.[test]'
	@touch $@

$(VENV)/.model: $(VENV)/.installed
	@echo "Unpacking and compiling the model (once)"
	@$(BIN)/python -m index.encoder
	@touch $@

# The site needs htmx alone; the checks of its pages (axe, Lighthouse) are installed for the tests.
node_modules/.installed: package.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js with npm, which brings the site's htmx"; exit 1; }
	npm install --omit=dev --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

node_modules/.tested: node_modules/.installed
	npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

$(HTMX): node_modules/.installed
	@mkdir -p $(@D)
	cp node_modules/htmx.org/dist/htmx.min.js $@

test: setup $(VENV)/.tested node_modules/.tested ## everything: ruff, mypy --strict, the README's blocks, all tests (CI runs this)
	@sh tests/chromium.sh
	$(MAKE) --no-print-directory lint
	HF_HUB_OFFLINE=1 $(BIN)/pytest

fast: ## the quick tests only, for while you work
	HF_HUB_OFFLINE=1 $(BIN)/pytest -q -m 'not slow' -x

lint: $(VENV)/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/cog --check README.md

format: ## ruff's formatter and safe fixes, and the README's generated blocks
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/cog -r README.md

bench: setup $(VENV)/.tested ## every figure of docs/benchmarks.md, with its target beside it
	$(BIN)/python -m benchmarks

lock: $(VENV)/.tested ## write constraints.txt from what is installed
	@{ sed -n '1,2p' constraints.txt; $(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//; /^pip==/d' | sort -f; } > constraints.new
	@mv constraints.new constraints.txt

screenshots: setup $(VENV)/.tested ## renew the pictures in docs/
	$(BIN)/python -m docs.screenshots

clean: ## remove what make made (never an archive)
	rm -rf $(VENV) node_modules web/static/vendor build *.egg-info
