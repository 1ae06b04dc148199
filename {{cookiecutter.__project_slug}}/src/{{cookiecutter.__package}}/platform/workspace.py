"""The one way to the outside: Spark, the feature client, MLflow, Unity Catalog, endpoints.

Tasks call `connect` and pass the parts on as arguments. On a laptop, the local workspace puts its
own parts in place with `use`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .sql import quote_name, quote_text

if TYPE_CHECKING:
    from databricks.feature_engineering import FeatureEngineeringClient
    from mlflow import MlflowClient
    from pyspark.sql import SparkSession


class TaskValues(Protocol):
    """The values that a task leaves for later tasks of the job."""

    def set(self, key: str, value: object) -> None:
        """Leaves a JSON-serialisable value under `key`."""


class Secrets(Protocol):
    """Secrets by scope and key."""

    def get(self, scope: str, key: str) -> str:
        """The secret's text."""


class Governance(Protocol):
    """What Unity Catalog and the registry know of a table or model, apart from the data."""

    def tag_table(self, table: str, tags: Mapping[str, str]) -> None:
        """Sets tags on `catalog.schema.table`."""

    def tag_column(self, table: str, column: str, tags: Mapping[str, str]) -> None:
        """Sets tags on a column."""

    def set_primary_key(self, table: str, columns: Sequence[str]) -> None:
        """Declares the primary key, whose columns are then required.

        It takes the place of another one. Databricks does not enforce it.
        """

    def define_view(self, name: str, query: str, comment: str) -> None:
        """Creates or replaces `catalog.schema.name` by a query."""

    def define_metric_view(self, name: str, definition: str) -> None:
        """Creates or replaces `catalog.schema.name` by a definition in YAML."""

    def set_job_of_model(self, model_name: str, job_id: str) -> None:
        """Links a deployment job: each new version then starts that job."""


class Endpoints(Protocol):
    """Endpoints, which answer requests with a model."""

    def serve(self, name: str, model: str, version: int) -> None:
        """Lets an endpoint serve a version alone, and waits until it does.

        The endpoint is made when it is missing, and left as it is when it serves that version.
        """


@dataclass(frozen=True)
class Workspace:
    """All that a task may touch outside of Python.

    Attributes:
        volumes: The folder that has a volume `catalog.schema.name` as `catalog/schema/name`.
        reopen: Opens the workspace anew for the function of a stream. Spark calls that function
            with a session of its own and, on Spark Connect, in another process.
    """

    spark: SparkSession
    features: FeatureEngineeringClient
    mlflow: MlflowClient
    task_values: TaskValues
    governance: Governance
    secrets: Secrets
    endpoints: Endpoints
    volumes: Path = Path("/Volumes")
    reopen: Callable[[SparkSession], Workspace] = field(
        default_factory=lambda: _open_databricks_workspace
    )


_in_use: list[Workspace] = []


@contextmanager
def use(workspace: Workspace) -> Iterator[None]:
    """Makes `connect` return `workspace` inside the block."""
    _in_use.append(workspace)
    try:
        yield
    finally:
        _in_use.remove(workspace)


def connect() -> Workspace:
    """Returns the workspace in use, or else the Databricks workspace of this process."""
    if _in_use:
        return _in_use[-1]
    from pyspark.sql import SparkSession

    return _open_databricks_workspace(SparkSession.builder.getOrCreate())


def _open_databricks_workspace(spark: SparkSession) -> Workspace:
    import mlflow
    from databricks.feature_engineering import FeatureEngineeringClient
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.runtime import dbutils

    from .model_serving import ModelServing

    mlflow.set_registry_uri("databricks-uc")
    # Spark computes hours and days in the session's zone, and a cluster may set another one.
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    client = mlflow.MlflowClient()
    return Workspace(
        spark=spark,
        features=FeatureEngineeringClient(),
        mlflow=client,
        task_values=dbutils.jobs.taskValues,
        governance=UnityCatalog(spark, client),
        secrets=dbutils.secrets,
        endpoints=ModelServing(WorkspaceClient()),
    )


class UnityCatalog:
    """`Governance` by Unity Catalog's SQL and the registry's API."""

    def __init__(self, spark: SparkSession, client: MlflowClient) -> None:
        self._spark = spark
        self._client = client

    def tag_table(self, table: str, tags: Mapping[str, str]) -> None:
        """See `Governance`."""
        self._spark.sql(f"ALTER TABLE {quote_name(table)} SET TAGS ({_pairs(tags)})")

    def tag_column(self, table: str, column: str, tags: Mapping[str, str]) -> None:
        """See `Governance`."""
        where = f"{quote_name(table)} ALTER COLUMN {quote_name(column)}"
        self._spark.sql(f"ALTER TABLE {where} SET TAGS ({_pairs(tags)})")

    def set_primary_key(self, table: str, columns: Sequence[str]) -> None:
        """See `Governance`."""
        if self._read_primary_key(table) == list(columns):
            return
        alter = f"ALTER TABLE {quote_name(table)}"
        self._spark.sql(f"{alter} DROP PRIMARY KEY IF EXISTS")
        for column in columns:
            self._spark.sql(f"{alter} ALTER COLUMN {quote_name(column)} SET NOT NULL")
        self._spark.sql(f"{alter} ADD PRIMARY KEY ({', '.join(map(quote_name, columns))})")

    def _read_primary_key(self, table: str) -> list[str]:
        catalog, schema, name = table.split(".")
        about = f"{quote_name(catalog)}.information_schema"
        of_table = f"table_schema = {quote_text(schema)} AND table_name = {quote_text(name)}"
        keys = self._spark.table(f"{about}.table_constraints").where(of_table)
        names = keys.where("constraint_type = 'PRIMARY KEY'").select("constraint_name")
        columns = self._spark.table(f"{about}.key_column_usage").where(of_table)
        found = columns.join(names, "constraint_name").orderBy("ordinal_position")
        return [row.column_name for row in found.collect()]

    def define_view(self, name: str, query: str, comment: str) -> None:
        """See `Governance`."""
        view = f"CREATE OR REPLACE VIEW {quote_name(name)} COMMENT {quote_text(comment)}"
        self._spark.sql(f"{view} AS {query}")

    def define_metric_view(self, name: str, definition: str) -> None:
        """See `Governance`."""
        view = f"CREATE OR REPLACE VIEW {quote_name(name)} WITH METRICS LANGUAGE YAML"
        self._spark.sql(f"{view} AS $$\n{definition}$$")

    def set_job_of_model(self, model_name: str, job_id: str) -> None:
        """See `Governance`."""
        self._client.update_registered_model(model_name, deployment_job_id=job_id)


def _pairs(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{quote_text(k)} = {quote_text(v)}" for k, v in tags.items())
