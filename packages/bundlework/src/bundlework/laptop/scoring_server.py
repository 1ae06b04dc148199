"""MLflow's scoring server, with answers that people and programs can act on.

`bundlework serve` runs this file where the requirements of a model are installed, and nothing of
this package: `python scoring_server.py MODEL PORT`.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any, NamedTuple

import mlflow
import pandas as pd
import uvicorn
from databricks.ml_features_common.protos import feature_store_serving_pb2 as serving
from fastapi import FastAPI, Request, Response
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import scoring_server
from mlflow.types import DataType

log = logging.getLogger(__name__)

# The exceptions of PostgreSQL's clients while it is away, and the one of a model's first step.
AWAY, REFUSED = ("OperationalError", "PoolTimeout", "PoolClosed"), "RefusedError"
# A message of MLflow's may repeat the whole request.
LONGEST = 500
# Spark's types by the names that the look-up has for them.
TYPES = {"int": "INTEGER", "bigint": "LONG"}


class Answer(NamedTuple):
    """An answer to a request that got no prediction."""

    status: HTTPStatus
    message: str


# The answer to the request in hand: MLflow's server would turn each exception into a stack trace.
_answer: ContextVar[list[Answer]] = ContextVar("answer")


class Guarded:
    """A model whose faults become answers."""

    def __init__(self, model: Any) -> None:
        self.metadata = model.metadata
        self._model = model
        self._schema = {told.name: told for told in model.metadata.get_input_schema()}

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Predicts, or leaves an answer and raises."""
        try:
            self._refuse_other_columns(data)
            return self._model.predict(data, params=params)
        except Exception as fault:
            told = explain(fault)
            if told.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                log.exception(told.message)
            _answer.get().append(told)
            raise

    def _refuse_other_columns(self, data: Any) -> None:
        if not isinstance(data, pd.DataFrame):
            raise MlflowException("no table of rows: send dataframe_records or dataframe_split")
        faults = [f"{name}: missing" for name in self._schema if name not in data]
        faults += [f"{n}: not taken, features are looked up" for n in data if n not in self._schema]
        texts = [
            n for n, told in self._schema.items() if told.type is DataType.string and n in data
        ]
        for name in texts:
            # MLflow lets any object pass for a text, and the look-up fails on it.
            others = [value for value in data[name] if not isinstance(value, str | None)]
            faults += [f"{name}={others[0]!r}: no string"] if others else []
        if faults:
            raise MlflowException("; ".join(faults))


def explain(fault: BaseException) -> Answer:
    """Explains a fault: 400 where the request is wrong, 503 where the store is away, else 500."""
    chain = [fault]
    while cause := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(cause)
    # The class of a model's file is another one than this process could import.
    names = {type(each).__name__: each for each in chain}
    if REFUSED in names:
        return Answer(HTTPStatus.BAD_REQUEST, str(names[REFUSED]))
    if any(name in names for name in AWAY):
        return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "the online store does not answer")
    if isinstance(fault, MlflowException):
        return Answer(HTTPStatus.BAD_REQUEST, fault.message[:LONGEST])
    return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, f"the model failed: {type(chain[-1]).__name__}")


def build_app(model: Any) -> FastAPI:
    """Builds MLflow's application around a model."""
    app: FastAPI = scoring_server.init(Guarded(model))  # type: ignore[arg-type]

    @app.middleware("http")
    async def answer(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        found: list[Answer] = []
        _answer.set(found)
        response = await call_next(request)
        if response.status_code < HTTPStatus.BAD_REQUEST:
            return response
        said = (
            found[0] if found else Answer(HTTPStatus(response.status_code), await _read(response))
        )
        body = json.dumps({"error_code": said.status.name, "message": said.message[:LONGEST]})
        return Response(body, said.status, media_type="application/json")

    return app


async def _read(response: Any) -> str:
    body = b"".join([part async for part in response.body_iterator]).decode()
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body


def describe_tables(told: dict[str, Any]) -> str:
    """Describes to the look-up where features are, as Model Serving does."""
    known = serving.FeatureTablesForServing(feature_definition_type=serving.FEATURE_TABLE)
    for name, facts in told["tables"].items():
        table = known.online_tables.add(
            feature_table_name=name, online_feature_table_name=facts["name"], feature_table_id=name
        )
        store = table.online_store
        store.cloud, store.store_type = serving.AZURE, serving.DATABRICKS_ONLINE_STORE
        store.query_mode = serving.PRIMARY_KEY_LOOKUP
        store.brickstore_conf.host, store.brickstore_conf.port = told["host"], told["port"]
        kinds = {n: getattr(serving, TYPES.get(t, t.upper())) for n, t in facts["types"].items()}
        for key in facts["keys"]:
            table.primary_keys.add(name=key, data_type=kinds.pop(key))
        for feature, kind in kinds.items():
            table.features.add(name=feature, data_type=kind)
    return base64.b64encode(known.SerializeToString()).decode()


def main(model: str, port: str) -> None:
    """Serves a model to this machine alone."""
    told = json.loads(os.environ["ONLINE_TABLES"])
    os.environ["FEATURE_TABLES_FOR_SERVING_BASE64"] = describe_tables(told)
    os.environ["LAKEBASE_USER"], os.environ["LAKEBASE_PASSWORD"] = told["user"], "asked by nobody"
    mlflow.tracing.disable()  # each request would write a trace
    # Else each request would log that the model does not take the key.
    logging.getLogger("mlflow.models.utils").setLevel(logging.ERROR)
    app = build_app(mlflow.pyfunc.load_model(model))
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
