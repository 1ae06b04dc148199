"""A project installs from another index than the one that its lock file was made from."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from rendering import ROOT, render

TOOLING = ROOT / "packages/bundlework/src"

# The smallest build backend that the recipe works with: its wheel leads to the sources.
BACKEND = textwrap.dedent(
    """
    import os, zipfile

    def build_editable(folder, config_settings=None, metadata_directory=None):
        name = "toy-0.1.0-py3-none-any.whl"
        with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
            wheel.writestr("toy.pth", os.path.abspath("src"))
            about, metadata = "toy-0.1.0.dist-info", ["2.1", "Name: toy", "Version: 0.1.0", ""]
            wheel.writestr(f"{about}/METADATA", "Metadata-Version: " + "\\n".join(metadata))
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
            wheel.writestr(f"{about}/RECORD", "")
        return name

    build_wheel = build_editable
    """
)
PROJECT = """
[project]
name = "toy"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = ["useful>=1"]

[dependency-groups]
runtime = []
build = ["backend"]
dev = []

[build-system]
requires = ["backend"]
build-backend = "backend"
"""
USE = "import useful, toy; print(useful.SAYS, toy.SAYS)"


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


def offer(index: Path, name: str, module: str) -> None:
    """Puts a package of one module into an index."""
    folder, about = index / name, f"{name}-1.0.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as files:
        files.writestr(f"{name}.py", module)
        files.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        files.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        files.writestr(f"{about}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "index.html").write_text(f'<a href="{wheel.name}#sha256={digest}">{wheel.name}</a>')


@contextmanager
def serving(index: Path) -> Iterator[str]:
    """Serves an index on this machine, and yields its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(index))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def index(tmp_path: Path) -> Path:
    index = tmp_path / "index"
    offer(index, "useful", 'SAYS = "useful"')
    offer(index, "backend", BACKEND)
    return index


@pytest.fixture
def toy(tmp_path: Path, index: Path) -> Path:
    """A small project with the real Makefile, locked with an index that is gone."""
    project, toy = render(tmp_path), tmp_path / "toy"
    (toy / "src").mkdir(parents=True)
    (toy / "src" / "toy.py").write_text('SAYS = "toy"')
    (toy / "pyproject.toml").write_text(PROJECT)
    for name in ("Makefile", "tools.mk", "compute.yml"):
        shutil.copy(project / name, toy)
    with serving(index) as address:
        done = call(toy, "lock", UV_DEFAULT_INDEX=address)
        assert done.returncode == 0, done.stderr
    return toy


def call(folder: Path, verb: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Calls a verb, with a cache that knows no package."""
    inherited = {k: v for k, v in os.environ.items() if not re.match("(PIP|UV)_|VIRTUAL_ENV", k)}
    own = {"UV_CACHE_DIR": str(folder / "cache"), "MAKEFLAGS": "", "PYTHONPATH": str(TOOLING)}
    return subprocess.run(
        # The small project does without the tooling.
        ["make", verb, f"BUNDLEWORK={sys.executable} -m bundlework"],
        cwd=folder,
        env=inherited | own | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "PIP_INDEX_URL"])
def test_a_mirror_will_do(variable: str, toy: Path, index: Path) -> None:
    shutil.rmtree(toy / "cache")
    with serving(index) as mirror:
        done = call(toy, ".venv/ready", **{variable: mirror})
        assert done.returncode == 0, done.stderr
        built = call(toy, "wheel", **{variable: mirror})
        assert built.returncode == 0, built.stderr
    python = [toy / ".venv/bin/python", "-c", USE]
    assert subprocess.run(python, capture_output=True, check=True).stdout == b"useful toy\n"
    assert list((toy / "dist").glob("*.whl"))


@pytest.mark.parametrize("package", ["useful", "backend"])
def test_another_file_than_the_locked_one_is_refused(package: str, toy: Path, index: Path) -> None:
    shutil.rmtree(toy / "cache")
    offer(index, package, BACKEND + 'SAYS = "altered"')
    with serving(index) as mirror:
        done = call(toy, ".venv/ready", UV_DEFAULT_INDEX=mirror)
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()
    assert "Not installed: the lines above say why" in done.stdout
    assert not (toy / ".venv/ready").exists()


def test_a_wheel_is_built_by_nothing_else_than_the_locked_backend(toy: Path, index: Path) -> None:
    with serving(index) as mirror:
        assert call(toy, ".venv/ready", UV_DEFAULT_INDEX=mirror).returncode == 0
        shutil.rmtree(toy / "cache")
        offer(index, "backend", BACKEND + 'SAYS = "altered"')
        done = call(toy, "wheel", UV_DEFAULT_INDEX=mirror)
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()


def test_a_lock_file_that_lags_behind_is_refused(toy: Path, index: Path) -> None:
    settings = toy / "pyproject.toml"
    settings.write_text(settings.read_text().replace("useful>=1", "useful>=2"))
    with serving(index) as mirror:
        done = call(toy, ".venv/ready", UV_DEFAULT_INDEX=mirror)
    assert done.returncode != 0
    assert "uv.lock must match pyproject.toml: make lock" in done.stdout
