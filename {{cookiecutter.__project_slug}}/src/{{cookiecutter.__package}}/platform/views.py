"""How a view is declared: a query over tables of the target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..settings import Settings


@dataclass(frozen=True)
class View:
    """A view of Unity Catalog, which reads its tables with the rights of its owner.

    Attributes:
        schema: The name of the setting that holds `catalog.schema`.
        columns: The names that readers rely on.
        query: Writes the SQL for a run's target.
    """

    schema: str
    name: str
    comment: str
    columns: tuple[str, ...]
    query: Callable[[Settings], str]

    def full_name(self, settings: Settings) -> str:
        """Returns `catalog.schema.name`."""
        return f"{getattr(settings, self.schema)}.{self.name}"
