"""Gives the project its tooling and a record of its origin, and makes it a git repository."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# The answers as data: no answer can end this string, or be taken for code.
ANSWERS = json.loads(bytes.fromhex("{{ (cookiecutter | jsonify).encode().hex() }}"))

PACKAGE = Path("packages/bundlework")
# Of a template that is not a git repository, such as an unpacked zip.
LEFT_OUT = {"tests", "build", "dist", ".venv", "__pycache__"}
COMMANDS = (
    ["init", "--quiet", "--initial-branch=main"],
    ["add", "--all"],
    ["commit", "--quiet", "--message=Start from the MLOps template"],
)
NEXT = f"""
Next:
  cd {ANSWERS["__project_slug"]}
  make run     the whole life of a model, on this machine
  make help    everything else
"""


def find_template() -> Path:
    """The template's folder, which cookiecutter names relative to where it was called.

    Raises:
        SystemExit: The package is not there; cookiecutter removes the project then.
    """
    template = Path(os.environ.get("PWD", os.curdir), ANSWERS["_repo_dir"]).resolve()
    if not (template / PACKAGE / "pyproject.toml").exists():
        advice = "name the template by its absolute path, or by its address"
        sys.exit(f"{template} has no {PACKAGE}, which every project needs: {advice}")
    return template


def ask_git(template: Path, *words: str) -> str:
    """Asks git about the template; nothing where the template is not a repository."""
    if not shutil.which("git"):
        return ""
    # A project may be generated inside another repository.
    done = subprocess.run(
        ["git", *words], cwd=template, capture_output=True, text=True, check=False
    )
    top = subprocess.run(
        ["git", "rev-parse", "--show-toplevel"],
        cwd=template,
        capture_output=True,
        text=True,
        check=False,
    )
    is_own = top.returncode == 0 and Path(top.stdout.strip()) == template
    return done.stdout if is_own and done.returncode == 0 else ""


def copy_package(template: Path) -> None:
    """Copies the package's sources to vendor/, without its tests."""
    for name in list_package_files(template):
        copy = Path("vendor") / name.relative_to(PACKAGE.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(template / name, copy)


def list_package_files(template: Path) -> Iterator[Path]:
    """The files of the package that git tracks; all of them where there is no git."""
    tracked = ask_git(template, "ls-files", "-z", "--", PACKAGE.as_posix()).split("\0")
    names = [Path(name) for name in tracked if name]
    for name in names or [p.relative_to(template) for p in (template / PACKAGE).rglob("*")]:
        if not LEFT_OUT & {*name.parts} and (template / name).is_file():
            yield name


def record_origin(template: Path) -> None:
    """Writes the template's address and commit, and the answers, for `make update`."""
    given = Path(os.environ.get("PWD", os.curdir), ANSWERS["_template"])
    origin = {
        # Made absolute, a folder or a zip is found from anywhere.
        "template": str(given.resolve()) if given.exists() else ANSWERS["_template"],
        "commit": ask_git(template, "rev-parse", "HEAD").strip() or None,
        "answers": {name: ANSWERS[name] for name in ANSWERS if not name.startswith("_")},
    }
    Path(".template.json").write_text(json.dumps(origin, indent=2, ensure_ascii=False) + "\n")


def commit() -> None:
    """Commits everything; an author is made up only where git knows none."""
    known = (
        subprocess.run(["git", "config", "user.email"], capture_output=True, check=False).returncode
        == 0
    )
    author = [
        f"user.name={ANSWERS['__project_slug']}",
        f"user.email={ANSWERS['owner_email']}",
    ]
    settings = [] if known else [word for setting in author for word in ("-c", setting)]
    for command in COMMANDS:
        subprocess.run(["git", *settings, *command], check=True)


if __name__ == "__main__":
    template = find_template()
    copy_package(template)
    record_origin(template)
    if shutil.which("git"):
        commit()
    else:
        print("git is missing: install it, then run git init and commit.")
    print(NEXT)
