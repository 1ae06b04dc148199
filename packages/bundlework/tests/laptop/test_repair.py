"""What a run leaves when it failed, waits or was killed, and how a repair goes on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import pytest
from toy_bundle import WHEEL, Toy, fail, leave

from bundlework.__main__ import main
from bundlework.bundle.graph import State
from bundlework.laptop import commands as command
from bundlework.laptop.commands import find_run, find_waiting
from bundlework.laptop.runner import Runner
from bundlework.laptop.runs import JobRun
from bundlework.laptop.session import Refusal, is_to_mend, list_failed
from bundlework.laptop.tasks import TaskValues


class StillToAsk(PermissionError):
    """The exception that the toy's contract declares."""


def test_a_repair_repeats_what_depends_on_what_had_failed(toy: Toy) -> None:
    toy.add_task("third", "second", run_if="ALL_DONE")
    toy.recorder.act = fail("second")
    run = toy.run()
    assert run.state is State.SUCCESS_WITH_FAILURES
    toy.recorder.act = fail()
    assert toy.runner().repair(run.id).state is State.SUCCESS
    assert toy.recorder.order == ["first", "second", "third", "second", "third"]


def test_a_repair_keeps_what_was_left_out_and_what_waited_for_it(toy: Toy) -> None:
    condition = {"op": "EQUAL_TO", "left": "a", "right": "b"}
    toy.add_task("if", condition_task=condition)
    toy.add_task("off")["depends_on"] = [{"task_key": "if", "outcome": "true"}]
    toy.add_task("join", "off", "first")
    toy.recorder.act = fail("second")
    run = toy.run()
    before = len(toy.recorder.calls)
    toy.recorder.act = fail()
    assert toy.runner().repair(run.id).state is State.SUCCESS
    assert toy.recorder.order[before:] == ["second"]
    assert toy.states(run)["off"] == "EXCLUDED"


def add_job_that_succeeds_with_failures(toy: Toy, *needed: str) -> None:
    inner = {"task_key": "inner", "python_wheel_task": WHEEL}
    last = {**inner, "task_key": "last", "depends_on": [{"task_key": "inner"}]}
    child = {"name": "child", "tasks": [inner, {**last, "run_if": "ALL_DONE"}]}
    toy.resources["resources"]["jobs"]["child"] = child
    call = {"job_id": "${resources.jobs.child.id}"}
    toy.add_task("call", *needed, run_if="ALL_DONE", run_job_task=call)
    toy.recorder.act = fail("inner", "second")


def test_a_repair_keeps_a_job_that_succeeded_though_tasks_of_it_failed(toy: Toy) -> None:
    add_job_that_succeeds_with_failures(toy, "first")
    toy.add_task("after", "call")
    run = toy.run()
    assert toy.states(run)["call"] == "SUCCESS_WITH_FAILURES"
    before = len(toy.recorder.calls)
    toy.recorder.act = fail()
    toy.runner().repair(run.id)
    assert toy.recorder.order[before:] == ["second"]


def test_a_job_that_succeeded_is_run_anew_after_what_is_repeated(toy: Toy) -> None:
    add_job_that_succeeds_with_failures(toy, "second")
    run = toy.run()
    toy.runner().repair(run.id)
    jobs = [recorded.job for recorded in toy.store.list_jobs(children=True)]
    assert jobs == ["main", "child", "child"]


def test_a_repair_runs_only_what_did_not_succeed_with_the_values_of_what_did(toy: Toy) -> None:
    named = {"value": "{{tasks.first.values.count}}"}
    toy.job["tasks"][1]["python_wheel_task"]["named_parameters"] = named
    toy.job["parameters"] = []
    toy.add_task("third", "second")

    toy.recorder.act = leave("count", 7, "second")
    run = toy.run()
    assert run.state is State.FAILED
    toy.recorder.act = fail()
    repaired = toy.runner().repair(run.id)
    assert repaired.state is State.SUCCESS
    assert repaired.repairs == 1
    assert toy.recorder.calls[2:] == [("second", {"value": "7"}), ("third", {})]


