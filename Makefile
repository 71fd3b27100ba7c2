# Madang: `make` lists the targets.
SHELL := /bin/sh
CACHE ?= $(or $(MADANG_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/madang)
PYTHON := .venv/bin/python
CLUSTER := $(PYTHON) -m localcluster
NOTICE ?= 120
ARGS ?=
PYTEST := $(PYTHON) -m pytest -q -m "not cluster"
OF_SPOT := tests/integration/spot/
OF_THE_PAGES := tests/integration/page/
OF_THE_PORTAL := tests/integration/portal/
OF_THE_CHART := $(addprefix tests/integration/,cli/ charts/ examples/)
SIDE_BY_SIDE := test-of-the-clusters test-of-the-portal test-of-the-pages test-of-spot test-of-the-rest test-of-the-chart

.PHONY: help setup up down destroy backup restore status logs reclaim dev demo bench-page bench-loss bench-queue bench-watchers bench-spot lint format page screenshots
.PHONY: setup-tests test-of-the-pages
.PHONY: test test-unit test-integration test-of-the-platform $(SIDE_BY_SIDE) test-e2e

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what this machine lacks (apt packages, uv, Python packages)
	@bin/setup

setup-tests: ## what the tests need besides (a browser)
	@bin/setup --tests

up: setup ## bring up Kubernetes and Madang on this machine; again is a no-op
	@$(CLUSTER) up $(ARGS)

down: setup ## stop everything and keep all data
	@$(CLUSTER) down $(ARGS)

destroy: setup ## ask, then remove everything, data included
	@$(CLUSTER) destroy $(ARGS)

backup: setup ## all that cannot be made again, in one file: FILE=/mnt/disk (default /var/backups)
	@$(CLUSTER) backup $(FILE) $(ARGS)

restore: setup ## a cluster from such a file, where none is: FILE=...
	@$(CLUSTER) restore $(FILE) $(ARGS)

status: setup ## what runs
	@$(CLUSTER) status $(ARGS)

logs: setup ## logs of a node's program, e.g. ARGS="spot-1 kubelet -f"
	@$(CLUSTER) logs $(ARGS)

reclaim: setup ## the stand-in cloud takes a node, e.g. NODE=spot-2 NOTICE=120
	@$(CLUSTER) reclaim $(or $(NODE),$(error Which node? make reclaim NODE=spot-2)) --notice $(NOTICE) $(ARGS)

page: setup ## the pages' style sheet, scripts and words for this working tree
	@$(PYTHON) -m localcluster.page

dev: setup page ## the portal from this working tree, with reload, against the running cluster
	@$(CLUSTER) dev $(ARGS)

demo: setup ## the main road, end to end, on this machine's cluster, which stays up; prints what it proved
	@$(PYTHON) -m tests.e2e.demo $(ARGS)

bench-page: setup page ## a club's first page with 1000 projects and 5000 releases, beside its SQL and an empty view
	@$(PYTHON) -m tests.bench.page

bench-loss: setup ## half of fifty nodes called back at once: notice to fence, and the rate of requests, beside the bare ones
	@$(PYTHON) -m tests.bench.mass_loss $(ARGS)

bench-queue: setup ## a club's first push while another club's twenty wait, beside the next free place
	@$(PYTHON) -m tests.bench.queue

bench-watchers: setup page ## two thousand watchers of one log on one portal process, beside a bare ASGI loop
	@$(PYTHON) -m tests.bench.watchers $(ARGS)

bench-spot: setup ## lost nodes under visitors: Madang's handoff beside kubectl drain, on the running cluster
	@$(PYTHON) -m tests.bench.spot $(ARGS)

test: setup-tests page lint test-unit ## everything
	@$(CLUSTER) programs
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target test-of-the-platform $(SIDE_BY_SIDE)

test-unit: setup ## no I/O
	@$(PYTHON) -m pytest tests/unit -q -n 2

test-integration: setup-tests page ## the real PostgreSQL, Redis, git, registry, API server and cluster machines
	@$(CLUSTER) programs
	@$(MAKE) --no-print-directory --jobs=4 --output-sync=target $(SIDE_BY_SIDE)

# Some side by side: many tests wait for a program, not for a processor. The longest begin first; tests on clusters
# wait until there is room for theirs (tests/clusters.py).
test-of-the-clusters:
	@$(PYTHON) -m pytest -q -m cluster tests/integration

test-of-the-portal:
	@$(PYTEST) $(OF_THE_PORTAL)

test-of-the-pages:
	@$(PYTEST) $(OF_THE_PAGES)

test-of-spot:
	@$(PYTEST) -n 3 --dist loadgroup $(OF_SPOT)

test-of-the-chart:
	@$(PYTEST) $(OF_THE_CHART)

test-of-the-rest:
	@$(PYTEST) $(filter-out %/__pycache__/ $(OF_THE_PORTAL) $(OF_THE_CHART) $(OF_THE_PAGES) $(OF_SPOT),$(wildcard tests/integration/*/))

screenshots: setup-tests page ## every page in both languages and widths, as pictures in .reports/screenshots
	@mkdir -p .reports/screenshots && rm -f .reports/screenshots/*.png
	@MADANG_SCREENSHOTS=.reports/screenshots $(PYTEST) tests/integration/page/test_every_page.py

test-e2e: setup-tests test-of-the-platform ## the whole platform on embedded clusters of its own

# By itself, so that it is the first of those side by side: it takes longest.
test-of-the-platform:
	@$(PYTHON) -m pytest -q -m cluster -n 2 --dist loadgroup --max-worker-restart=0 tests/e2e

lint: setup ## ruff, mypy, import-linter
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy -p portal -p deployer -p spot -p localcluster -p madang
	@.venv/bin/lint-imports

format: setup ## let ruff mend what it can
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .
