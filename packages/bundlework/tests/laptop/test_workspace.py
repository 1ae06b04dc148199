"""What a task finds in a workspace, where no Spark is needed to see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bundlework.laptop.workspace import LocalSecrets, LocalWorkspace


def test_a_write_to_what_is_only_read_is_seen_however_the_task_ends(tmp_path: Path) -> None:
    log = tmp_path / "warehouse/prod/sales/t/_delta_log"

    def write_and_exit() -> None:
        with LocalWorkspace(tmp_path, [], ["prod"]).guard():
            log.mkdir(parents=True)
            (log / "00000000000000000000.json").touch()
            raise SystemExit(0)

    with pytest.raises(PermissionError, match=r"prod.sales.t: written, but"):
        write_and_exit()


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    made = LocalSecrets(tmp_path).get("scope", "key")
    assert len(made) == 64
    assert LocalSecrets(tmp_path).get("scope", "key") == made
    (file,) = (tmp_path / "scope").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_secret_whose_making_was_killed_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(Path, "write_text", kill)
        with pytest.raises(KeyboardInterrupt):
            LocalSecrets(tmp_path).get("scope", "key")
    assert len(LocalSecrets(tmp_path).get("scope", "key")) == 64