def wait(*keys: str) -> Callable[[str, TaskValues], None]:
    """What a recorder does so that a version is made, and some tasks wait for its approval."""

    def act(key: str, values: TaskValues) -> None:
        leave("model_version", 2)(key, values)
        if key in keys:
            raise StillToAsk("version 2: a person must approve")

    return act


def test_a_run_that_waits_for_approval_of_a_version_is_found(toy: Toy) -> None:
    toy.add_task("ask", "second")

    toy.recorder.act = wait("ask")
    run = toy.run()
    assert find_waiting(toy.store, toy.contract, "2") == run
    assert not is_to_mend(toy.store, run, toy.contract)
    with pytest.raises(Refusal, match="no run waits for approval of version 3"):
        find_waiting(toy.store, toy.contract, "3")
    toy.recorder.act = fail()
    toy.runner().repair(run.id)
    with pytest.raises(Refusal):
        find_waiting(toy.store, toy.contract, "2")


def test_an_approval_that_breaks_does_not_wait(toy: Toy) -> None:
    toy.add_task("ask", "second")
    toy.recorder.act = leave("model_version", 2, "ask")
    assert is_to_mend(toy.store, toy.run(), toy.contract)
    with pytest.raises(Refusal, match="no run waits for approval of version 2"):
        find_waiting(toy.store, toy.contract, "2")


@pytest.mark.parametrize("answer", ["Approved", "Rejected"])
def test_an_answer_tags_the_version_by_the_tasks_name_and_the_run_goes_on(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    toy.job["parameters"].append({"name": "model_name", "default": "dev.models.model"})
    toy.add_task("ask", "second")
    tags: dict[str, str] = {}

    def act(key: str, values: TaskValues) -> None:
        waits = key == "ask" and tags.get("ask") != "Approved"
        wait(*(["ask"] if waits else []))(key, values)

    class Session:
        def tag_version(self, model: str, version: str, given: dict[str, str]) -> None:
            assert (model, version) == ("dev.models.model", "2")
            tags.update(given)

        def play(self, title: str, action: Callable[[Runner], JobRun]) -> JobRun:
            return action(toy.runner())

    toy.recorder.act = act
    toy.run()
    monkeypatch.chdir(toy.root)
    monkeypatch.setenv("LOCAL_WORKSPACE", str(toy.root))
    monkeypatch.setattr(command, "open_session", lambda *_: nullcontext(Session()))
    assert main(["answer", "--version", "2", "--answer", answer, "--by", "ann"]) == 0
    assert tags == {"ask": answer, "ask_by": "ann"}
    assert toy.recorder.order == ["first", "second", "ask", "ask"]


def test_a_failed_task_is_to_be_mended_and_what_waits_for_it_is_not_named(toy: Toy) -> None:
    toy.recorder.act = fail("first")
    run = toy.run()
    assert is_to_mend(toy.store, run, toy.contract)
    assert [task["task"] for task in list_failed(toy.store, run)] == ["first"]
    toy.recorder.act = fail()
    assert not is_to_mend(toy.store, toy.runner().repair(run.id), toy.contract)


@pytest.mark.parametrize("given", [True, False], ids=["given", "last"])
def test_a_run_that_succeeded_is_not_repaired(toy: Toy, given: bool) -> None:
    run = toy.run()
    with pytest.raises(Refusal, match=f"run {run.id} succeeded: there is nothing to repair"):
        find_run(toy.store, run.id if given else None)
    toy.recorder.act = fail("first")
    last = toy.run()
    assert find_run(toy.store, last.id if given else None) == last


def test_what_a_killed_process_left_running_is_marked(toy: Toy) -> None:
    run = toy.store.start_job("main", "dev", {"as_of": "2013-01-01"}, None)
    toy.store.start_task(run.id, "first")
    toy.store.mark_interrupted()
    assert toy.store.get_job(run.id).state is State.INTERRUPTED
    assert toy.runner().repair(run.id).state is State.SUCCESS
