"""The graph comes from the YAML alone: who edits it sees the run change, or fail."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from toy_bundle import WHEEL, Silent, Toy, fail, leave

from bundlework.bundle.contract import read_contract, read_package
from bundlework.bundle.graph import State
from bundlework.bundle.loading import load_bundle
from bundlework.bundle.yaml_source import BundleError
from bundlework.laptop.runner import Runner
from bundlework.laptop.runs import JobRun
from bundlework.laptop.tasks import Executor, TaskValues
from bundlework.laptop.workspace import LocalWorkspace


def test_tasks_run_in_the_order_of_their_dependencies(toy: Toy) -> None:
    assert toy.run().state is State.SUCCESS
    assert toy.recorder.order == ["first", "second"]


def test_turning_a_dependency_round_turns_the_run_round(toy: Toy) -> None:
    first, second = toy.job["tasks"]
    first["depends_on"] = second.pop("depends_on")
    first["depends_on"][0]["task_key"] = "second"
    toy.run()
    assert toy.recorder.order == ["second", "first"]


def test_parameters_reach_the_task(toy: Toy) -> None:
    toy.run(as_of="2013-07-01")
    toy.run()
    assert [c[1]["as_of"] for c in toy.recorder.calls[1::2]] == ["2013-07-01", "2013-01-01"]


def test_dynamic_values_are_filled_in(toy: Toy) -> None:
    toy.job["tasks"][1]["python_wheel_task"]["named_parameters"] = {
        "run": "{{job.run_id}}",
        "task": "{{task.name}}",
        "day": "{{job.start_time.iso_date}}",
        "before": "{{tasks.first.result_state}}",
        "value": "{{tasks.first.values.count}}",
    }
    toy.job["parameters"] = []
    toy.recorder.act = lambda key, values: values.set("count", 3)
    run = toy.run()
    day = time.strftime("%Y-%m-%d", time.gmtime(run.started))
    assert toy.recorder.calls[1][1] == {
        "run": str(run.id),
        "task": "second",
        "day": day,
        "before": "success",
        "value": "3",
    }


def test_a_task_value_never_set_fails_the_task_that_wants_it(toy: Toy) -> None:
    named = {"x": "{{tasks.first.values.typo}}"}
    toy.job["tasks"][1]["python_wheel_task"]["named_parameters"] = named
    run = toy.run()
    assert run.state is State.FAILED
    assert "tasks.first.values.typo" in toy.store.list_tasks(run.id)[1]["error"]


@pytest.mark.parametrize(
    ("rule", "states"),
    [
        ("ALL_SUCCESS", "UPSTREAM_FAILED"),
        ("NONE_FAILED", "UPSTREAM_FAILED"),
        ("ALL_DONE", "SUCCESS"),
        ("AT_LEAST_ONE_FAILED", "SUCCESS"),
        ("AT_LEAST_ONE_SUCCESS", "SUCCESS"),
        ("ALL_FAILED", "EXCLUDED"),
    ],
)
def test_run_if_decides_after_one_failure_and_one_success(toy: Toy, rule: str, states: str) -> None:
    toy.job["tasks"][1].pop("depends_on")
    toy.add_task("last", "first", "second", run_if=rule)
    toy.recorder.act = fail("first")
    assert toy.states(toy.run())["last"] == states


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ("AT_LEAST_ONE_SUCCESS", "UPSTREAM_FAILED"),
        ("AT_LEAST_ONE_FAILED", "SUCCESS"),
        ("ALL_FAILED", "SUCCESS"),
        ("ALL_DONE", "SUCCESS"),
    ],
)
def test_run_if_decides_after_failures_alone(toy: Toy, rule: str, state: str) -> None:
    toy.job["tasks"][1].pop("depends_on")
    toy.add_task("last", "first", "second", run_if=rule)
    toy.recorder.act = fail("first", "second")
    run = toy.run()
    assert toy.states(run)["last"] == state
    ended = State.FAILED if state == "UPSTREAM_FAILED" else State.SUCCESS_WITH_FAILURES
    assert run.state is ended


@pytest.mark.parametrize(
    ("task", "state"),
    [
        ("create_tables", State.FAILED),
        ("ingest", State.FAILED),
        ("compute_features", State.FAILED),
        ("train", State.FAILED),
        ("predict", State.FAILED),
        ("observe", State.FAILED),
        # The champion goes on scoring.
        ("validate", State.SUCCESS_WITH_FAILURES),
        ("approval", State.SUCCESS_WITH_FAILURES),
        ("promote", State.SUCCESS_WITH_FAILURES),
        ("nothing", State.SUCCESS),
    ],
)
def test_the_lifecycle_fails_with_whatever_scoring_needs(toy: Toy, task: str, state: State) -> None:
    def act(key: str, values: TaskValues) -> None:
        values.set("accepted", "true")
        fail(task)(key, values)

    toy.recorder.act = act
    bundle = load_bundle(Path.cwd(), "dev", {"retries": "0"})
    runner = Runner(bundle, toy.recorder, toy.store, Silent())
    assert runner.run("lifecycle", {}).state is state


@pytest.mark.parametrize(
    ("op", "left", "right", "outcome"),
    [
        ("EQUAL_TO", "1.0", "1", "no"),
        ("NOT_EQUAL", "a", "b", "yes"),
        ("GREATER_THAN", "10", "9", "yes"),
        ("GREATER_THAN_OR_EQUAL", "9", "9.0", "yes"),
        ("LESS_THAN", "10", "9", "no"),
        ("LESS_THAN_OR_EQUAL", "9", "10", "yes"),
    ],
)
def test_a_condition_chooses_the_branch(
    toy: Toy, op: str, left: str, right: str, outcome: str
) -> None:
    toy.add_task("if", "second", condition_task={"op": op, "left": left, "right": right})
    for key, value in [("yes", "true"), ("no", "false")]:
        toy.add_task(key)["depends_on"] = [{"task_key": "if", "outcome": value}]
    run = toy.run()
    assert run.state is State.SUCCESS
    assert toy.recorder.order[2:] == [outcome]
    assert toy.states(run)[{"yes": "no", "no": "yes"}[outcome]] == "EXCLUDED"


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (0.5, "0.5"), ("True", "True")]
)
def test_a_condition_sees_a_task_value_as_json(toy: Toy, value: object, text: str) -> None:
    condition = {"op": "EQUAL_TO", "left": "{{tasks.first.values.found}}", "right": text}
    toy.add_task("if", "first", condition_task=condition)
    toy.recorder.act = leave("found", value)
    run = toy.run()
    assert toy.store.get_values(run.id)["if", "outcome"] == "true"


@pytest.mark.parametrize("value", [["true"], {"a": 1}, None])
def test_a_condition_refuses_what_is_no_single_value(toy: Toy, value: object) -> None:
    condition = {"op": "NOT_EQUAL", "left": "{{tasks.first.values.found}}", "right": "x"}
    toy.add_task("if", "first", condition_task=condition)
    toy.job["tasks"][1]["python_wheel_task"]["named_parameters"] = {
        "all": "{{tasks.first.values.found}}"
    }
    toy.recorder.act = leave("found", value)
    run = toy.run()
    errors = {t["task"]: t["error"] for t in toy.store.list_tasks(run.id)}
    assert "{{tasks.first.values.found}} is no text, number or boolean" in errors["if"]
    assert json.loads(dict(toy.recorder.calls)["second"]["all"]) == value


def test_an_excluded_task_does_not_hold_up_what_waits_for_others_too(toy: Toy) -> None:
    toy.add_task("if", condition_task={"op": "EQUAL_TO", "left": "a", "right": "b"})
    toy.add_task("off")["depends_on"] = [{"task_key": "if", "outcome": "true"}]
    toy.add_task("join", "off", "second")
    toy.add_task("alone", "off")
    states = toy.states(toy.run())
    assert (states["off"], states["join"], states["alone"]) == ("EXCLUDED", "SUCCESS", "EXCLUDED")


def test_a_job_runs_another_and_passes_parameters_down(toy: Toy) -> None:
    child = {"name": "child", "parameters": [{"name": "day", "default": ""}], "tasks": []}
    task = {
        "task_key": "inner",
        "python_wheel_task": dict(toy.job["tasks"][1]["python_wheel_task"]),
    }
    task["python_wheel_task"]["named_parameters"] = {"day": "{{job.parameters.day}}"}
    child["tasks"] = [task]
    toy.resources["resources"]["jobs"]["child"] = child
    call = {"job_id": "${resources.jobs.child.id}", "job_parameters": {}}
    call["job_parameters"] = {"day": "{{job.parameters.as_of}}"}
    toy.add_task("call", "second", run_job_task=call)
    toy.run(as_of="2013-05-05")
    assert toy.recorder.calls[-1] == ("inner", {"day": "2013-05-05"})
    toy.recorder.act = fail("inner")
    assert toy.run().state is State.FAILED


def test_job_parameters_come_before_a_tasks_own(toy: Toy) -> None:
    toy.job["tasks"][1]["python_wheel_task"]["named_parameters"] = {"as_of": "mine", "x": "y"}
    toy.add_task("positional", "second")["python_wheel_task"]["parameters"] = ["a"]
    toy.run()
    told = dict(toy.recorder.calls)
    assert told["first"]["as_of"] == "2013-01-01"
    assert told["second"] == {"as_of": "2013-01-01", "x": "y"}
    assert told["positional"] == {}


def add_child(toy: Toy, **fields: Any) -> dict[str, Any]:
    inner = {"task_key": "inner", "python_wheel_task": {**WHEEL, "named_parameters": {"x": "y"}}}
    child = {"name": "child", "tasks": [inner], **fields}
    toy.resources["resources"]["jobs"]["child"] = child
    return toy.add_task("call", "second", run_job_task={"job_id": "${resources.jobs.child.id}"})


def test_job_parameters_reach_a_job_that_declares_them(toy: Toy) -> None:
    add_child(toy, parameters=[{"name": "as_of", "default": ""}])
    toy.job["parameters"].append({"name": "unknown_there", "default": "1"})
    assert toy.run(as_of="2013-05-05").state is State.SUCCESS
    assert toy.recorder.calls[-1] == ("inner", {"x": "y", "as_of": "2013-05-05"})


def test_the_deployment_job_refuses_another_model_than_its_own(toy: Toy) -> None:
    runner = Runner(load_bundle(Path.cwd(), "dev"), toy.recorder, toy.store, Silent())
    runner.run("validation", {"model_name": "dev.models.other"})
    told = [f"--{name}={value}" for name, value in toy.recorder.calls[0][1].items()]
    settings = import_module(f"{read_package(Path.cwd())}.settings")
    with pytest.raises(settings.ParameterError, match=r"model_name is dev.models.other, this"):
        settings.ValidationSettings.from_arguments(told)


NOTEBOOK = """# Databricks notebook source
# MAGIC %md
# MAGIC # What it is told

