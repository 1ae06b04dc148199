"""The real FeatureEngineeringClient on a laptop.

Four collaborators of its constructor, which would call a workspace, are substituted; every join,
check, specification, log and score is the package's own code. The seams are private: versions are
pinned, and what they must do is tested.
"""

from __future__ import annotations

import json
import logging
import shutil
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

import yaml
from pyspark.sql import SparkSession
from pyspark.sql.types import StructField, StructType

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from databricks.feature_engineering import FeatureEngineeringClient
    from databricks.feature_engineering import client as client_module

from databricks.ml_features._catalog_client._catalog_client import CatalogClient
from databricks.ml_features._databricks_client._databricks_client import DatabricksClient
from databricks.ml_features._spark_client._spark_client import SparkClient
from databricks.ml_features.constants import DATA_TYPES_REQUIRES_DETAILS
from databricks.ml_features.entities.data_type import DataType
from databricks.ml_features.entities.feature_lookup import FeatureLookup
from databricks.ml_features.entities.feature_table import FeatureTable
from databricks.ml_features.entities.materialized_feature import MaterializedFeature
from databricks.ml_features.utils import training_scoring_utils
from databricks.ml_features_common.utils.data_type_utils import serialize_default_value

from .catalogs import quote
from .online_store import OnlineStores

PRIMARY_KEYS = "local.primary_keys"
TIME_KEYS = "local.timeseries_columns"


def open_feature_client(
    spark: SparkSession, catalogs: list[str], online: Path
) -> FeatureEngineeringClient:
    """The client over the catalogs' tables; what it cannot do here raises, naming the call.

    Args:
        online: The folder of the online store.
    """
    facts = TableFacts(spark)
    stores = OnlineStores(spark, facts.find_keys, online)

    class LocalCatalogClient(_CatalogClient):
        tables = facts

    class LocalDatabricksClient(_DatabricksClient):
        tables = facts

    class LocalSparkClient(_SparkClient):
        tables = facts
        known_catalogs = catalogs

    substitutes: dict[str, Any] = {
        "CatalogClient": LocalCatalogClient,
        "DatabricksClient": LocalDatabricksClient,
        "SparkClient": LocalSparkClient,
        "WorkspaceClient": lambda *_, **__: stores,
        "InformationSchemaSparkClient": NoFunctions,
    }
    logging.getLogger("databricks.ml_features").setLevel(logging.WARNING)
    with patch.multiple(client_module, **substitutes):
        return FeatureEngineeringClient()


class NoFunctions:
    """Feature functions live in Unity Catalog only."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Nothing to connect to."""

    def get_functions(self, names: list[str], *_: Any) -> list[Any]:
        """None, as long as none is asked for."""
        if names:
            raise NotImplementedError(f"the function {names[0]} needs a Databricks workspace")
        return []


class TableFacts:
    """Answers about a table as Unity Catalog would; the table's properties keep its keys."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark
        self._known: dict[str, dict[str, Any]] = {}

    def forget(self, table: str) -> None:
        """Drops what was read of a table that changes."""
        self._known.pop(table, None)

    def describe(self, table: str) -> dict[str, Any]:
        """The answer of Unity Catalog's API to a request for the table."""
        if table not in self._known:
            self._known[table] = self._read(table)
        return self._known[table]

    def find_keys(self, table: str) -> tuple[list[str], list[str]]:
        """The primary keys of a table, and its time keys."""
        rows = self._spark.sql(f"SHOW TBLPROPERTIES {table}").collect()
        properties = {row.key: row.value for row in rows}
        kept = (properties.get(name, "[]") for name in (PRIMARY_KEYS, TIME_KEYS))
        keys, times = map(json.loads, kept)
        return keys, times

    def _read(self, table: str) -> dict[str, Any]:
        keys, times = self.find_keys(table)
        constraint = {"child_columns": keys + times, "timeseries_columns": times}
        return {
            "full_name": table,
            "securable_kind": "TABLE_DELTA",
            "table_type": "MANAGED",
            "table_id": table,
            "comment": self._spark.catalog.getTable(table).description or "",
            "created_at": 0,
            "columns": [{"name": name} for name in self._spark.table(table).columns],
            "table_constraints": [{"primary_key_constraint": constraint}] if keys else [],
        }

    def list_features(self, table: str) -> list[MaterializedFeature]:
        """Columns in the order in which the service has them: keys first, then by name."""
        facts = FeatureTable.from_uc_get_table_response(self.describe(table))
        first = [*facts.primary_keys, *facts.timestamp_keys]
        fields = self._spark.table(table).schema.fields
        rest = sorted((f for f in fields if f.name not in first), key=lambda f: f.name)
        keys = sorted((f for f in fields if f.name in first), key=lambda f: first.index(f.name))
        return [_to_feature(table, field) for field in (*keys, *rest)]


def _to_feature(table: str, field: StructField) -> MaterializedFeature:
    kind = DataType.from_spark_type(field.dataType)
    details = field.dataType.json() if kind in DATA_TYPES_REQUIRES_DETAILS else None
    return MaterializedFeature(
        feature_table=table,
        feature_id=field.name,
        name=field.name,
        data_type=DataType.spark_type_to_string(field.dataType),
        description="",
        data_type_details=details,
    )


