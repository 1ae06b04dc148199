"""How a model is declared; the declaration itself is `MODEL` in `use_case/model.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna import Trial


@dataclass(frozen=True)
class Model:
    """A model that can be tuned, fitted and logged.

    Usage: see `MODEL` in `use_case/model.py`.

    Attributes:
        build: Builds an unfitted scikit-learn pipeline from parameters.
        suggest: Suggests parameters for a trial of Optuna.
        seed: Of the search; equal data then give equal parameters.
        requirements: The packages that scoring needs beside MLflow, scikit-learn and pandas.
        autolog: MLflow's function that logs a fit of this library.
    """

    build: Callable[[Mapping[str, Any]], Any]
    suggest: Callable[[Trial], dict[str, Any]]
    seed: int
    requirements: tuple[str, ...]
    autolog: Callable[..., None]
