"""Only the pinned Databricks CLI is installed."""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import zipfile
from pathlib import Path

import pytest
import yaml
from rendered import ROOT, edit

from bundlework.bundle.contract import CLI
from bundlework.delivery.install import (
    find_system,
    install_cli,
    install_pinned_cli,
    read_pin,
)
from bundlework.errors import Refusal

PROGRAM = "#!/bin/sh\necho Databricks CLI v9.9.9\n"


@pytest.fixture
def release(tmp_path: Path) -> CLI:
    """An archive as the CLI's releases have them, in a folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as files:
        files.writestr("databricks", PROGRAM)
        files.writestr("LICENSE", "text")
    archive = tmp_path / f"databricks_cli_9.9.9_{find_system()}.zip"
    archive.write_bytes(content.getvalue())
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    return CLI("9.9.9", {find_system(): digest})


def test_the_pinned_archive_is_installed_once(
    tmp_path: Path, release: CLI, capsys: pytest.CaptureFixture[str]
) -> None:
    install_cli(tmp_path / "bin", release, tmp_path.as_uri())
    program = tmp_path / "bin" / "databricks"
    assert program.stat().st_mode & stat.S_IXUSR
    assert "checksum verified" in capsys.readouterr().out
    made = program.stat().st_mtime_ns
    install_cli(tmp_path / "bin", CLI("9.9.9"), "file:///nowhere")
    assert program.stat().st_mtime_ns == made


def test_another_version_is_replaced(tmp_path: Path, release: CLI) -> None:
    old = tmp_path / "bin" / "databricks"
    old.parent.mkdir()
    old.write_text(PROGRAM.replace("9.9.9", "1.0.0"))
    old.chmod(0o755)
    install_cli(tmp_path / "bin", release, tmp_path.as_uri())
    assert old.read_text() == PROGRAM


def test_the_bundle_asks_for_the_pinned_version() -> None:
    assert read_asked(ROOT) == f">= {read_pin(ROOT).version}"


def read_asked(project: Path) -> str:
    bundle = yaml.safe_load((project / "databricks.yml").read_text())["bundle"]
    return str(bundle["databricks_cli_version"])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("pyproject.toml", "databricks.yml"):
        shutil.copy(ROOT / name, project)
    return project


def list_sums(release: CLI) -> str:
    """As a release lists its archives."""
    digests = dict.fromkeys(read_pin(ROOT).digests, "0" * 64) | dict(release.digests)
    return "".join(f"{d}  databricks_cli_9.9.9_{s}.zip\n" for s, d in digests.items())


def test_one_verb_moves_the_pin_everywhere_and_installs_it(
    tmp_path: Path, release: CLI, project: Path
) -> None:
    (tmp_path / "databricks_cli_9.9.9_SHA256SUMS").write_text(list_sums(release))
    install_pinned_cli(project, tmp_path / "bin", "9.9.9", tmp_path.as_uri())
    assert (tmp_path / "bin" / "databricks").read_text() == PROGRAM
    assert read_asked(project) == ">= 9.9.9"
    pin = read_pin(project)
    assert (pin.version, pin.digests[find_system()]) == ("9.9.9", release.digests[find_system()])
    assert pin.digests.keys() == read_pin(ROOT).digests.keys()


@pytest.mark.parametrize(
    ("version", "sums", "message"),
    [
        ("9.9.9", "", "databricks_cli_9.9.9_linux_amd64.zip is not in the release's list: choose"),
        ("8.8.8", "", "8.8.8_SHA256SUMS: .* try again, or put databricks on PATH by hand"),
        ("latest", "", "version 'latest' is refused: write a number such as 1.13.0"),
    ],
)
def test_a_version_that_is_not_to_be_had_moves_nothing(
    version: str, sums: str, message: str, tmp_path: Path, project: Path
) -> None:
    (tmp_path / "databricks_cli_9.9.9_SHA256SUMS").write_text(sums)
    with pytest.raises(Refusal, match=message):
        install_pinned_cli(project, tmp_path / "bin", version, tmp_path.as_uri())
    for name in ("pyproject.toml", "databricks.yml"):
        assert (project / name).read_text() == (ROOT / name).read_text()


def test_a_bundle_that_asks_for_another_version_moves_nothing(
    tmp_path: Path, release: CLI, project: Path
) -> None:
    (tmp_path / "databricks_cli_9.9.9_SHA256SUMS").write_text(list_sums(release))
    edit(project, "databricks.yml", 'databricks_cli_version: ">= ', 'databricks_cli_version: "')
    with pytest.raises(Refusal, match=r"databricks\.yml does not have 'databricks_cli_version: "):
        install_pinned_cli(project, tmp_path / "bin", "9.9.9", tmp_path.as_uri())
    assert read_pin(project) == read_pin(ROOT)


def test_an_altered_archive_is_refused_and_nothing_installed(tmp_path: Path, release: CLI) -> None:
    altered = CLI(release.version, {find_system(): "0" * 64})
    with pytest.raises(Refusal, match=r"SHA-256 is [0-9a-f]{64}, not 0{64}: do not use it"):
        install_cli(tmp_path / "bin", altered, tmp_path.as_uri())
    assert not (tmp_path / "bin").exists()


def test_an_archive_that_cannot_be_fetched_is_one_line(tmp_path: Path, release: CLI) -> None:
    missing = CLI("8.8.8", release.digests)
    with pytest.raises(Refusal, match="try again, or put databricks on PATH by hand"):
        install_cli(tmp_path / "bin", missing, tmp_path.as_uri())


def test_a_machine_without_an_archive_is_named(tmp_path: Path, release: CLI) -> None:
    with pytest.raises(Refusal, match=f"{find_system()}: there is no Databricks CLI 9.9.9"):
        install_cli(tmp_path / "bin", CLI("9.9.9"), tmp_path.as_uri())


def test_every_system_of_the_pin_has_a_digest() -> None:
    systems = {
        f"{system}_{machine}" for system in ("linux", "darwin") for machine in ("amd64", "arm64")
    }
    digests = read_pin(ROOT).digests
    assert set(digests) == systems
    assert {len(digest) for digest in digests.values()} == {64}
