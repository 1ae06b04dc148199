"""Bundles of every kind resolve as the Databricks CLI resolves them.

Each file of `kinds` is a `databricks.yml`; those of `kinds/files` lie beside all of them. With the
CLI both are compared directly; without it, with what the CLI gave when it was recorded (`RECORD=1`
records anew).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from oracle import COMMIT, ask_cli, keep_record, list_differences, pick
from rendered import USER, commit
from workspace import MISSING, WHY, FakeWorkspace

from bundlework.bundle.faults import find_faults
from bundlework.bundle.loading import load_bundle
from bundlework.bundle.reading import read_files

KINDS = Path(__file__).parent / "kinds"
RECORDED = Path(__file__).parent / "recorded"
NAMES = sorted(file.stem for file in KINDS.glob("*.yml"))


def lay_out(folder: Path, name: str) -> Path:
    """A bundle of a kind, committed, with a folder of shared files beside it."""
    bundle = folder / "bundle"
    shutil.copytree(KINDS / "files", bundle)
    shutil.copy(KINDS / f"{name}.yml", bundle / "databricks.yml")
    (folder / "shared").mkdir()
    shutil.copy(bundle / "src/notebook.py", folder / "shared/theirs.py")
    commit(folder)
    return bundle


def list_targets(bundle: Path) -> list[str]:
    return list(read_files(bundle)[0]["targets"])


def resolve_here(bundle: Path, target: str) -> object:
    given = {"found": "WAREHOUSE"} if "found" in read_files(bundle)[0]["variables"] else {}
    is_given = target == "dev"
    config = load_bundle(bundle, target, given if is_given else {}).config
    text = json.dumps(pick(config)).replace(config["bundle"]["git"]["commit"], COMMIT)
    return json.loads(text)


@pytest.mark.parametrize("name", NAMES)
def test_a_kind_equals_what_the_cli_gave(tmp_path: Path, name: str) -> None:
    bundle = lay_out(tmp_path, name)
    for target in list_targets(bundle):
        record = json.loads((RECORDED / f"kind-{name}-{target}.json").read_text())
        differences = list_differences(record["config"], resolve_here(bundle, target))
        assert differences == [], f"{target}: {record['cli']}"


@pytest.mark.skipif(MISSING, reason=WHY)
@pytest.mark.parametrize("name", NAMES)
def test_a_kind_equals_what_the_cli_gives(tmp_path: Path, name: str) -> None:
    bundle, workspace = lay_out(tmp_path, name), FakeWorkspace()
    for target in list_targets(bundle):
        config = ask_cli(workspace, bundle, target)
        keep_record(RECORDED / f"kind-{name}-{target}.json", config)
        assert list_differences(config, resolve_here(bundle, target)) == [], target


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_with_a_kind(tmp_path: Path, name: str) -> None:
    root = lay_out(tmp_path, name)
    for target in list_targets(root):
        bundle = load_bundle(root, target)
        assert bundle.config["workspace"]["current_user"]["userName"] == USER
        assert bundle.flaws == () or name == "defaults"
        assert [fault for job in bundle.jobs for fault in find_faults(bundle, job)] == []
