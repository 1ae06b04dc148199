"""Assembles what a task finds in a workspace: Spark, feature client, MLflow, governance."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from bundlework.bundle.faults import list_texts
from bundlework.bundle.loading import Bundle

from .catalogs import count_commits, define_view, open_catalogs

# The folder of the online store.
ONLINE = "online"
LISTED_CATALOG = re.compile(r"=([^.\s]+)\.")

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class LocalWorkspace:
    """A workspace in a folder; Spark starts when it is first asked for.

    Args:
        state: The folder that everything is kept in.
        schemas: `catalog.schema` of each schema that the bundle declares.
        read_only: Further catalogs that may be read.
        serverless: Whether Spark is what serverless compute has.
        jars: Maven coordinates of what Spark needs beside Delta.
    """

    def __init__(
        self,
        state: Path,
        schemas: Sequence[str],
        read_only: Sequence[str] = (),
        *,
        serverless: bool = True,
        jars: Sequence[str] = (),
    ) -> None:
        self._state = state
        self._schemas = schemas
        self._read_only = read_only
        self._serverless = serverless
        self._jars = jars

    def start(self) -> None:
        """Begins to start Spark, for Python to go on with its imports."""
        _ = self._starting

    @property
    def spark(self) -> SparkSession:
        """Spark with the catalogs of the target, once it has started."""
        from .spark import use_here

        return use_here(self._starting.result())

    @cached_property
    def _starting(self) -> Future[SparkSession]:
        pool = ThreadPoolExecutor(1)
        try:
            return pool.submit(self._open)
        finally:
            pool.shutdown(wait=False)

    def _open(self) -> SparkSession:
        from .spark import build_session

        session = build_session(
            self._state / "spark", self._catalogs, serverless=self._serverless, jars=self._jars
        )
        session.connections = self._state / "connections"
        open_catalogs(session, self._state / "warehouse", self._schemas, self._read_only)
        return session

    @property
    def _catalogs(self) -> list[str]:
        owned = [schema.split(".")[0] for schema in self._schemas]
        return list(dict.fromkeys([*owned, *self._read_only]))

    @cached_property
    def _services(self) -> dict[str, Any]:
        self.start()
        return open_services(lambda: self.spark, self._state, self._catalogs)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Fails when the block writes to a catalog that is only read, as grants would.

        The check is made however the block ends: a workspace would have refused the write.

        Raises:
            PermissionError: It names the tables.
        """
        warehouse = self._state / "warehouse"
        before = count_commits(warehouse, self._read_only)
        try:
            yield
        finally:
            after = count_commits(warehouse, self._read_only)
            written = sorted(name for name in after if after[name] != before.get(name))
            if written:
                raise PermissionError(
                    f"{', '.join(written)}: written, but this target may only read it"
                )

    def bind(self, module: str, task_values: object) -> Any:
        """The class `Workspace` of a project's module, made of the parts of this workspace."""
        made = importlib.import_module(module).Workspace
        reopen = partial(reopen_workspace, module, self._state, self._catalogs)
        return made(task_values=task_values, reopen=reopen, **self._services)

    def record_grants(self, resources: Mapping[str, Any]) -> None:
        """Records what the bundle grants, which only Unity Catalog enforces."""
        governance = RecordedGovernance(self._state / "governance.jsonl")
        for resource in (r for group in resources.values() for r in group.values()):
            for grant in resource.get("grants", []):
                governance.grant(resource["id"], grant["principal"], grant["privileges"])

    def interrupt(self) -> None:
        """Stops what Spark computes at the moment."""
        if self._has_started:
            self.spark.interruptAll()

    def close(self) -> None:
        """Stops Spark if it was started."""
        if self._has_started:
            self.spark.stop()

    @property
    def _has_started(self) -> bool:
        return "_starting" in self.__dict__ and self._starting.exception() is None


def open_services(
    get_spark: Callable[[], SparkSession], state: Path, catalogs: list[str]
) -> dict[str, Any]:
    """Opens all that a workspace has beside the values of tasks.

    Args:
        get_spark: Waits for Spark, after Python has gone on with its imports.
    """
    from mlflow import MlflowClient

    from .feature_client import open_feature_client
    from .online_store import LocalEndpoints
    from .tracking import open_tracking

    open_tracking(state)
    spark = get_spark()
    define = partial(define_view, spark, state / "warehouse")
    return {
        "spark": spark,
        "features": open_feature_client(spark, catalogs, state / ONLINE),
        "mlflow": MlflowClient(),
        "governance": RecordedGovernance(state / "governance.jsonl", define),
        "secrets": LocalSecrets(state / "secrets"),
        "endpoints": LocalEndpoints(state / ONLINE),
        "volumes": state / "volumes",
    }


