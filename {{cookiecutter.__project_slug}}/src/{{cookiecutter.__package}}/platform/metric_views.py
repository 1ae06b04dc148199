"""How a metric view is declared: dimensions and measures over a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from ..settings import Settings
from .sql import quote_name
from .views import View
from .vocabulary import Table


@dataclass(frozen=True)
class MetricView:
    """A metric view of Unity Catalog.

    Attributes:
        schema: The name of the setting that holds `catalog.schema`.
        dimensions: SQL expressions over the source's columns, by name.
        measures: SQL aggregates over the source's columns, by name.
    """

    schema: str
    name: str
    source: Table | View
    comment: str
    dimensions: Mapping[str, str]
    measures: Mapping[str, str]

    def full_name(self, settings: Settings) -> str:
        """Returns `catalog.schema.name`."""
        return f"{getattr(settings, self.schema)}.{self.name}"

    def define(self, settings: Settings) -> str:
        """Writes the definition in YAML, by version 1.1 of Databricks' specification."""
        definition = {
            "version": 1.1,
            "comment": self.comment,
            "source": f"SELECT * FROM {quote_name(self.source.full_name(settings))}",
            "dimensions": [{"name": n, "expr": e} for n, e in self.dimensions.items()],
            "measures": [{"name": n, "expr": e} for n, e in self.measures.items()],
        }
        return yaml.safe_dump(definition, sort_keys=False, width=1_000)
