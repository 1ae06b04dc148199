"""Makes a catalog read-only in other targets' workspaces, whatever grants say there.

A bundle cannot declare Unity Catalog's workspace bindings, so an owner of the catalog runs this
once.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from bundlework.bundle.contract import read_contract
from bundlework.bundle.loading import load_bundle
from bundlework.bundle.validate import list_targets
from bundlework.errors import Refusal

from .programs import run


def list_calls(root: Path) -> Iterator[list[str]]:
    """The calls of the Databricks CLI, in order.

    Raises:
        Refusal: A workspace's number cannot be read from its host, or is prod's own.
    """
    contract = read_contract(root)
    live = contract.need("targets.production")
    configs = {target: load_bundle(root, target).config for target in list_targets(root)}
    catalog = configs[live]["variables"][contract.need("variables.catalog")]["value"]
    ids = {t: read_workspace_id(config["workspace"]["host"]) for t, config in configs.items()}
    own = ids.pop(live)
    shared = [target for target, number in ids.items() if number == own]
    if shared:
        raise Refusal(
            f"{', '.join(shared)}: the workspace is {live}'s own, where its catalog cannot be"
            " read-only: give the target another host"
        )
    others = sorted({*ids.values()})
    bindings = [bind(own, "BINDING_TYPE_READ_WRITE")]
    bindings += [bind(workspace, "BINDING_TYPE_READ_ONLY") for workspace in others]
    update = ["databricks", "workspace-bindings", "update-bindings", "catalog", catalog]
    # In the folder of a bundle, the CLI would ask the default target's workspace.
    there = ["--target", live]
    yield [*update, "--json", json.dumps({"add": bindings}), *there]
    # Bound first: a catalog that is isolated without a binding is closed to prod itself.
    yield ["databricks", "catalogs", "update", catalog, "--isolation-mode", "ISOLATED", *there]


def bind(workspace: int, kind: str) -> dict[str, object]:
    """A binding of the catalog to a workspace."""
    return {"workspace_id": workspace, "binding_type": kind}


def read_workspace_id(host: str) -> int:
    """The number in `https://adb-NUMBER.NUMBER.azuredatabricks.net`.

    Raises:
        Refusal: There is none.
    """
    found = re.match(r"https://adb-(\d+)\.", host)
    if not found:
        raise Refusal(f"{host}: no workspace id in it; write the host as adb-NUMBER.NUMBER")
    return int(found.group(1))


def protect(root: Path, dry_run: bool) -> None:
    """Prints every call, and makes it unless it is a rehearsal.

    Raises:
        Refusal: A call failed; nothing is undone, and repeated, it goes on there.
    """
    for call in list_calls(root):
        print(shlex.join(call))
        if not dry_run:
            run(root, *call)
