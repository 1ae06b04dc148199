"""A fresh process installs from where pip would, and says from where without credentials."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from {{ cookiecutter.__package }}.training.fitting import list_requirements
from {{ cookiecutter.__package }}.validation import environment
from {{ cookiecutter.__package }}.validation.environment import check_fresh_process
from {{ cookiecutter.__package }}.validation.gate import run_check
from {{ cookiecutter.__package }}.validation.package_index import list_variables, name_indexes
from {{ cookiecutter.__package }}.validation.results import Verdict

from .test_environment import make_case

WHEEL = "only_in_the_company-1.0-py3-none-any.whl"


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def company(tmp_path: Path) -> Iterator[str]:
    """The address of an index with one package, and with credentials that must stay hidden."""
    folder = tmp_path / "index" / "only-in-the-company"
    folder.mkdir(parents=True)
    about = "only_in_the_company-1.0.dist-info"
    metadata = "Metadata-Version: 2.1\nName: only-in-the-company\nVersion: 1.0\n"
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        wheel.writestr(f"{about}/METADATA", metadata)
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    serve = partial(Silent, directory=str(folder.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://user:secret@127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def use_own_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "ENVIRONMENTS", tmp_path / "environments")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")


def test_a_package_that_only_the_companys_index_has_is_found(
    tmp_path: Path, company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", company)
    case = make_case(tmp_path, [*list_requirements(), "only-in-the-company==1.0"])
    (result,) = run_check(case, check_fresh_process)
    assert result.verdict is Verdict.PASSED, result.reason


def test_what_the_index_lacks_blocks_and_the_reason_names_the_index(
    tmp_path: Path, company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", company)
    (result,) = run_check(make_case(tmp_path, ["mlflow==3.8.1"]), check_fresh_process)
    assert result.verdict is Verdict.FAILED
    assert f"with packages of {company.replace('user:secret@', '')}: " in result.reason
    assert "secret" not in result.reason


@pytest.mark.parametrize("section", ["global", "install"])
def test_pips_file_is_read_and_its_variables_come_first(
    section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pip.conf"
    extra = "https://b.example/simple\n  https://c.example/simple"
    file.write_text(
        f"[{section}]\nindex-url = https://a.example/simple\nextra-index-url = {extra}\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    variables = list_variables()
    assert variables["UV_DEFAULT_INDEX"] == "https://a.example/simple"
    assert variables["UV_INDEX"] == "https://b.example/simple https://c.example/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "https://d.example/simple")
    assert list_variables()["UV_DEFAULT_INDEX"] == "https://d.example/simple"


def test_every_index_is_named_and_no_credentials() -> None:
    named = name_indexes({"UV_INDEX": "https://token@a.example/s https://u:p@b.example/s"})
    assert named == "https://pypi.org/simple and https://a.example/s and https://b.example/s"


def test_what_uv_is_told_comes_before_what_pip_is_told(
    tmp_path: Path, company: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", company)
    (result,) = run_check(make_case(tmp_path, ["mlflow==3.8.1"]), check_fresh_process)
    assert company.replace("user:secret@", "") in result.reason
