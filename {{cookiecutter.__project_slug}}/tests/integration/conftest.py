"""The lifecycle, played once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from bundlework.bundle.graph import State
from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.laptop.display import PlainDisplay
from bundlework.laptop.runner import Runner
from bundlework.laptop.runs import RunStore
from bundlework.laptop.tasks import Executor
from bundlework.laptop.workspace import open_workspace
from pyspark.sql import SparkSession
from rich.console import Console

from {{ cookiecutter.__package }}.settings import ValidationSettings

from ..use_case.expectations import AS_OF, provide
from .lifecycle import ROOT, VARIABLES, Lifecycle


@pytest.fixture(scope="module")
def lifecycle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lifecycle]:
    other = SparkSession.getActiveSession()
    if other:
        other.stop()
    state = tmp_path_factory.mktemp("workspace mit Ümlaut")
    bundle = load_bundle(ROOT, None, VARIABLES)
    with closing(open_workspace(bundle, state)) as opened:
        module = bundle.contract.workspace
        display = PlainDisplay(Console(quiet=True), "{{ cookiecutter.__package }}")
        executor, store = Executor(bundle.find_file, opened, module), RunStore(state / "runs.db")
        played = Lifecycle(
            opened.bind(module, None),
            read_settings(bundle),
            lambda resolved: Runner(resolved, executor, store, display),
            store,
        )
        provide(played.context)
        assert played.play() is State.SUCCESS
        yield played


def read_settings(bundle: Bundle) -> ValidationSettings:
    named = bundle.jobs["validation"]["tasks"][0]["python_wheel_task"]["named_parameters"]
    parameters = {"as_of": AS_OF, "model_version": "", "model_name": named["registered_model"]}
    return ValidationSettings.model_validate({**named, **parameters})