def reopen_workspace(module: str, state: Path, catalogs: list[str], spark: SparkSession) -> Any:
    """Opens a workspace anew for the function of a stream.

    Spark calls that function with a session of its own and, where the session is of Connect, in
    another process.
    """
    from .spark import adopt_session

    adopt_session(spark, catalogs)
    services = open_services(lambda: spark, state, catalogs)
    return importlib.import_module(module).Workspace(task_values=None, **services)


def open_workspace(bundle: Bundle, state: Path) -> LocalWorkspace:
    """Opens the workspace that a bundle's target sees, in a folder."""
    for volume in bundle.config.get("resources", {}).get("volumes", {}).values():
        state.joinpath("volumes", *volume["id"].split(".")).mkdir(parents=True, exist_ok=True)
    return LocalWorkspace(
        state,
        bundle.schemas,
        find_read_only(bundle),
        serverless=bundle.is_serverless,
        jars=bundle.contract.jars,
    )


def find_read_only(bundle: Bundle) -> list[str]:
    """The catalogs that jobs read from, and that the target has no schema in."""
    variables, declared = bundle.config["variables"], bundle.contract.variables
    named = [str(variables[n]["value"]) for n in declared.read_catalogs]
    owned = {schema.split(".")[0] for schema in bundle.schemas}
    texts = list(list_texts(bundle.jobs))
    read = [name for name in named if any(text.startswith(f"{name}.") for text in texts)]
    listed = str(variables[declared.listed_schemas]["value"]) if declared.listed_schemas else ""
    read += LISTED_CATALOG.findall(listed)
    return [catalog for catalog in dict.fromkeys(read) if catalog not in owned]


class LocalSecrets:
    """Secrets in files that only their owner may read. The first request makes a random one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, scope: str, key: str) -> str:
        """The secret's text."""
        path = self._folder / scope / key
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Written elsewhere first: a killed process leaves no empty secret.
            draft = path.with_name(f"{key}.draft")
            draft.touch(mode=0o600)
            draft.write_text(token_hex(32))
            draft.replace(path)
        return path.read_text()


class RecordedGovernance:
    """Records what would be told to Unity Catalog and the registry, each fact once.

    Args:
        define: Creates a view of a name and a query, which Spark can do here.
    """

    def __init__(self, path: Path, define: Callable[[str, str], None] | None = None) -> None:
        self._path = path
        self._define = define

    def tag_table(self, table: str, tags: Mapping[str, str]) -> None:
        """Records tags of a table."""
        self._record(table=table, tags=dict(tags))

    def tag_column(self, table: str, column: str, tags: Mapping[str, str]) -> None:
        """Records tags of a column."""
        self._record(table=table, column=column, tags=dict(tags))

    def set_primary_key(self, table: str, columns: Sequence[str]) -> None:
        """Records a table's primary key."""
        self._record(table=table, primary_key=list(columns))

    def define_view(self, name: str, query: str, comment: str) -> None:
        """Creates the view, and records what is said of it."""
        if self._define:
            self._define(name, query)
        self._record(view=name, comment=comment)

    def define_metric_view(self, name: str, definition: str) -> None:
        """Records a metric view, which only Unity Catalog can query."""
        self._record(metric_view=name, definition=definition)

    def set_job_of_model(self, model_name: str, job_id: str) -> None:
        """Records a model's deployment job."""
        self._record(model=model_name, deployment_job_id=job_id)

    def grant(self, securable: str, principal: str, privileges: Sequence[str]) -> None:
        """Records what a group may do with a schema, volume or model."""
        self._record(securable=securable, principal=principal, privileges=list(privileges))

    def _record(self, **fact: Any) -> None:
        line = json.dumps(fact)
        known = self._path.read_text().splitlines() if self._path.exists() else []
        if line not in known:
            with self._path.open("a") as file:
                file.write(line + "\n")
