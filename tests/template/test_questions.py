"""Every answer has an effect or is refused in one line; none breaks a project."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from names import list_taken_names
from rendering import ROOT, render

VISIBLE = [k for k in json.loads((ROOT / "cookiecutter.json").read_text()) if k[0] != "_"]


def ask(folder: Path, **answers: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cookiecutter", "--no-input", "-o", str(folder), str(ROOT)]
    words = [f"{question}={answer}" for question, answer in answers.items()]
    return subprocess.run([*command, *words], capture_output=True, text=True, check=False)


def test_every_question_has_a_text() -> None:
    questions = json.loads((ROOT / "cookiecutter.json").read_text())
    assert set(questions["__prompts__"]) == set(VISIBLE)


@pytest.mark.parametrize(
    ("question", "answer", "file", "seen"),
    [
        ("project_name", "Churn", "README.md", "# Churn"),
        ("owner_email", "me@my.org", "databricks.yml", "default: me@my.org"),
        ("dev_host", "https://adb-77777.7.azuredatabricks.net", "databricks.yml", "adb-77777.7"),
        ("staging_host", "https://adb-77777.7.azuredatabricks.net", "databricks.yml", "adb-77777"),
        ("prod_host", "https://adb-77777.7.azuredatabricks.net", "databricks.yml", "adb-77777.7"),
        ("dev_catalog", "sandbox", "databricks.yml", "catalog: sandbox"),
        ("staging_catalog", "rehearsal", "databricks.yml", "catalog: rehearsal"),
        ("prod_catalog", "live", "databricks.yml", "catalog: live"),
        ("compute", "classic", "compute.yml", "default: 18.x-cpu-ml-scala2.13"),
        ("compute", "serverless", "compute.yml", 'environment_version: "5"'),
        ("repo_host", "github", ".azure-pipelines/pull-request.yml", "\npr:"),
        ("repo_host", "azure_repos", ".azure-pipelines/pull-request.yml", "build validation"),
    ],
)
def test_an_answer_is_seen_in_the_project(
    question: str, answer: str, file: str, seen: str, tmp_path: Path
) -> None:
    assert seen in (render(tmp_path, **{question: answer}) / file).read_text()


def test_every_question_is_in_the_table_above() -> None:
    (mark,) = test_an_answer_is_seen_in_the_project.pytestmark
    assert {row[0] for row in mark.args[1]} == set(VISIBLE)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Lärm über Köln", "larm-uber-koln"),
        ("dash-ed name", "dash-ed-name"),
        ("O'Hare", "o-hare"),
        ("A", "a"),
        ("ü", "u"),
        ("a" * 30, "a" * 30),
    ],
)
def test_unusual_names_give_a_sound_project(name: str, folder: str, tmp_path: Path) -> None:
    project = render(tmp_path, project_name=name)
    assert project.name == folder
    assert yaml.safe_load((project / "databricks.yml").read_text())["bundle"]["name"] == folder
    for source in project.rglob("*.py"):
        compile(source.read_text(), str(source), "exec")


@pytest.mark.parametrize(
    "name",
    [
        "2 fast", "class", "local", "json", "Delivery", "Scikit Learn", "scipy", "sklearn", "yaml",
        "Test", "Dist", "Pipes", "True", "On", "null", "a" * 31, "../escape", "/etc", "a/b",
        'say "hi"', "x\ny",
        "{{ cookiecutter }}", "{% raw %}", "a\\b", "", "   ", "${x}", "`id`",
    ],
)  # fmt: skip
def test_names_that_would_break_are_refused_and_leave_nothing(name: str, tmp_path: Path) -> None:
    answer = ask(tmp_path, project_name=name)
    assert answer.returncode != 0
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ({"project_name": "2 fast"}, "project_name: '2 fast' is refused; allowed: a name that"),
        ({"project_name": "json"}, "project_name: 'json' is refused; allowed: a name that no"),
        ({"owner_email": "me"}, "owner_email: 'me' is refused; allowed: an e-mail address"),
        ({"dev_host": "http://x"}, "dev_host: 'http://x' is refused; allowed: https://adb-NUMBER"),
        ({"dev_catalog": "Dev-1"}, "dev_catalog: 'Dev-1' is refused; allowed: lower-case letters"),
        ({"owner_email": "%a@b.co"}, "owner_email: '%a@b.co' is refused; allowed: an e-mail"),
        ({"dev_catalog": "true"}, "dev_catalog: 'true' is refused; allowed: lower-case letters"),
        ({"prod_catalog": "dev"}, "prod_catalog: 'dev' is refused; allowed: a catalog of its own"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_is_allowed(
    answers: dict[str, str], fault: str, tmp_path: Path
) -> None:
    answer = ask(tmp_path, **answers)
    (line,) = [text for text in answer.stderr.splitlines() if "is refused" in text]
    assert line.startswith(fault)
    assert list(tmp_path.rglob("*")) == []


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    answer = ask(tmp_path, owner_email="me", dev_host="x", staging_catalog="dev")
    assert answer.stderr.count("is refused") == 3


def test_what_the_project_installs_and_its_own_folders_are_no_names_for_it() -> None:
    settings = json.loads((ROOT / "cookiecutter.json").read_text())
    assert settings["_taken_names"] == list_taken_names(), "renew with: make lock"
    assert {"scikit_learn", "sklearn", "delivery", "local", "rich"} <= set(list_taken_names())


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("Typing Extensions", "typing_extensions"),
        ("Tempo", "tempo"),
        ("Git", "git"),
        ("Databricks", "databricks"),
        ("Pkg Resources", "pkg_resources"),
    ],
)
def test_a_name_that_something_installed_is_imported_by_is_refused(
    name: str, module: str, tmp_path: Path
) -> None:
    answer = ask(tmp_path, project_name=name)
    assert f"project_name: {name!r} is refused; allowed: a name that nothing" in answer.stderr
    assert f"{module} is taken" in answer.stderr
    assert list(tmp_path.rglob("*")) == []
