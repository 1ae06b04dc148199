"""Bad use of the command gets one clear message, an exit code of 2, and changes nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from filelock import FileLock

from bundlework.laptop.commands import remove_state
from bundlework.laptop.java import find_fault

PROJECT = Path.cwd()
JAVA_PLACES = [p for p in ("/usr/lib/jvm", "/usr/java", "/opt/java") if Path(p).exists()]
IGNORED = shutil.ignore_patterns(".venv", ".git", ".workspace", "__pycache__")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    copy = tmp_path / "mein Projekt ä"
    shutil.copytree(PROJECT, copy, ignore=IGNORED)
    return copy


def run(
    project: Path, *words: str, inside: Sequence[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    command = [*inside, sys.executable, "-m", "bundlework", *words]
    known = {k: v for k, v in os.environ.items() if k != "LOCAL_WORKSPACE"}
    return subprocess.run(
        command,
        cwd=project,
        capture_output=True,
        text=True,
        env={**known, **environment},
        check=False,
    )


def edit(project: Path, file: str, old: str, new: str) -> None:
    path = project / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "--job", "typo"], "unknown job 'typo': there are batch_inference, features"),
        (
            ["run", "--target", "test"],
            "unknown target 'test': there are dev, pull_request, staging, prod",
        ),
        (["run", "--as-of", "1.7.2013"], "as_of '1.7.2013' is not a date: write YYYY-MM-DD"),
        (["run", "--as-of", "2013-02-30"], "as_of '2013-02-30' is not a date"),
        (["run", "--var", "colour"], "--var 'colour': write NAME=VALUE"),
        (["run", "--param", "colour=red"], "has no parameter colour: there are as_of"),
        (["repair"], "nothing has run yet: make run"),
        (["answer", "--version", "2"], "no run waits for approval of version 2"),
        (["times"], "nothing has run yet"),
        (["tables"], "nothing has run yet: make run"),
        (["show", "--table", "days"], "nothing has run yet: make run"),
        (["ui"], "nothing has run yet: make run"),
    ],
)
def test_bad_use_is_named(project: Path, words: list[str], message: str) -> None:
    done = run(project, *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("databricks.yml", "variables:\n", "variables: [\n", "databricks.yml:"),
        ("resources/training.job.yml", "entry_point: training", "entry_point: typo", "typo is not"),
        (
            "resources/training.job.yml",
            "            entry_point: training\n",
            "",
            "tasks.0.python_wheel_task: entry_point is missing: write it",
        ),
        (
            "resources/lifecycle.job.yml",
            "        - task_key: setup\n",
            "        - task_key: setup\n          depends_on: [{task_key: monitoring}]\n",
            "tasks wait in a circle",
        ),
    ],
)
def test_a_broken_bundle_is_named_with_its_file(
    project: Path, file: str, old: str, new: str, message: str
) -> None:
    edit(project, file, old, new)
    done = run(project, "run")
    assert done.returncode == 2
    assert message in done.stderr
    assert file.rsplit("/", maxsplit=1)[-1] in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / ".workspace").exists()


def test_two_runs_at_once_do_not_write_together(project: Path) -> None:
    state = project / ".workspace"
    state.mkdir()
    (state / "holder").write_text("process 4711 since 12:00:00")
    with FileLock(state / "lock"):
        done = run(project, "run")
    assert done.returncode == 2
    assert "is in use by process 4711 since 12:00:00: wait until it ends" in done.stderr


def test_a_folder_that_cannot_be_written_is_named(project: Path) -> None:
    done = run(project, "run", LOCAL_WORKSPACE="/proc/workspace")
    assert done.returncode == 2
    assert done.stderr.startswith("/proc/workspace")
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", disk]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be made here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk_is_named(project: Path, small_disk: Path) -> None:
    done = run(project, "run", LOCAL_WORKSPACE=str(small_disk / "workspace"))
    assert done.returncode != 0
    assert re.search(r"disk is full|No space left on device", done.stdout + done.stderr)
    assert str(small_disk) in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_date_before_the_data_is_refused_and_cleaning_removes_what_the_run_has_made(
    project: Path,
) -> None:
    own = {"LOCAL_WORKSPACE": str(project.parent)}
    (project.parent / "notes.txt").touch()
    done = run(project, "run", "--as-of", "2013-01-01", **own)
    assert done.returncode == 1
    assert "as_of 2013-01-01 is not after the first day of the data, 2013-01-01" in done.stdout
    assert "make repair" in done.stdout
    assert (project.parent / "mlflow.db").exists()
    assert (
        run(project, "clean", **own)
        .stdout.strip()
        .endswith(f"{project.name}, notes.txt: no run has made this, and it stays")
    )
    assert {path.name for path in project.parent.iterdir()} == {project.name, "notes.txt"}
    assert run(project, "clean").returncode == 0


def test_cleaning_leaves_the_files_that_a_person_put_into_a_volume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_WORKSPACE", str(tmp_path / "workspace"))
    landing, empty = (
        tmp_path / "workspace/volumes/dev/raw" / name for name in ("landing", "empty")
    )
    for folder in (landing, empty):
        folder.mkdir(parents=True)
    (landing / "orders.csv").touch()
    remove_state(tmp_path)
    assert ((landing / "orders.csv").exists(), empty.exists()) == (True, False)
    (landing / "orders.csv").unlink()
    remove_state(tmp_path)
    assert not (tmp_path / "workspace").exists()


def make_java(folder: Path, version: str, modules: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/java").touch(mode=0o755)
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n')
    return folder


@pytest.mark.parametrize(
    ("version", "modules", "fault"),
    [
        ("17.0.2", "java.base jdk.incubator.vector", None),
        ("11.0.2", "java.base jdk.incubator.vector", "is Java 11, not 17 or 21"),
        ("21.0.1", "java.base", "lacks the module jdk.incubator.vector"),
    ],
)
def test_a_java_is_judged(tmp_path: Path, version: str, modules: str, fault: str | None) -> None:
    assert find_fault(make_java(tmp_path / "jdk", version, modules)) == fault


@pytest.fixture
def without_java() -> list[str]:
    """What a command begins with to see no Java in the usual places."""
    hide = [f"mount -t tmpfs tmpfs {place} &&" for place in JAVA_PLACES]
    words = ["unshare", "--mount", "sh", "-c", " ".join([*hide, 'exec "$@"']), "sh"]
    tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"an installed Java cannot be hidden here: {tried.stderr.strip()}")
    return words


def test_without_java_the_command_to_install_one_is_printed(
    project: Path, tmp_path: Path, without_java: list[str]
) -> None:
    old = make_java(tmp_path / "jdk-11", "11.0.2", "java.base")
    nowhere = {"XDG_CACHE_HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = run(project, "run", inside=without_java, JAVA_HOME=str(old), **nowhere)
    assert done.returncode == 2
    assert re.search(r"(?s)jdk-11 is Java 11.*apt-get install -y openjdk-17", done.stderr)
    assert "Traceback" not in done.stderr
    assert not (project / ".workspace").exists()
