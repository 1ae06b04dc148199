"""A version that cannot be installed is blocked; one that can scores there as here."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

import mlflow
import pytest

from {{ cookiecutter.__package }} import use_case
from {{ cookiecutter.__package }}.registry.artifact import NATIVE_MODEL, carry_own_classes
from {{ cookiecutter.__package }}.training.fitting import list_requirements
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.validation import environment
from {{ cookiecutter.__package }}.validation.environment import (
    check_fresh_process,
    claim_folder,
    find_environment,
)
from {{ cookiecutter.__package }}.validation.gate import run_check
from {{ cookiecutter.__package }}.validation.results import Verdict

from ..toys import fit_toy, make_rows, to_model
from .cases import SETTINGS, TOYS, ToyCase

SOUND = TOYS["binary"].sound


def make_case(
    folder: Path, requirements: list[str], second: Any = "passthrough", carried: bool = True
) -> ToyCase:
    rows = make_rows(300)
    pipeline = fit_toy(rows)
    pipeline.steps.insert(1, ("second", second))
    with carry_own_classes() if carried else nullcontext():
        mlflow.sklearn.save_model(
            pipeline,
            folder / NATIVE_MODEL,
            pip_requirements=requirements,
            pyfunc_predict_fn=PROBLEM.kind.method,
        )
    asked = SETTINGS.model_copy(update={"fresh_environment": True})
    return SOUND.but(settings=asked, folder=folder, model=to_model(pipeline), rows=rows)


def test_requirements_that_do_not_install_block(tmp_path: Path) -> None:
    case = make_case(tmp_path, ["mlflow==3.8.1", "no-such-package-anywhere==9.9.9"])
    (result,) = run_check(case, check_fresh_process)
    assert result.verdict is Verdict.FAILED
    assert result.check == "fresh_process"
    assert "no-such-package-anywhere" in result.reason


def test_a_sound_version_scores_in_a_fresh_process_as_here(tmp_path: Path) -> None:
    (result,) = run_check(make_case(tmp_path, list_requirements()), check_fresh_process)
    assert result.verdict is Verdict.PASSED, result.reason


OWN = """
from sklearn.base import BaseEstimator, TransformerMixin

def keep(rows):
    return rows

class Keeper(TransformerMixin, BaseEstimator):
    def fit(self, rows, labels=None):
        return self

    def transform(self, rows):
        return keep(rows)
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of the use case with a class of a pipeline's step."""
    (tmp_path / "own.py").write_text(OWN)
    monkeypatch.setattr(use_case, "__path__", [*use_case.__path__, str(tmp_path)])
    module = import_module(f"{use_case.__name__}.own")
    yield module
    del sys.modules[module.__name__]


def test_a_class_of_the_project_is_among_a_versions_files(tmp_path: Path, own: Any) -> None:
    named = make_case(tmp_path / "named", list_requirements(), own.Keeper(), carried=False)
    (result,) = run_check(named, check_fresh_process)
    assert f"No module named '{use_case.__name__.split('.')[0]}'" in result.reason
    carried = make_case(tmp_path / "carried", list_requirements(), own.Keeper())
    # A later release does not change what the version computes.
    own.keep = own.Keeper.transform = None
    model = mlflow.sklearn.load_model((carried.folder / NATIVE_MODEL).as_uri())
    (result,) = run_check(carried.but(model=to_model(model)), check_fresh_process)
    assert result.verdict is Verdict.PASSED, result.reason


def test_an_environment_that_was_cut_short_is_made_anew_and_no_other(tmp_path: Path) -> None:
    case = make_case(tmp_path, list_requirements())
    kept = find_environment(case.folder)
    if not kept.exists():
        run_check(case, check_fresh_process)
    (library,) = kept.rglob("site-packages/sklearn")
    shutil.rmtree(library)
    another = kept.with_name("another")
    another.mkdir()
    (result,) = run_check(case, check_fresh_process)
    assert result.verdict is Verdict.PASSED, result.reason
    assert library.exists()
    assert another.exists()


def test_a_folder_that_others_may_write_is_not_run_from(tmp_path: Path) -> None:
    own, linked = tmp_path / "own", tmp_path / "linked"
    claim_folder(own)
    claim_folder(own)
    linked.symlink_to(own)
    with pytest.raises(PermissionError, match="linked is open to other users"):
        claim_folder(linked)
    own.chmod(0o770)
    with pytest.raises(PermissionError, match="own is open to other users: remove it"):
        claim_folder(own)


def test_it_is_reported_where_nobody_asks_for_it() -> None:
    (result,) = run_check(SOUND, check_fresh_process)
    assert result.verdict is Verdict.REPORTED
    in_prod = SOUND.settings.model_copy(update={"target": "prod"})
    (result,) = run_check(SOUND.but(settings=in_prod), check_fresh_process)
    assert result.verdict is Verdict.FAILED


def test_a_wrong_answer_from_there_blocks(tmp_path: Path) -> None:
    case = make_case(tmp_path, list_requirements())
    other = fit_toy(make_rows(300), depth=1)
    swapped = case.but(model=to_model(other))
    (result,) = run_check(swapped, check_fresh_process)
    assert result.verdict is Verdict.FAILED
    assert result.reason.startswith("here and there differ by")


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("environments")


@pytest.fixture(autouse=True)
def use_own_environments(environments: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "ENVIRONMENTS", environments)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    # As a training before it in the same process leaves it.
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", "1")