dbutils.widgets.text("day", "")
dbutils.widgets.text("as_of", "")
dbutils.widgets.text("colour", "red")
seen = [*map(dbutils.widgets.get, ["day", "as_of", "colour"]), spark]
display(seen)
dbutils.jobs.taskValues.set("seen", seen)
dbutils.notebook.exit("done")
raise AssertionError("after the end")
"""


class Sparkless(LocalWorkspace):
    """A workspace whose services nobody asks."""

    _services = dict.fromkeys(["spark", "features", "mlflow", "governance", "secrets", "endpoints"])


def play(toy: Toy, **parameters: str) -> JobRun:
    """Runs what tasks do, and not only notes it, without Spark."""
    bundle = toy.load()
    executor = Executor(
        bundle.find_file, Sparkless(toy.root, []), read_contract(Path.cwd()).workspace
    )
    return Runner(bundle, executor, toy.store, Silent()).run("main", parameters)


def test_a_notebook_is_told_its_own_and_its_jobs_parameters_and_leaves_values(toy: Toy) -> None:
    (toy.root / "seen.py").write_text(NOTEBOOK)
    told = {"day": "{{job.parameters.as_of}}"}
    notebook = {"notebook_path": "../seen.py", "base_parameters": told}
    toy.job["tasks"] = []
    toy.add_task("see", notebook_task=notebook)
    run = play(toy, as_of="2013-05-05")
    assert run.state is State.SUCCESS
    assert toy.store.get_values(run.id) == {
        ("see", "seen"): ["2013-05-05", "2013-05-05", "red", None]
    }


JUPYTER = """{"cells": [
  {"cell_type": "markdown", "source": ["# What it is told"]},
  {"cell_type": "code", "source": ["%pip install nothing\\n", "first = 1"]},
  {"cell_type": "code", "source": "dbutils.jobs.taskValues.set('seen', first + 1)"}
]}"""


def test_a_notebook_of_jupyter_runs_cell_by_cell(toy: Toy) -> None:
    (toy.root / "seen.ipynb").write_text(JUPYTER)
    toy.job["tasks"] = []
    toy.add_task("see", notebook_task={"notebook_path": "../seen.ipynb"})
    run = play(toy)
    assert toy.store.get_values(run.id) == {("see", "seen"): 2}


SCRIPT = """
import sys
from pathlib import Path
from beside import NAME
if __name__ == "__main__":
    Path(sys.argv[1]).write_text(f"{NAME} {sys.argv[2:]}")
