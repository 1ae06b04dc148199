"""Says which job makes a table or a column that a task misses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.errors import AnalysisException

# Spark's names of these faults; more may follow them.
TABLE, COLUMN = "TABLE_OR_VIEW_NOT_FOUND", "UNRESOLVED_COLUMN"


class NotSetUpError(LookupError):
    """A table or a column is missing."""


@contextmanager
def explain_missing() -> Iterator[None]:
    """Explains a missing table or column inside the block.

    Raises:
        NotSetUpError: One is missing.
    """
    try:
        yield
    except AnalysisException as fault:
        if not (fault.getCondition() or "").startswith((TABLE, COLUMN)):
            raise
        said = str(fault).strip().splitlines()[0]
        advice = "the job setup makes tables and columns as they are declared: run that job first"
        raise NotSetUpError(f"{said}\n{advice}") from fault
