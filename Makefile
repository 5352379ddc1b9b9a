# Two commands do all: `make run` and `make test`. Both install what they need on the first call.
# Everything here can be run by hand as well; see README.md.

PYTHON ?= python3.11
CORES ?= all
BIN := $(CURDIR)/.venv/bin
INSTALLED := .venv/installed
PEERS := .venv/peers
SLURM := .venv/slurm
BROWSER := .venv/browser
export PATH := $(BIN):$(PATH)
# nothing here talks to an HTCondor, whose module warns at each start of Snakemake without a config
export CONDOR_CONFIG ?= /dev/null

.PHONY: help install run smoke gallery test sweep browser cluster lint bench schema clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

install: $(INSTALLED) ## make .venv with the pinned packages

$(INSTALLED): pyproject.toml constraints.txt
	@command -v $(PYTHON) > /dev/null || \
	  { echo "Cascade needs Python 3.11: install it, or name it: make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "==> making .venv and installing the pinned packages (a few minutes, once)"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: $(INSTALLED) ## run the whole workflow on the default config, then write results/report.html
	@echo "==> snakemake on config/config.yaml with $(CORES) cores"
	snakemake --cores $(CORES)
	@echo "==> writing the report"
	snakemake --report results/report.html --quiet all
	@echo "==> done: results/ holds figures, tables and numbers; open results/report.html"

smoke: $(INSTALLED) ## run the whole workflow on tiny samples, in runs/smoke
	@echo "==> snakemake on config/smoke.yaml"
	snakemake --cores $(CORES) --configfile config/smoke.yaml
	snakemake --configfile config/smoke.yaml --report runs/smoke/report.html --quiet all
	@echo "==> done: see runs/smoke/results and runs/smoke/report.html"

gallery: $(INSTALLED) ## make the pictures of README and docs anew from results/
	python docs/gallery.py results

test: $(INSTALLED) ## run the tests
	@echo "==> tests (under 10 minutes on 2 cores)"
	pytest -n 2 --dist loadgroup -m "not sweep and not cluster and not browser"

sweep: $(INSTALLED) ## kill processes at random moments, many times
	@echo "==> long sweeps of killed processes"
	pytest -m "sweep and not cluster"

$(BROWSER): $(INSTALLED)
	@echo "==> installing what opens a browser"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,browser]'
	@touch $@

browser: $(BROWSER) ## open the report of `make smoke` in Chromium, where it is installed
	@test -f runs/smoke/report.html || { echo "no runs/smoke/report.html: run make smoke first"; exit 2; }
	@echo "==> the report in a browser without a network"
	pytest -m browser

$(SLURM): $(INSTALLED)
	@echo "==> installing Snakemake's ways to Slurm and HTCondor"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev,slurm,htcondor]'
	@touch $@

cluster: $(SLURM) ## run the workflow on a Slurm of its own, as root, where Slurm is installed
	@echo "==> tests on a cluster of one node"
	pytest -m "cluster and not sweep"

lint: $(INSTALLED) ## check style and form of code and workflow
	ruff check
	ruff format --check
	snakefmt --check Snakefile workflow
	snakemake --lint

$(PEERS): $(INSTALLED)
	@echo "==> installing the peers that benchmarks compare with"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[bench]'
	@touch $@

bench: $(PEERS) ## measure speed against peers: one table, and results/benchmarks.json
	@echo "==> benchmarks on one core (a quiet machine is wanted)"
	python benchmarks --json results/benchmarks.json

schema: $(INSTALLED) ## write workflow/schemas/config.schema.yaml anew after a change of settings
	cascade config config/config.yaml --schema > workflow/schemas/config.schema.yaml

clean: ## remove the environment; data/ and results/ stay
	rm -rf .venv