class _CatalogClient(CatalogClient):
    tables: TableFacts

    def __init__(self, *_: Any, **__: Any) -> None:
        self._local_host = self._feature_store_workspace_host = None
        self._local_workspace_id = self._feature_store_workspace_id = 0

    def _call_endpoint(self, api: Any, *_: Any) -> NoReturn:
        raise NotImplementedError(f"{api.__name__} needs a Databricks workspace")

    def create_feature_table(self, *_: Any, **__: Any) -> SimpleNamespace:
        return SimpleNamespace(table_id=None)

    def log_client_event(self, *_: Any, **__: Any) -> None:
        """Usage statistics have nowhere to go."""

    def get_online_stores(self, feature_tables: list[str], *_: Any) -> dict[str, list[Any]]:
        return {table: [] for table in feature_tables}

    def get_features(self, table: str, *_: Any) -> list[MaterializedFeature]:
        return self.tables.list_features(table)

    def generate_feature_spec_yaml(
        self, features: list[Any], exclude_columns: list[str], input_columns: Any, *_: Any
    ) -> str:
        unsupported = [f for f in features if not isinstance(f, FeatureLookup)]
        if unsupported:
            raise NotImplementedError(f"{type(unsupported[0]).__name__} needs a workspace")
        columns = self._list_columns(features, input_columns)
        spec = training_scoring_utils.build_feature_spec(
            features, self._read_metadata(features), columns, exclude_columns, 0
        )
        return yaml.safe_dump(spec._to_dict(), sort_keys=False)

    def _read_metadata(self, lookups: list[FeatureLookup]) -> Any:
        names = {lookup.table_name for lookup in lookups}
        described = {n: self.tables.describe(n) for n in names}
        return training_scoring_utils._FeatureTableMetadata(
            {name: self.tables.list_features(name) for name in names},
            {n: FeatureTable.from_uc_get_table_response(d) for n, d in described.items()},
            {},
        )

    def _list_columns(self, lookups: list[FeatureLookup], input_columns: Any) -> Any:
        columns = training_scoring_utils.get_column_infos(
            lookups, [], self._read_metadata(lookups), df_columns=input_columns
        )
        defaults = {
            (lookup.table_name, name): serialize_default_value(value)
            for lookup in lookups
            for name, value in (getattr(lookup, "default_values", None) or {}).items()
        }
        for column in columns.feature_column_infos:
            default = defaults.get((column.table_name, column.output_name))
            if default is not None:
                column._default_value_str = default
        return columns


class _DatabricksClient(DatabricksClient):
    tables: TableFacts

    def __init__(self, *_: Any, **__: Any) -> None:
        """No host, no token."""

    def get_uc_table(self, table: str) -> dict[str, Any]:
        return self.tables.describe(table)

    def get_uc_table_tags(self, _: str) -> dict[str, str]:
        return {}

    def get_uc_function(self, name: str) -> NoReturn:
        raise NotImplementedError(f"the function {name} needs a Databricks workspace")


class _SparkClient(SparkClient):
    tables: TableFacts
    known_catalogs: list[str]

    # Asked with every table; a query for each answer would add up.
    def get_current_catalog(self) -> str:
        return str(self._spark.catalog.currentCatalog())

    def get_current_database(self) -> str:
        return str(self._spark.catalog.currentDatabase())

    def catalog_exists(self, catalog: str) -> bool:
        return catalog in self.known_catalogs

    def create_table(
        self,
        qualified_table_name: str,
        schema: StructType,
        partition_columns: list[str] | None = None,
        path: str | None = None,
        comment: str | None = None,
    ) -> None:
        if partition_columns or path:
            asked = "a feature table with partitions or a path of its own"
            raise NotImplementedError(f"{asked} needs a Databricks workspace")
        # A table that an earlier process made leaves its folder when it is dropped.
        shutil.rmtree(self._find_folder(qualified_table_name), ignore_errors=True)
        self._define(qualified_table_name, schema, comment)

    def _find_folder(self, table: str) -> Path:
        schema, name = table.rsplit(".", 1)
        location = self._spark.catalog.getDatabase(schema).locationUri
        return Path(unquote(urlsplit(location).path)) / name

    def set_cols_not_null(self, full_table_name: str, cols: list[str]) -> None:
        # Delta cannot add NOT NULL to a column; the table is empty still, so it is made again.
        schema = self._spark.table(full_table_name).schema
        if any(field.nullable for field in schema if field.name in cols):
            comment = self._spark.catalog.getTable(full_table_name).description
            fields = [_to_required(f) if f.name in cols else f for f in schema]
            self._define(full_table_name, StructType(fields), comment)

    def _define(self, table: str, schema: StructType, comment: str | None) -> None:
        columns, said = ", ".join(map(_define_column, schema)), quote(comment or "")
        self._spark.sql(f"CREATE OR REPLACE TABLE {table} ({columns}) USING delta COMMENT {said}")

    def set_cols_pk_tk(
        self, full_table_name: str, pk_cols: list[str], pk_name: Any = None, tk_col: Any = None
    ) -> None:
        keys = json.dumps([column for column in pk_cols if column != tk_col])
        times = json.dumps([tk_col] if tk_col else [])
        self._spark.sql(
            f"ALTER TABLE {full_table_name} SET TBLPROPERTIES"
            f" ('{PRIMARY_KEYS}' = '{keys}', '{TIME_KEYS}' = '{times}')"
        )
        self.tables.forget(full_table_name)

    def set_table_tags(self, *_: Any, **__: Any) -> None:
        """Tags are recorded through the governance of the workspace."""

    def _cluster_table(self, *_: Any, **__: Any) -> None:
        """Small tables need no clustering."""


def _to_required(field: StructField) -> StructField:
    return StructField(field.name, field.dataType, False, field.metadata)


def _define_column(field: StructField) -> str:
    required = "" if field.nullable else " NOT NULL"
    comment = quote(field.metadata.get("comment", ""))
    return f"`{field.name}` {field.dataType.simpleString()}{required} COMMENT {comment}"
