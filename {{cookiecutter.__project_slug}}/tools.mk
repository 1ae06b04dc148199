# uv and the environment, installed when they are missing.
UV_VERSION := 0.13.9
UV := $(if $(shell command -v uv),uv,.tools/bin/uv)
RUN := $(UV) run --no-sync
# What is installed here is found by whatever a verb calls.
export PATH := $(CURDIR)/.tools/bin:$(PATH)

.tools/bin/uv:
	@echo "Installing uv into .tools ..."
	@for python in python3.12 python3.11 python3; do \
	  $$python -m venv .tools 2>/dev/null && break; \
	done; test -x .tools/bin/pip || { echo "Python 3.11 or 3.12 with venv is needed: see python.org"; exit 1; }
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# An environment knows its folder by an absolute path: moved or copied, it is made anew.
MOVED := $(shell test ! -e .venv/ready || test "$$(cat .venv/ready)" = "$$(pwd -P)" || echo moved)
.PHONY: moved
moved:
	@echo "This folder was moved or copied; its environment is made anew"
	@rm -rf .venv

# uv reads neither pip's variables nor its files; a company's pipelines often set the variables.
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(value PIP_INDEX_URL)
endif
ifdef PIP_EXTRA_INDEX_URL
export UV_INDEX ?= $(value PIP_EXTRA_INDEX_URL)
endif

# The lock file names the index that it was made from. Its versions and hashes are exported, so that
# every other index will do, a company's mirror for instance.
EXPORT = $(UV) export --quiet --frozen --no-annotate
LOCKED_INDEXES = $(shell sed -n 's/^source = { registry = "\(.*\)" }$$/\1/p' uv.lock | sort -u)
PINNED_BUILD = $(addprefix --require-build-hashes --build-constraints ,$(wildcard build-requirements.txt))
define INSTALL
test -x .venv/bin/python || $(UV) venv --quiet
$(UV) lock --check --quiet --offline $(addprefix --index ,$(LOCKED_INDEXES))
$(EXPORT) --no-emit-local --output-file .venv/locked.txt
$(EXPORT) --no-hashes | sed '/^-e /!d' > .venv/local.txt
$(UV) pip sync --quiet --require-hashes $(PINNED_BUILD) .venv/locked.txt
$(UV) pip install --quiet --no-deps $(PINNED_BUILD) --requirements .venv/local.txt
endef

# Compiled once, everything that starts later starts in half the time.
.venv/ready: export INSTALL := $(INSTALL)
.venv/ready: export VIRTUAL_ENV := $(CURDIR)/.venv
.venv/ready: export UV_COMPILE_BYTECODE ?= 1
.venv/ready: pyproject.toml uv.lock $(wildcard build-requirements.txt) $(filter .tools/%,$(UV)) $(MOVED)
	@echo "Installing the locked dependencies ..."
	@bash -euo pipefail -c "$$INSTALL" || { echo "Not installed: the lines above say why. Python 3.11 or 3.12 is needed, and uv.lock must match pyproject.toml: make lock"; exit 1; }
	@pwd -P > $@
