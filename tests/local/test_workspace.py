"""What a task finds in a workspace, where no Spark is needed to see it."""

from __future__ import annotations

from pathlib import Path

import pytest
from local.workspace import LocalWorkspace


def test_a_write_to_what_is_only_read_is_seen_however_the_task_ends(tmp_path: Path) -> None:
    log = tmp_path / "warehouse/prod/sales/t/_delta_log"
    with pytest.raises(PermissionError, match=r"prod.sales.t: written, but"):
        with LocalWorkspace(tmp_path, [], ["prod"]).guard():
            log.mkdir(parents=True)
            (log / "00000000000000000000.json").touch()
            raise SystemExit(0)
