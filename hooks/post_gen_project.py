"""Makes the project a git repository with one commit."""

import shutil
import subprocess

COMMANDS = (
    ["init", "--quiet", "--initial-branch=main"],
    ["add", "--all"],
    ["commit", "--quiet", "--message=Start from the MLOps template"],
)
NEXT = """
Next:
  cd {{ cookiecutter.__project_slug }}
  make run     the whole life of a model, on this machine
  make help    everything else
"""


def commit() -> None:
    """Commits everything; an author is made up only where git knows none."""
    known = subprocess.run(["git", "config", "user.email"], capture_output=True).returncode == 0
    author = [
        "user.name={{ cookiecutter.__project_slug }}",
        "user.email={{ cookiecutter.owner_email }}",
    ]
    settings = [] if known else [word for setting in author for word in ("-c", setting)]
    for command in COMMANDS:
        subprocess.run(["git", *settings, *command], check=True)


if __name__ == "__main__":
    if shutil.which("git"):
        commit()
    else:
        print("git is missing: install it, then run git init and commit.")
    print(NEXT)
