"""Checks that a version loads and scores in a fresh process, with its own requirements alone."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import uv
from mlflow.models import convert_input_example_to_serving_input

from ..registry.artifact import NATIVE_MODEL
from ..registry.predicting import score
from ..settings import is_shared
from ..use_case.problem import PROBLEM
from .case import Case
from .package_index import hide_credentials, list_variables, name_indexes
from .results import CheckResult, Verdict, judge

ROWS = 20
ENVIRONMENTS = Path(tempfile.gettempdir()) / f"model-environments-{os.getuid()}"
# These would lend the fresh process packages of this one, and MLflow's current run.
OF_THIS_PROCESS = ("PYTHONPATH", "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID")
# uv begins the lines that name a fault with these.
CAUSES = ("error:", "cause:", "\N{MULTIPLICATION SIGN}", "╰─▶")
# The last line of a traceback.
ERROR = re.compile(r"[\w.]*(?:Error|Exception)\b")
# `mlflow models predict` would install everything anew each time, and remove the folder after.
PREDICT = """
import sys
from mlflow.models.flavor_backend_registry import get_flavor_backend

model, rows, scores = sys.argv[1:]
backend = get_flavor_backend(model, env_manager="uv")
backend.predict(model_uri=model, input_path=rows, output_path=scores, content_type="json")
"""


def check_fresh_process(case: Case) -> Iterator[CheckResult]:
    """Scores as here, to 1e-9, where only the recorded requirements are installed."""
    name = "fresh_process"
    if not case.settings.fresh_environment:
        # Where other people rely on a model, a check that was left out must block.
        skipped = Verdict.FAILED if is_shared(case.settings.target) else Verdict.REPORTED
        reason = "not asked for; the variable fresh_environment asks for it"
        yield CheckResult(name, skipped, reason)
        return
    # The model is loaded here first, which refuses altered files.
    rows = case.sound_rows.head(ROWS)[list(case.model.inputs)]
    apart = float(np.abs(score_elsewhere(case.folder, rows) - score(case.model, rows)).max())
    yield CheckResult(name, judge(apart <= 1e-9), f"here and there differ by {apart:g}")


def score_elsewhere(folder: Path, rows: pd.DataFrame) -> np.ndarray:
    """Scores rows by the version's own files and requirements.

    The environment is kept and used again for equal requirements. The making of a kept one may
    have been cut short: when it fails, it is made again, once.

    Raises:
        RuntimeError: The requirements cannot be installed, or the model cannot be loaded with them.
        PermissionError: Other users could have put files into the folder of environments.
    """
    claim_folder(ENVIRONMENTS)
    kept = find_environment(folder)
    if not kept.exists():
        return _predict(folder, rows, kept)
    try:
        return _predict(folder, rows, kept)
    except RuntimeError:
        shutil.rmtree(kept)
        return _predict(folder, rows, kept)


def claim_folder(folder: Path) -> None:
    """Makes a folder for this user alone, since its content will be run.

    Raises:
        PermissionError: The folder exists, and other users could have put files into it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(f"{folder} is open to other users: remove it, and repeat")


def find_environment(folder: Path) -> Path:
    """Finds the folder that keeps the environment of a version's requirements."""
    requirements = (folder / NATIVE_MODEL / "requirements.txt").read_bytes()
    return ENVIRONMENTS / hashlib.sha256(requirements).hexdigest()[:16]


def _predict(folder: Path, rows: pd.DataFrame, environment: Path) -> np.ndarray:
    with tempfile.TemporaryDirectory() as scratch:
        question, answer = Path(scratch) / "rows.json", Path(scratch) / "scores.json"
        question.write_text(str(convert_input_example_to_serving_input(rows)))
        paths = map(str, (folder / NATIVE_MODEL, question, answer))
        command = [sys.executable, "-c", PREDICT, *paths]
        variables = _list_variables(environment)
        origin = f"with packages of {name_indexes(variables)}"
        done = subprocess.run(command, capture_output=True, text=True, env=variables, check=False)
        if done.returncode:
            cause = hide_credentials(find_cause(done.stderr))
            raise RuntimeError(f"a fresh process failed, {origin}: {cause}")
        return PROBLEM.kind.read_output(json.loads(answer.read_text())["predictions"])


def find_cause(output: str) -> str:
    """Finds the lines in which uv names the fault, or else the error that caused the others."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    said = [line for line in lines if line.startswith(CAUSES)]
    raised = [line for line in lines if ERROR.match(line)]
    return " ".join(said or raised[:1] or lines[-1:])[-500:]


def _list_variables(environment: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in OF_THIS_PROCESS}
    path = f"{Path(uv.find_uv_bin()).parent}{os.pathsep}{os.environ['PATH']}"
    return {**list_variables(), **inherited, "MLFLOW_ENV_ROOT": str(environment), "PATH": path}