"""


def test_a_script_runs_as_a_program_with_its_parameters(toy: Toy) -> None:
    (toy.root / "script.py").write_text(SCRIPT)
    (toy.root / "beside.py").write_text("NAME = 'beside'")
    told = [str(toy.root / "told"), "{{job.parameters.as_of}}"]
    toy.job["tasks"] = []
    toy.add_task("run", spark_python_task={"python_file": "../script.py", "parameters": told})
    assert play(toy, as_of="2013-05-05").state is State.SUCCESS
    assert (toy.root / "told").read_text() == "beside ['2013-05-05']"


def repeat(toy: Toy, inputs: object, *needed: str) -> dict[str, Any]:
    told = {"all": "{{input}}", "name": "{{input.name}}", "as_of": "{{job.parameters.as_of}}"}
    wheel = {**WHEEL, "named_parameters": told}
    inner = {"task_key": "inner", "python_wheel_task": wheel}
    toy.add_task("each", *needed, for_each_task={"inputs": inputs, "task": inner, "concurrency": 2})
    return inner


def list_told(toy: Toy) -> list[dict[str, str]]:
    return [told for key, told in toy.recorder.calls if key == "inner"]


def test_a_task_runs_once_for_each_input(toy: Toy) -> None:
    repeat(toy, '[{"name": "a"}, {"name": 2}]')
    assert toy.run().state is State.SUCCESS
    assert [told["name"] for told in list_told(toy)] == ["a", "2"]
    assert list_told(toy)[0] == {"all": '{"name": "a"}', "name": "a", "as_of": "2013-01-01"}


def test_inputs_may_be_what_another_task_leaves(toy: Toy) -> None:
    inner = repeat(toy, "{{tasks.first.values.found}}", "first")
    inner["python_wheel_task"]["named_parameters"] = {"x": "{{input}}"}
    toy.recorder.act = leave("found", ["a", True, 3])
    toy.run()
    assert [told["x"] for told in list_told(toy)] == ["a", "true", "3"]


def test_a_task_fails_when_one_of_its_iterations_does_and_a_repair_repeats_all(toy: Toy) -> None:
    inner = repeat(toy, "[1, 2, 3]")
    inner["python_wheel_task"]["named_parameters"] = {"x": "{{input}}"}
    toy.recorder.act = lambda key, values: fail("inner")(
        key if list_told(toy)[-1:] == [{"x": "2", "as_of": "2013-01-01"}] else "", values
    )
    run = toy.run()
    assert run.state is State.FAILED
    (task,) = (t for t in toy.store.list_tasks(run.id) if t["task"] == "each")
    assert task["error"] == "1 of 3 iterations failed: [1] inner is broken"
    toy.recorder.act = lambda key, values: None
    assert toy.runner().repair(run.id).state is State.SUCCESS
    assert len(list_told(toy)) == 6


def test_an_iteration_is_tried_as_often_as_its_task_says(toy: Toy) -> None:
    inner = repeat(toy, "[1]")
    inner["python_wheel_task"]["named_parameters"] = {"x": "{{input}}"}
    inner["max_retries"] = 2
    toy.recorder.act = fail("inner")
    assert toy.run().state is State.FAILED
    assert len(list_told(toy)) == 3


@pytest.mark.parametrize("inputs", ["{}", "no list", "3"])
def test_inputs_that_are_no_list_fail_the_task(toy: Toy, inputs: str) -> None:
    inner = repeat(toy, inputs)
    inner["python_wheel_task"]["named_parameters"] = {}
    run = toy.run()
    (task,) = (t for t in toy.store.list_tasks(run.id) if t["task"] == "each")
    assert "write a list, or the JSON of one" in task["error"]


def test_another_job_may_be_what_cannot_be_played(toy: Toy) -> None:
    query = {"task_key": "q", "sql_task": {"warehouse_id": "w", "file": {"path": "../none.sql"}}}
    toy.resources["resources"]["jobs"]["other"] = {"name": "other", "tasks": [query]}
    assert toy.run().state is State.SUCCESS
    with pytest.raises(BundleError, match=r"sql_task.file.path: there is no file none.sql"):
        toy.runner().run("other", {})


def test_a_failed_task_is_retried_as_often_as_the_yaml_says(toy: Toy) -> None:
    toy.job["tasks"][0]["max_retries"] = 2
    toy.recorder.act = fail("first")
    assert toy.run().state is State.FAILED
    assert toy.recorder.order == ["first"] * 3


@pytest.mark.parametrize(
    ("code", "state", "error"),
    [
        (None, "SUCCESS", ""),
        (0, "SUCCESS", ""),
        (3, "FAILED", "SystemExit: 3"),
        ("no data", "FAILED", "SystemExit: no data"),
    ],
)
def test_an_exit_ends_the_task_and_not_the_run(
    toy: Toy, code: object, state: str, error: str
) -> None:
    toy.recorder.act = lambda key, values: sys.exit(code)
    run = toy.run()
    first = toy.store.list_tasks(run.id)[0]
    assert (first["state"], first["error"]) == (state, error)
    assert run.state == state


def sleep(key: str, values: TaskValues) -> None:
    time.sleep(5)


@pytest.mark.parametrize("where", ["task", "job"])
def test_a_timeout_ends_a_task(toy: Toy, where: str) -> None:
    limited = toy.job if where == "job" else toy.job["tasks"][0]
    limited["timeout_seconds"] = 0.05
    toy.recorder.act = sleep
    run = toy.run()
    assert toy.states(run) == {"first": "TIMEDOUT", "second": "UPSTREAM_FAILED"}
    assert run.state is (State.TIMED_OUT if where == "job" else State.FAILED)
    assert "timeout_seconds" in toy.store.list_tasks(run.id)[0]["error"]


def test_a_task_that_catches_exceptions_is_ended_too(toy: Toy) -> None:
    def act(key: str, values: TaskValues) -> None:
        with suppress(Exception):
            sleep(key, values)

    toy.job["tasks"][0]["timeout_seconds"] = 0.05
    toy.recorder.act = act
    assert toy.states(toy.run())["first"] == "TIMEDOUT"


def test_a_task_that_ran_out_of_time_is_repeated_only_where_the_yaml_says_so(toy: Toy) -> None:
    toy.job["tasks"][0].update(timeout_seconds=0.05, max_retries=1)
    toy.recorder.act = sleep
    toy.run()
    assert toy.recorder.order == ["first"]
    toy.job["tasks"][0]["retry_on_timeout"] = True
    toy.run()
    assert toy.recorder.order == ["first"] * 3


@pytest.mark.parametrize("where", ["task", "job"])
def test_a_timeout_ends_a_job_that_a_task_runs(toy: Toy, where: str) -> None:
    limit = {"timeout_seconds": 0.05}
    call = add_child(toy, **(limit if where == "job" else {}))
    call.update(max_retries=1, **(limit if where == "task" else {}))
    toy.recorder.act = lambda key, values: sleep(key, values) if key == "inner" else None
    run = toy.run()
    assert toy.states(run)["call"] == "TIMEDOUT"
    assert run.state is State.FAILED
    # It is not repeated either: no retry_on_timeout.
    assert toy.recorder.order == ["first", "second", "inner"]


def test_a_retry_waits_no_longer_than_its_job_may_run(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.job["timeout_seconds"] = 60
    toy.job["tasks"][0].update(max_retries=1, min_retry_interval_millis=3_600_000)
    toy.recorder.act = fail("first")
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    toy.run()
    assert [wait <= 60 for wait in waits] == [True]


def test_a_job_is_out_of_time_also_where_its_last_task_is_left_out(toy: Toy) -> None:
    toy.job["timeout_seconds"] = 0.2
    toy.add_task("if", condition_task={"op": "EQUAL_TO", "left": "a", "right": "b"})
    toy.job["tasks"][0]["depends_on"] = [{"task_key": "if"}]
    toy.add_task("off", "second")["depends_on"].append({"task_key": "if", "outcome": "true"})
    toy.recorder.act = sleep
    run = toy.run()
    assert toy.states(run)["off"] == "EXCLUDED"
    assert run.state is State.TIMED_OUT


def test_when_a_jobs_time_is_over_nothing_more_begins(toy: Toy) -> None:
    toy.job["timeout_seconds"] = 0.2
    toy.job["tasks"][1].pop("depends_on")
    toy.recorder.act = lambda key, values: sleep(key, values) if key == "first" else None
    assert toy.states(toy.run()) == {"first": "TIMEDOUT", "second": "TIMEDOUT"}
    assert toy.recorder.order == ["first"]
