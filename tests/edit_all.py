"""Tries every single edit of the project's YAML, and of the small bundles of each kind.

Run in the folder of a rendered project; `--step 10` tries each tenth edit, and `--validate` runs
all checks on what resolves.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from edits import copy_bundle, list_edits, try_edit

KINDS = Path(__file__).parents[1] / "packages/bundlework/tests/bundle/kinds"


def main(validates: bool, step: int) -> int:
    """Prints every edit that gives a traceback.

    Args:
        step: Of so many edits, one is tried.

    Returns:
        1 when there is one, else 0.
    """
    tried = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for root in lay_out(Path(folder)):
            for edit in list_edits(root)[::step]:
                fault = try_edit(root, edit, validates=validates)
                tried += 1
                failed += bool(fault)
                if fault:
                    print(f"{root.name}: {edit}:\n{fault}", flush=True)
    print(f"{tried} edits, {failed} tracebacks")
    return int(failed > 0)


def lay_out(folder: Path) -> list[Path]:
    """The project, and a bundle of each kind."""
    roots = [copy_bundle(Path.cwd(), folder / "project")]
    for file in sorted(KINDS.glob("*.yml")):
        root = folder / file.stem
        shutil.copytree(KINDS / "files", root)
        shutil.copy(file, root / "databricks.yml")
        roots.append(root)
    return roots


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--step", type=int, default=1)
    options.add_argument("--validate", action="store_true", dest="validates")
    sys.exit(main(**vars(options.parse_args())))
