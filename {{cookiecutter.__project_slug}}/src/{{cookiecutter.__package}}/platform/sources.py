"""The context of a source: the means by which the source fetches the rows of a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pyspark.sql import DataFrame, SparkSession

from .windows import Window
from .workspace import Secrets


class SchemaError(LookupError):
    """A source asks for a schema that the variable `source_schemas` does not list."""


@dataclass(frozen=True)
class Context:
    """The means by which a source fetches rows.

    Attributes:
        spark: Reads files, tables and databases into a frame.
        secrets: `get(scope, key)` returns the text of a secret.
        landing: The folder of the volume `landing`, where other systems put their files.
        schemas: `catalog.schema` of other catalogs by name, from the variable `source_schemas`.
    """

    spark: SparkSession
    secrets: Secrets
    landing: Path
    schemas: Mapping[str, str]

    def read_table(self, schema: str, table: str) -> DataFrame:
        """Reads a table of a listed schema.

        Usage: `context.read_table("sales", "orders")`, where `source_schemas` has
        `sales=partners.sales_2013`.

        Raises:
            SchemaError: No schema has that name in the list.
        """
        if schema not in self.schemas:
            listed = ", ".join(self.schemas) or "none"
            raise SchemaError(
                f"source_schemas lists no schema {schema} (listed: {listed}): add"
                f" {schema}=CATALOG.SCHEMA to the variable in databricks.yml"
            )
        return self.spark.table(f"{self.schemas[schema]}.{table}")


# A pandas frame has the rows here; a Spark frame leaves them where Spark computes.
Rows = pd.DataFrame | DataFrame
Source = Callable[[Context, Window], Rows]
