"""Whether a version loads and scores in a fresh process, with what it says it needs."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import uv

from ..scoring import NATIVE_MODEL, score
from .evidence import Case
from .results import CheckResult, Verdict, judge

ROWS = 20
ENVIRONMENTS = Path(tempfile.gettempdir()) / "model-environments"


def check_fresh_process(case: Case) -> Iterator[CheckResult]:
    """Scores as here, to 1e-9, where only the recorded requirements are installed."""
    name = "fresh_process"
    if not case.settings.fresh_environment:
        reason = "not asked for; the variable fresh_environment asks for it"
        yield CheckResult(name, Verdict.REPORTED, reason)
        return
    rows = case.rows.head(ROWS)[list(case.model.inputs)]
    apart = float(np.abs(score_elsewhere(case.folder, rows) - score(case.model, rows)).max())
    yield CheckResult(name, judge(apart <= 1e-9), f"here and there differ by {apart:g}")


def score_elsewhere(folder: Path, rows: pd.DataFrame) -> np.ndarray:
    """Probabilities by the version's own files and requirements.

    The environment is kept, and used again for equal requirements. One whose making was cut short
    is of no use: at a failure it is made again, once.

    Raises:
        Exception: The requirements cannot be installed, or the model cannot be loaded with them.
    """
    try:
        return _predict(folder, rows)
    except Exception:
        if not ENVIRONMENTS.exists():
            raise
        shutil.rmtree(ENVIRONMENTS)
        return _predict(folder, rows)


def _predict(folder: Path, rows: pd.DataFrame) -> np.ndarray:
    path = f"{Path(uv.find_uv_bin()).parent}{os.pathsep}{os.environ['PATH']}"
    # Nothing of this process's packages may stand in for what is not required.
    with (
        tempfile.TemporaryDirectory() as scratch,
        _environment({"MLFLOW_ENV_ROOT": str(ENVIRONMENTS), "PATH": path, "PYTHONPATH": None}),
    ):
        answer = Path(scratch) / "scores.json"
        mlflow.models.predict(
            model_uri=str(folder / NATIVE_MODEL),
            input_data=rows,
            env_manager="uv",
            output_path=str(answer),
        )
        return np.asarray(json.loads(answer.read_text())["predictions"])[:, 1]


@contextmanager
def _environment(variables: Mapping[str, str | None]) -> Iterator[None]:
    former = {name: os.environ.get(name) for name in variables}
    _set(variables)
    try:
        yield
    finally:
        _set(former)


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
