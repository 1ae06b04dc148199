"""A graph that cannot run is refused before anything runs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from toy_bundle import WHEEL, Toy

from bundlework.bundle.yaml_source import BundleError


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (
            lambda toy: toy.job["tasks"][1]["depends_on"].append({"task_key": "nothing"}),
            r"main.job.yml:\d+: .*depends on nothing, which is no task",
        ),
        (
            lambda toy: toy.job["tasks"][0].update(depends_on=[{"task_key": "second"}]),
            "tasks wait in a circle",
        ),
        (lambda toy: toy.add_task("first"), "task_key first is used twice"),
        (
            lambda toy: toy.job["tasks"][0]["python_wheel_task"].update(entry_point="typo"),
            r"entry point typo is not in \[project.scripts\] of pyproject.toml",
        ),
        (
            lambda toy: toy.job["tasks"][0]["python_wheel_task"].update(package_name="typo"),
            "the package typo is not installed",
        ),
        (
            lambda toy: toy.job["tasks"][1]["python_wheel_task"].update(
                named_parameters={"x": "{{job.parameters.typo}}"}
            ),
            "the job has no parameter typo",
        ),
        (
            lambda toy: toy.job["tasks"][1]["python_wheel_task"].update(
                named_parameters={"x": "{{job.colour}}"}
            ),
            r"\{\{job.colour\}\} is not a value that Databricks knows",
        ),
        (
            lambda toy: toy.job["tasks"][1]["python_wheel_task"].update(
                named_parameters={"x": "{{tasks.first.run_id}}"}
            ),
            r"\{\{tasks.first.run_id\}\} is not a value that a laptop knows",
        ),
        (
            lambda toy: toy.job["tasks"][0].update(for_each_task={"inputs": "[]", "task": {}}),
            "for_each_task.task: task_key is missing",
        ),
        (
            lambda toy: toy.add_task("n", notebook_task={"notebook_path": "../no.py"}),
            "there is no notebook no.py",
        ),
        (
            lambda toy: (
                toy.config["variables"].update(found={"lookup": {"warehouse": "x"}}),
                toy.add_task("n").update(description="${var.found}"),
            ),
            r"found is looked up in a workspace: give --var found=\.\.\.",
        ),
        (lambda toy: toy.job["tasks"][0].update(run_if="SOMETIMES"), "run_if SOMETIMES"),
        (
            lambda toy: toy.job["tasks"][0].update(sql_task={}),
            "task first has python_wheel_task and sql_task, and needs one of",
        ),
        (
            lambda toy: toy.add_task("q", sql_task={"warehouse_id": "w"}),
            "task q: sql_task cannot run on a laptop: run the job in a workspace",
        ),
        (
            lambda toy: toy.add_task("c", condition_task={"op": "LIKE", "left": "", "right": ""}),
            "op LIKE is not one of EQUAL_TO",
        ),
        (
            lambda toy: toy.job["tasks"][1]["python_wheel_task"].update(
                named_parameters={"x": "{{tasks.frist.values.a}}"}
            ),
            "frist is no task of the job",
        ),
        (
            lambda toy: (
                toy.job["tasks"][1].pop("depends_on"),
                toy.job["tasks"][1]["python_wheel_task"].update(
                    named_parameters={"x": "{{tasks.first.values.a}}"}
                ),
            ),
            r"tasks.1: task second: \{\{tasks.first.values.a\}\} may not be there yet: add first",
        ),
        (
            lambda toy: toy.job["parameters"].append(
                {"name": "day", "default": "{{job.start_time.iso_dat}}"}
            ),
            r"main.job.yml:\d+: .*parameters.1: \{\{job.start_time.iso_dat\}\} is not a value that",
        ),
        (
            lambda toy: toy.job["parameters"][0].update(default="{{tasks.first.values.a}}"),
            r"\{\{tasks.first.values.a\}\} is not known when a job starts: pass it to a task",
        ),
        (
            lambda toy: toy.job["parameters"][0].update(default="{{job.parameters.other}}"),
            r"\{\{job.parameters.other\}\} is not known when a job starts",
        ),
        (
            lambda toy: toy.add_task("c", run_job_task={"job_id": "${resources.jobs.main.id}"}),
            "jobs run each other in a circle: main > main",
        ),
        (
            lambda toy: toy.job["tasks"][0]["python_wheel_task"].pop("entry_point"),
            r"main.job.yml:\d+: resources.jobs.main.tasks.0.python_wheel_task: entry_point is miss",
        ),
        (
            lambda toy: toy.job["parameters"][0].pop("default"),
            r"main.job.yml:\d+: resources.jobs.main.parameters.0: default is missing: write it",
        ),
        (
            lambda toy: toy.job["tasks"][1].update(depends_on=["first"]),
            r"tasks.1.depends_on.0: a mapping is expected, not 'first': write one",
        ),
        (
            lambda toy: toy.job["tasks"].append({"python_wheel_task": WHEEL}),
            "tasks.2: task_key is missing: write it",
        ),
        (
            lambda toy: toy.add_task("c", condition_task={"op": ["x"], "left": "", "right": ""}),
            "condition_task.op: a list is here: write a text",
        ),
        (
            lambda toy: toy.job["tasks"][0].update(environment_key="default"),
            "environment_key default is not among the job's environments",
        ),
    ],
)
def test_a_faulty_graph_is_refused_before_anything_runs(toy: Toy, edit: Any, fault: str) -> None:
    edit(toy)
    with pytest.raises(BundleError, match=fault):
        toy.run()
    assert toy.recorder.calls == []
    assert toy.store.list_jobs() == []


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        (
            "n.py",
            "# MAGIC %md\n# MAGIC 5 %\n# MAGIC %sql\n# MAGIC SELECT 1",
            "n.py: %sql cannot run on",
        ),
        (
            "n.py",
            "# MAGIC %pip install x\n# MAGIC %run ./other",
            "n.py: %run cannot run on a laptop",
        ),
        ("n.py", "# MAGIC  %sh ls", "n.py: %sh cannot run on a laptop: write it in Python"),
        (
            "n.py",
            "dbutils.widgets.dropdown('a', 'b', ['b'])",
            "n.py: dbutils.widgets.dropdown cannot",
        ),
        (
            "n.py",
            "x = dbutils.jobs.taskValues.get('a')",
            "dbutils.jobs.taskValues.get cannot run on",
        ),
        ("n.py", "x = 1\nx = = 2", "task n: n.py: line 3: invalid syntax: correct it"),
        ("n.ipynb", "{}", "n.ipynb: the file is no notebook of Jupyter's: export it again"),
    ],
)
def test_a_notebook_that_a_laptop_cannot_run_is_refused(
    toy: Toy, name: str, text: str, fault: str
) -> None:
    (toy.root / name).write_text(f"# Databricks notebook source\n{text}\n")
    toy.add_task("n", notebook_task={"notebook_path": f"../{name}"})
    with pytest.raises(BundleError, match=re.escape(fault)):
        toy.run()
    assert toy.recorder.calls == []


def test_a_notebook_that_is_read_from_git_is_refused(toy: Toy) -> None:
    toy.job["git_source"] = {"git_url": "https://host/x.git", "git_branch": "main"}
    toy.add_task("n", notebook_task={"notebook_path": "n", "source": "GIT"})
    with pytest.raises(BundleError, match="task n: n comes from a repository, and a laptop has"):
        toy.run()


def test_a_task_knows_the_values_of_all_that_ended_before_it(toy: Toy) -> None:
    last = toy.add_task("last", "second")
    last["python_wheel_task"]["named_parameters"] = {"x": "{{tasks.first.result_state}}"}
    toy.job["parameters"][0]["default"] = "{{job.start_time.iso_date}}"
    toy.run()
    assert toy.recorder.calls[2][1]["x"] == "success"


def test_an_unknown_job_or_parameter_is_refused(toy: Toy) -> None:
    with pytest.raises(BundleError, match="unknown job 'typo': there are main"):
        toy.runner().run("typo", {})
    with pytest.raises(BundleError, match="no parameter colour: there are as_of"):
        toy.run(colour="red")
