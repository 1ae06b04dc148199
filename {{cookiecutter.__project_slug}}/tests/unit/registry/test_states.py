"""Changes of a version's state are recorded and told, once."""

from __future__ import annotations

from dataclasses import replace

from {{ cookiecutter.__package }}.registry.states import State, Transition, move
from {{ cookiecutter.__package }}.registry.tables import TRANSITIONS
from {{ cookiecutter.__package }}.settings import Settings

from ..listener import Listener, Secret
from ..test_settings import ARGUMENTS
from ..toy_registry import Registry

SETTINGS = Settings.from_arguments([*ARGUMENTS, "--webhook_scope=scope"])


def test_a_change_is_recorded_and_told_once_whatever_the_listener_answers(
    registry: Registry, listener: Listener
) -> None:
    secret = Secret(f"http://127.0.0.1:{listener.server_port}/")
    workspace = replace(registry.workspace, secrets=secret)
    listener.answer = 500
    change = Transition(
        model_version=1, state=State.REJECTED, as_of=SETTINGS.as_of, reason="too slow"
    )
    for _ in range(2):
        move(workspace, SETTINGS, change)
    (told,) = listener.heard
    assert told == {
        "model": "dev.models.model",
        "version": 1,
        "state": "rejected",
        "reason": "too slow",
        "target": "dev",
    }
    assert registry.state(1) == "rejected"
    assert registry.count(TRANSITIONS.name) == 1
