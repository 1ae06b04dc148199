"""Whether a version loads and scores in a fresh process, with what it says it needs."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd

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

    The environment is kept, and used again for equal requirements.

    Raises:
        Exception: The requirements cannot be installed, or the model cannot be loaded with them.
    """
    with tempfile.TemporaryDirectory() as scratch, _keep_environments():
        answer = Path(scratch) / "scores.json"
        mlflow.models.predict(
            model_uri=str(folder / NATIVE_MODEL),
            input_data=rows,
            env_manager="uv" if shutil.which("uv") else "virtualenv",
            output_path=str(answer),
        )
        return np.asarray(json.loads(answer.read_text())["predictions"])[:, 1]


@contextmanager
def _keep_environments() -> Iterator[None]:
    former = os.environ.get("MLFLOW_ENV_ROOT")
    os.environ["MLFLOW_ENV_ROOT"] = str(ENVIRONMENTS)
    try:
        yield
    finally:
        os.environ.pop("MLFLOW_ENV_ROOT")
        if former is not None:
            os.environ["MLFLOW_ENV_ROOT"] = former
