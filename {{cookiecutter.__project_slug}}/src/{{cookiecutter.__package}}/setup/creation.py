"""Creates tables and describes them to Unity Catalog."""

from __future__ import annotations

from collections.abc import Mapping

from databricks.feature_engineering import FeatureEngineeringClient
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructField

from ..platform.delta import FEED, ISOLATION
from ..platform.sql import quote_name, quote_text
from ..platform.vocabulary import FeatureTable, Table
from ..platform.workspace import Governance
from ..settings import RunSettings, Settings


def create_table(spark: SparkSession, table: Table, settings: RunSettings) -> None:
    """Creates the table empty, with comments, unless it exists; its writers never overlap."""
    name, properties = table.full_name(settings), _list_properties(table)
    if spark.catalog.tableExists(name):
        _add_properties(spark, name, properties)
        return
    columns = ", ".join(_define_column(field) for field in table.struct)
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS {quote_name(name)} ({columns}) USING delta"
        f" CLUSTER BY ({quote_name(table.time)}) COMMENT {quote_text(table.comment)}"
        f" TBLPROPERTIES ({_define(properties)})"
    )


def _list_properties(table: Table) -> dict[str, str]:
    return dict([ISOLATION, FEED] if table.feeds else [ISOLATION])


def _add_properties(spark: SparkSession, name: str, properties: Mapping[str, str]) -> None:
    """Gives a table of an earlier release the properties that it lacks."""
    rows = spark.sql(f"SHOW TBLPROPERTIES {quote_name(name)}").where(F.col("key").isin(*properties))
    known = {row.key for row in rows.collect()}
    added = {key: value for key, value in properties.items() if key not in known}
    if added:
        spark.sql(f"ALTER TABLE {quote_name(name)} SET TBLPROPERTIES ({_define(added)})")


def _define(properties: Mapping[str, str]) -> str:
    return ", ".join(f"{quote_text(k)} = {quote_text(v)}" for k, v in properties.items())


def _define_column(field: StructField) -> str:
    required = "" if field.nullable else " NOT NULL"
    comment = quote_text(field.metadata["comment"])
    return f"{quote_name(field.name)} {field.dataType.simpleString()}{required} COMMENT {comment}"


def create_feature_table(
    spark: SparkSession, client: FeatureEngineeringClient, table: FeatureTable, settings: Settings
) -> None:
    """Creates the feature table empty, with its keys and time-series key, unless it exists."""
    name = table.full_name(settings)
    exists = spark.catalog.tableExists(name)
    if exists and not has_keys(client, name) and spark.table(name).isEmpty():
        # The creation was cut short, and the client would leave the table as it is.
        spark.sql(f"DROP TABLE {quote_name(name)}")
    if not spark.catalog.tableExists(name):
        client.create_table(
            name=name,
            primary_keys=list(table.keys),
            timeseries_column=table.time if table.has_time_key else None,
            schema=table.struct,
            description=table.comment,
        )
    # An online store is fed the changes.
    _add_properties(spark, name, dict([FEED]))


def has_keys(client: FeatureEngineeringClient, name: str) -> bool:
    """Whether a table has the keys that the feature client asks for."""
    try:
        return bool(client.get_table(name=name).primary_keys)
    except ValueError as fault:
        if "no primary key" not in str(fault):
            raise
        return False


def describe_table(governance: Governance, table: Table, settings: Settings) -> None:
    """Tags the table by stage, tags its personal columns, and declares its key."""
    name = table.full_name(settings)
    owner = {"owner": table.owner} if table.owner else {}
    governance.tag_table(name, {"stage": table.schema, "target": settings.target, **owner})
    for column in table.columns:
        if column.personal:
            governance.tag_column(name, column.name, {"personal": "true"})
    if not isinstance(table, FeatureTable):
        governance.set_primary_key(name, table.keys)
