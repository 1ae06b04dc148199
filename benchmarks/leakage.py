"""The honest model's AUC on unseen flights, beside the same with a feature known only later.

Called in the folder of a rendered project after `make run`: `python leakage.py [AS_OF]`.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.metrics import roc_auc_score

from bundlework.bundle.contract import get_state, read_package
from bundlework.bundle.loading import load_bundle
from bundlework.laptop.workspace import open_workspace

# Columns of the sample data by the moment they are known: none of them when the day begins.
LEAKS = {"none": [], "air_time": ["air_time"], "departure_delay": ["departure_delay"]}
PARAMETERS = {"n_estimators": 150, "learning_rate": 0.05, "num_leaves": 31}


def main() -> None:
    """Prints one line for each leak."""
    package = read_package(Path.cwd())
    modules = (
        "settings",
        "platform.examples",
        "platform.problem",
        "registry.periods",
        "registry.training_sets",
        "use_case.model",
        "use_case.problem",
        "use_case.sources",
    )
    project = {name: importlib.import_module(f"{package}.{name}") for name in modules}
    bundle = load_bundle(Path.cwd())
    opened = open_workspace(bundle, get_state(Path.cwd()))
    workspace = opened.bind(bundle.contract.workspace, None)
    named = bundle.jobs["training"]["tasks"][0]["python_wheel_task"]["named_parameters"]
    as_of = sys.argv[1] if len(sys.argv) > 1 else "2013-06-10"
    settings = project["settings"].Settings.model_validate({**named, "as_of": as_of})
    windows = project["registry.periods"]
    asked = (settings.as_of, settings.window_days)
    train = read(project, workspace, settings, windows.get_training_window(*asked))
    test = read(project, workspace, settings, windows.get_evaluation_window(*asked))
    print(f"{len(train)} flights to train on, {len(test)} later ones to test on")
    for name, leak in LEAKS.items():
        print(f"{name:16} AUC {measure(project, train, test, leak):.3f}", flush=True)


def read(project: dict[str, Any], workspace: Any, settings: Any, window: Any) -> pd.DataFrame:
    """The window's flights with their features, and with what only the whole record knows."""
    examples = project["registry.training_sets"]
    flights = examples.read_labelled_examples(workspace, settings, window, settings.as_of)
    lookups = examples.list_lookups(settings)
    rows = examples.make_training_set(workspace, flights, lookups).load_df().toPandas()
    later = project["use_case.sources"].read_flights()
    return rows.merge(later[["flight_id", "air_time", "departure_delay"]], on="flight_id")


def measure(
    project: dict[str, Any], train: pd.DataFrame, test: pd.DataFrame, leak: list[str]
) -> float:
    """AUC on the test rows of a model that also gets the columns of `leak`."""
    model, label = project["use_case.model"], project["platform.problem"].LABEL
    problem = project["use_case.problem"].PROBLEM
    compute_inputs = project["platform.examples"].compute_inputs
    inputs = [compute_inputs(problem, rows).join(rows[leak]) for rows in (train, test)]
    fitted = model.build_pipeline(PARAMETERS).fit(inputs[0], train[label])
    return float(roc_auc_score(test[label], fitted.predict_proba(inputs[1])[:, 1]))


if __name__ == "__main__":
    main()
