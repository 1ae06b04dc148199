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

# Compiled once, everything that starts later starts in half the time.
.venv/ready: pyproject.toml uv.lock $(filter .tools/%,$(UV)) $(MOVED)
	@echo "Installing the locked dependencies ..."
	@UV_COMPILE_BYTECODE=$${UV_COMPILE_BYTECODE:-1} $(UV) sync --quiet --locked || { echo "Not installed: the lines above say why. Python 3.11 or 3.12 is needed, and uv.lock must match pyproject.toml"; exit 1; }
	@pwd -P > $@
