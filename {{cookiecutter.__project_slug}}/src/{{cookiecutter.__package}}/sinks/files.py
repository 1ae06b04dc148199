"""Files in the volume `outbox`: a folder for each batch, which appears whole or not at all."""

from __future__ import annotations

from typing import Literal

from .base import Handover, Sink


class FilesSink(Sink):
    """Parquet or JSON Lines; readers find `outbox/NAME/00000001` and so on.

    Attributes:
        format: The format of the files.
    """

    kind: Literal["files"]
    format: Literal["parquet", "json"]

    def write(self, handover: Handover) -> None:
        """Writes a folder beside the others, and then gives it its name; see `Sink`."""
        whole = handover.outbox / self.name / f"{handover.number:08}"
        if whole.exists():
            return
        # Spark and most readers pass over names that begin with a line.
        draft = whole.with_name(f"_{whole.name}")
        handover.rows.write.mode("overwrite").format(self.format).save(str(draft))
        draft.rename(whole)
