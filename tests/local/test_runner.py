"""The graph comes from the YAML alone: who edits it sees the run change, or fail."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from local.__main__ import find_waiting
from local.bundle import load_bundle
from local.graph import State
from local.runner import Runner
from local.session import UsageError, is_to_mend, list_failed
from local.tasks import TaskValues
from local.yaml_source import BundleError
from toy_bundle import Silent, Toy


def fail(*keys: str) -> Any:
    def act(key: str, values: TaskValues) -> None:
        if key in keys:
            raise ValueError(f"{key} is broken")

    return act


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


def test_a_failed_task_is_retried_as_often_as_the_yaml_says(toy: Toy) -> None:
    toy.job["tasks"][0]["max_retries"] = 2
    toy.recorder.act = fail("first")
    assert toy.run().state is State.FAILED
    assert toy.recorder.order == ["first"] * 3


def sleep(key: str, values: TaskValues) -> None:
    time.sleep(5)


@pytest.mark.parametrize("where", ["task", "job"])
def test_a_timeout_ends_a_task(toy: Toy, where: str) -> None:
    limited = toy.job if where == "job" else toy.job["tasks"][0]
    limited["timeout_seconds"] = 0.05
    toy.recorder.act = sleep
    run = toy.run()
    assert toy.states(run) == {"first": "TIMEDOUT", "second": "UPSTREAM_FAILED"}
    assert "timeout_seconds" in toy.store.list_tasks(run.id)[0]["error"]


def test_a_task_that_ran_out_of_time_is_repeated_only_where_the_yaml_says_so(toy: Toy) -> None:
    toy.job["tasks"][0].update(timeout_seconds=0.05, max_retries=1)
    toy.recorder.act = sleep
    toy.run()
    assert toy.recorder.order == ["first"]
    toy.job["tasks"][0]["retry_on_timeout"] = True
    toy.run()
    assert toy.recorder.order == ["first"] * 3


def test_when_a_jobs_time_is_over_nothing_more_begins(toy: Toy) -> None:
    toy.job["timeout_seconds"] = 0.2
    toy.job["tasks"][1].pop("depends_on")
    toy.recorder.act = lambda key, values: sleep(key, values) if key == "first" else None
    assert toy.states(toy.run()) == {"first": "TIMEDOUT", "second": "TIMEDOUT"}
    assert toy.recorder.order == ["first"]


def test_a_repair_repeats_what_depends_on_what_had_failed(toy: Toy) -> None:
    toy.add_task("third", "second", run_if="ALL_DONE")
    toy.recorder.act = fail("second")
    run = toy.run()
    assert run.state is State.SUCCESS_WITH_FAILURES
    toy.recorder.act = fail()
    assert toy.runner().repair(run.id).state is State.SUCCESS
    assert toy.recorder.order == ["first", "second", "third", "second", "third"]


def test_a_repair_runs_only_what_did_not_succeed_with_the_values_of_what_did(toy: Toy) -> None:
    named = {"value": "{{tasks.first.values.count}}"}
    toy.job["tasks"][1]["python_wheel_task"]["named_parameters"] = named
    toy.add_task("third", "second")

    def act(key: str, values: TaskValues) -> None:
        if key == "first":
            values.set("count", 7)
        fail("second")(key, values)

    toy.recorder.act = act
    run = toy.run()
    assert run.state is State.FAILED
    toy.recorder.act = fail()
    repaired = toy.runner().repair(run.id)
    assert repaired.state is State.SUCCESS
    assert repaired.repairs == 1
    assert toy.recorder.calls[2:] == [("second", {"value": "7"}), ("third", {})]


def test_a_run_that_waits_for_approval_of_a_version_is_found(toy: Toy) -> None:
    toy.add_task("approval", "second")

    def act(key: str, values: TaskValues) -> None:
        if key == "first":
            values.set("model_version", 2)
        fail("approval")(key, values)

    toy.recorder.act = act
    run = toy.run()
    assert find_waiting(toy.store, "2") == (run, "approval")
    assert not is_to_mend(toy.store, run)
    with pytest.raises(UsageError, match="no run waits for approval of version 3"):
        find_waiting(toy.store, "3")
    toy.recorder.act = fail()
    toy.runner().repair(run.id)
    with pytest.raises(UsageError):
        find_waiting(toy.store, "2")


def test_a_failed_task_is_to_be_mended_and_what_waits_for_it_is_not_named(toy: Toy) -> None:
    toy.recorder.act = fail("first")
    run = toy.run()
    assert is_to_mend(toy.store, run)
    assert list(list_failed(toy.store, run)) == ["first"]
    toy.recorder.act = fail()
    assert not is_to_mend(toy.store, toy.runner().repair(run.id))


def test_what_a_killed_process_left_running_is_marked(toy: Toy) -> None:
    run = toy.store.start_job("main", "dev", {"as_of": "2013-01-01"}, None)
    toy.store.start_task(run.id, "first")
    toy.store.mark_interrupted()
    assert toy.store.get_job(run.id).state is State.INTERRUPTED
    assert toy.runner().repair(run.id).state is State.SUCCESS


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
            r"\{\{job.colour\}\} is not a value that a laptop knows",
        ),
        (
            lambda toy: toy.job["tasks"][0].update(for_each_task={}),
            "for_each_task cannot run on a laptop",
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
        (lambda toy: toy.job.update(continuous={}), "continuous cannot run on a laptop"),
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
            lambda toy: toy.add_task("c", run_job_task={"job_id": "${resources.jobs.main.id}"}),
            "jobs run each other in a circle: main > main",
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


def test_an_unknown_job_or_parameter_is_refused(toy: Toy) -> None:
    with pytest.raises(BundleError, match="unknown job 'typo': there are main"):
        toy.runner().run("typo", {})
    with pytest.raises(BundleError, match="no parameter colour: there are as_of"):
        toy.run(colour="red")
