"""What a run leaves when it failed, waits or was killed, and how a repair goes on."""

from __future__ import annotations

import pytest
from local.__main__ import find_waiting
from local.graph import State
from local.session import UsageError, is_to_mend, list_failed
from local.tasks import TaskValues
from toy_bundle import Toy, fail


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
