"""The signatures of a model: of what its pipeline takes, and of what a request has."""

from __future__ import annotations

from collections.abc import Iterable

from mlflow.models import ModelSignature
from mlflow.types import ColSpec, ParamSchema, Schema
from mlflow.types.schema import AnyType

from ..platform.vocabulary import Column
from ..use_case.problem import PROBLEM

TYPES = {"string": "string", "double": "double", "int": "double", "long": "double"}


def sign_pipeline(outputs: Schema) -> ModelSignature:
    """Makes the signature of a pipeline; a look-up may find no row, so these may be absent."""
    features = [c for t in PROBLEM.lookups for c in t.columns if c.name in t.features]
    times = [c for t in PROBLEM.lookups for c in t.columns if c.name == t.row_time]
    given = _specify(PROBLEM.given)
    return ModelSignature(Schema([*given, *_specify((*features, *times), False)]), outputs)


def sign_request(outputs: Schema, params: ParamSchema | None = None) -> ModelSignature:
    """Makes the signature of a request: key and what is given, but no feature.

    The feature client lets a request override what is looked up. A column that the signature does
    not have reaches neither look-up nor model.
    """
    own = {column.name: column for column in PROBLEM.examples.columns}
    key = [own[name] for name in PROBLEM.key]
    columns = {column.name: column for column in (*key, *PROBLEM.given)}
    inputs = Schema([*_specify(columns.values())])
    return ModelSignature(inputs=inputs, outputs=outputs, **({"params": params} if params else {}))


def _specify(columns: Iterable[Column], required: bool = True) -> list[ColSpec]:
    # MLflow takes no time that has a zone, in a request or from a look-up: the first step reads it.
    return [ColSpec(TYPES.get(c.type, AnyType()), c.name, required=required) for c in columns]
