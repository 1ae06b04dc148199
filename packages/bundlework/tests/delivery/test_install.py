"""Only the pinned Databricks CLI is installed."""

from __future__ import annotations

import hashlib
import io
import stat
import zipfile
from pathlib import Path

import pytest
import yaml
from rendered import ROOT

from bundlework.delivery.install import PINNED, Release, find_system, install_cli
from bundlework.errors import Refusal

PROGRAM = "#!/bin/sh\necho Databricks CLI v9.9.9\n"


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """An archive as the CLI's releases have them, in a folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as files:
        files.writestr("databricks", PROGRAM)
        files.writestr("LICENSE", "text")
    archive = tmp_path / f"databricks_cli_9.9.9_{find_system()}.zip"
    archive.write_bytes(content.getvalue())
    address = f"{tmp_path.as_uri()}/databricks_cli_{{version}}_{{system}}.zip"
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    return Release("9.9.9", address, {find_system(): digest})


def test_the_pinned_archive_is_installed_once(
    tmp_path: Path, release: Release, capsys: pytest.CaptureFixture[str]
) -> None:
    install_cli(tmp_path / "bin", release)
    program = tmp_path / "bin" / "databricks"
    assert program.stat().st_mode & stat.S_IXUSR
    assert "checksum verified" in capsys.readouterr().out
    made = program.stat().st_mtime_ns
    install_cli(tmp_path / "bin", Release("9.9.9", "file:///nowhere", {}))
    assert program.stat().st_mtime_ns == made


def test_another_version_is_replaced(tmp_path: Path, release: Release) -> None:
    old = tmp_path / "bin" / "databricks"
    old.parent.mkdir()
    old.write_text(PROGRAM.replace("9.9.9", "1.0.0"))
    old.chmod(0o755)
    install_cli(tmp_path / "bin", release)
    assert old.read_text() == PROGRAM


def test_the_bundle_asks_for_the_pinned_version() -> None:
    bundle = yaml.safe_load((ROOT / "databricks.yml").read_text())["bundle"]
    assert bundle["databricks_cli_version"] == f">= {PINNED.version}"


def test_an_altered_archive_is_refused_and_nothing_installed(
    tmp_path: Path, release: Release
) -> None:
    altered = Release(release.version, release.address, {find_system(): "0" * 64})
    with pytest.raises(Refusal, match=r"SHA-256 is [0-9a-f]{64}, not 0{64}: do not use it"):
        install_cli(tmp_path / "bin", altered)
    assert not (tmp_path / "bin").exists()


def test_an_archive_that_cannot_be_fetched_is_one_line(tmp_path: Path, release: Release) -> None:
    missing = Release("8.8.8", release.address, release.digests)
    with pytest.raises(Refusal, match="try again, or put databricks on PATH by hand"):
        install_cli(tmp_path / "bin", missing)


def test_a_machine_without_an_archive_is_named(tmp_path: Path, release: Release) -> None:
    with pytest.raises(Refusal, match=f"{find_system()}: there is no Databricks CLI 9.9.9"):
        install_cli(tmp_path / "bin", Release("9.9.9", release.address, {}))


def test_every_system_of_the_pin_has_a_digest() -> None:
    systems = {
        f"{system}_{machine}" for system in ("linux", "darwin") for machine in ("amd64", "arm64")
    }
    assert set(PINNED.digests) == systems
    assert {len(digest) for digest in PINNED.digests.values()} == {64}
