# `make repro` and `make test` work in a fresh clone; each sets up .venv first if it has to.

PYTHON ?= python3.11
VENV := .venv
READY := $(VENV)/.ready
PORT ?= 5000
JOBS ?= 1
export EXAMPLES ?= 1000
TOOLS = $(PYTHON) -m venv .hbir/tools && .hbir/tools/bin/python -m pip install --quiet
AUDITED = $$($(VENV)/bin/python -c 'import site; print(site.getsitepackages()[0])')
# DVC keeps pickles in its state, by default below /var/tmp, where everybody may write.
PRIVATE = install -d -m 700 .dvc/site && $(VENV)/bin/dvc config --local core.site_cache_dir "$(CURDIR)/.dvc/site"
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
export HF_HUB_DISABLE_TELEMETRY := 1
export NO_MKDOCS_2_WARNING := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install private hashes sbom audit repro restore test test-slow test-faults fuzz test-gpu verify bench bench-scaling bench-scale lint format docs ui track seeds apertium clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

install: $(READY) ## Set up .venv; the other targets do so too

private: $(READY) ## Let DVC keep its state where nobody else can write; `make install` did so (docs/security.md)
	@$(PRIVATE)

repro: $(READY) ## Run the pipeline (only what changed) and show the comparison; JOBS=3: three stages at a time
	@python -m hbir restore
	@python -m hbir repro --jobs $(JOBS)
	@if git diff --name-only HEAD -- dvc.lock 2>/dev/null | grep -q .; then \
	  echo "dvc.lock names the results of this machine now. Commit it, so that they stay: git commit -am 'My results'"; fi

restore: $(READY) ## After Git brought another machine's dvc.lock: find the results of this one again
	@python -m hbir restore

test: $(READY) ## Run the tests
	python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: $(READY) ## Compare speed and memory with other tools, into docs/performance.md
	@python -c "import ranx, pytrec_eval" 2>/dev/null || \
	  echo "For the comparisons with ranx and pytrec_eval: $(VENV)/bin/python -m pip install -e '.[bench]'"
	python -m perf.bench

bench-scaling: $(READY) ## Measure how time and memory grow with size, into docs/performance.md
	python -m perf.scaling

bench-scale: $(READY) ## Run the pipeline on made-up corpora of the paper's shape, into docs/performance.md
	python -m perf.scale

test-slow: $(READY) ## Run the slow tests: every block of README and tutorial, own pairs, a queue, a new sampler
	python -m pytest -m slow

test-faults: $(READY) ## Break every stage, feed bad input to every reader, and count what survives and what is refused
	python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "slow or not slow" \
	  tests/survival tests/faults tests/fuzz tests/closed tests/training/test_ranks.py tests/training/test_launched.py \
	  tests/evaluation/test_shared_scoring.py tests/retrieval/test_shared_search.py

test-gpu: $(READY) ## On a machine with a GPU: train, resume and embed on it, as two hosts too, and compare with the CPU
	HBIR_TEST_GPU=1 python -m pytest tests/gpu

fuzz: $(READY) ## Hand spoilt files to every reader, others each time; EXAMPLES=1000 of each
	python -m pytest tests/fuzz tests/core/test_unpacked.py tests/core/test_files.py tests/core/test_tables.py \
	  tests/benchmarks/test_squad_file.py tests/translation/memory/test_memory.py --hypothesis-profile fuzz

verify: $(READY) ## Reproduce a tiny configuration in two clones, as two users, and compare every output
	@python -m verify clones

lint: $(READY) ## Check style, types and docstrings
	ruff check .
	ruff format --check .
	mypy
	pydoclint --quiet hbir stages docs verify
	mkdocs build --strict --quiet

docs: $(READY) ## Write the reference from the code, and the documentation as a site into site/
	python -m docs.generate
	mkdocs build --strict --quiet
	@echo "Open site/index.html"

format: $(READY) ## Mend what ruff can mend
	ruff check --fix .
	ruff format .

seeds: $(READY) ## Repeat the comparison with two more seeds and summarise all three
	python -m hbir study run seeds
	python -m hbir seeds HEAD seed-2 seed-3 --intervals

ui: $(READY) ## Synchronise MLflow and open its UI on 127.0.0.1:$(PORT)
	python -m hbir ui --port $(PORT)

track: $(READY) ## Synchronise MLflow with what DVC holds
	python -m hbir track

hashes: $(READY) ## Write requirements.hashes, to which later installations are held (docs/security.md)
	@mkdir -p .hbir
	python -m pip install --quiet --dry-run --ignore-installed --no-deps --report .hbir/pip.json -r requirements.lock
	python -m docs.generate.hashes .hbir/pip.json > requirements.hashes

sbom: $(READY) ## Write sbom.json, the installed packages in CycloneDX's format
	$(TOOLS) cyclonedx-bom
	.hbir/tools/bin/cyclonedx-py environment --output-reproducible -o sbom.json $(VENV)/bin/python

audit: $(READY) ## Ask for known holes of the installed packages; needs the network
	@$(TOOLS) pip-audit
	@rm -f .hbir/audit.json
	@.hbir/tools/bin/pip-audit --progress-spinner off --format json --output .hbir/audit.json \
	  --path "$(AUDITED)" > .hbir/audit.log 2>&1 || true
	@python -m docs.generate.audit .hbir/audit.json .hbir/audit.log

apertium: ## Install the rule-based translation engine, from English to Catalan, Esperanto, Galician and Spanish
	$(SUDO) apt-get install --yes apertium apertium-eng-cat apertium-eo-en apertium-en-gl apertium-eng-spa

clean: ## Remove the virtual environment and tool caches, never a result
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis hbir.egg-info

# torch first and alone: letting another package pull it can fetch gigabytes of CUDA wheels.
$(READY): requirements.lock $(wildcard requirements.hashes)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet "$$(grep '^torch==' requirements.lock)"
	if [ -f requirements.hashes ]; \
	then $(VENV)/bin/python -m pip install --quiet --require-hashes -r requirements.hashes; \
	else $(VENV)/bin/python -m pip install --quiet -r requirements.lock; fi
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(PRIVATE)
	touch $(READY)
