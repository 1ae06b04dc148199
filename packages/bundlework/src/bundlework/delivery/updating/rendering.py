"""Renders a version of the template, as cookiecutter does when a project is made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bundlework.delivery.programs import require
from bundlework.errors import refuse

# Pinned: both versions must be rendered alike, or a change of cookiecutter looks like a change of
# the template.
COOKIECUTTER = "cookiecutter==2.7.1"


@dataclass(frozen=True)
class Rendering:
    """A project as the template makes it.

    Attributes:
        answers: The answer to each question, defaults included.
    """

    folder: Path
    answers: dict[str, str]


def render(template: Path, answers: Mapping[str, str], into: Path) -> Rendering:
    """Renders a version; on a terminal cookiecutter asks where a question has no answer.

    Raises:
        Refusal: The template cannot be rendered with these answers.
    """
    questions = list_questions(template)
    missing = [question for question in questions if question not in answers]
    asks = bool(missing) and sys.stdin.isatty()
    if missing:
        announce(missing, asks)
    call_cookiecutter(template, answers, asks, into)
    (folder,) = (into / "out").iterdir()
    shutil.rmtree(folder / ".git", ignore_errors=True)
    return Rendering(folder, read_answers(into / "replay", questions))


def list_questions(template: Path) -> list[str]:
    """Lists what a version asks."""
    questions = json.loads((template / "cookiecutter.json").read_text(encoding="utf-8"))
    return [name for name in questions if not name.startswith("_")]


def announce(missing: Sequence[str], asks: bool) -> None:
    """Says what becomes of questions that have no answer."""
    names = ", ".join(missing)
    if asks:
        print(f"Questions without an answer: {names}. Press Enter at the others to keep yours.")
    else:
        print(f"Questions that take their default, unless you give --answer NAME=VALUE: {names}")


def call_cookiecutter(template: Path, answers: Mapping[str, str], asks: bool, into: Path) -> None:
    """Calls the pinned cookiecutter, which keeps nothing outside of `into`."""
    into.mkdir()
    settings = {"replay_dir": str(into / "replay"), "cookiecutters_dir": str(into / "clones")}
    # JSON is YAML.
    (into / "settings.yaml").write_text(json.dumps(settings), encoding="utf-8")
    words = [
        "uv", "tool", "run", "--quiet", "--from", COOKIECUTTER, "cookiecutter",
        "--config-file", str(into / "settings.yaml"), "--output-dir", str(into / "out"),
        *([] if asks else ["--no-input"]), str(template),
        *(f"{name}={answer}" for name, answer in answers.items()),
    ]  # fmt: skip
    require("uv")
    # The commit that the template's hook makes is thrown away: nobody is to sign that commit.
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "PWD": str(into)}
    done = subprocess.run(
        words, cwd=into, env=environment, capture_output=not asks, encoding="utf-8", check=False
    )
    if done.returncode:
        refuse([f"The template cannot be rendered: {(done.stderr or 'see above').strip()}"])


def read_answers(replay: Path, questions: Sequence[str]) -> dict[str, str]:
    """Reads the answers from what cookiecutter keeps for a replay."""
    (record,) = replay.iterdir()
    answers = json.loads(record.read_text(encoding="utf-8"))["cookiecutter"]
    return {question: answers[question] for question in sorted(questions)}
