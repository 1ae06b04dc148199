"""Works out the permissions on each resource as the Databricks CLI does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .yaml_source import Path_

# The level that each kind has for a permission of the whole bundle; other kinds have none.
MANAGED: Mapping[str, str] = {"CAN_MANAGE": "CAN_MANAGE"}
LEVELS: Mapping[str, Mapping[str, str]] = {
    "alerts": {**MANAGED, "CAN_VIEW": "CAN_READ", "CAN_RUN": "CAN_RUN"},
    "apps": {**MANAGED, "CAN_VIEW": "CAN_USE"},
    "clusters": {**MANAGED, "CAN_VIEW": "CAN_ATTACH_TO", "CAN_RUN": "CAN_RESTART"},
    "dashboards": {**MANAGED, "CAN_VIEW": "CAN_READ"},
    "database_instances": {**MANAGED, "CAN_VIEW": "CAN_USE"},
    "experiments": {**MANAGED, "CAN_VIEW": "CAN_READ"},
    "genie_spaces": {**MANAGED, "CAN_VIEW": "CAN_READ"},
    "instance_pools": {**MANAGED, "CAN_VIEW": "CAN_ATTACH_TO"},
    "jobs": {**MANAGED, "CAN_VIEW": "CAN_VIEW", "CAN_RUN": "CAN_MANAGE_RUN"},
    "model_serving_endpoints": {**MANAGED, "CAN_VIEW": "CAN_VIEW", "CAN_RUN": "CAN_QUERY"},
    "models": {**MANAGED, "CAN_VIEW": "CAN_READ"},
    "pipelines": {**MANAGED, "CAN_VIEW": "CAN_VIEW", "CAN_RUN": "CAN_RUN"},
    "postgres_projects": {**MANAGED, "CAN_VIEW": "CAN_USE"},
    "secret_scopes": {"CAN_MANAGE": "MANAGE", "CAN_VIEW": "READ"},
    "sql_warehouses": {**MANAGED, "CAN_VIEW": "CAN_VIEW", "CAN_RUN": "CAN_MONITOR"},
    "vector_search_endpoints": {**MANAGED, "CAN_VIEW": "CAN_USE"},
}
BUNDLE_LEVELS = ("CAN_VIEW", "CAN_RUN", "CAN_MANAGE")
# All levels, from the least on.
ORDER = (
    "CAN_VIEW", "CAN_READ", "CAN_VIEW_METADATA", "CAN_RUN", "CAN_QUERY", "CAN_USE", "CAN_EDIT",
    "CAN_EDIT_METADATA", "CAN_CREATE", "CAN_ATTACH_TO", "CAN_RESTART", "CAN_MONITOR",
    "CAN_MANAGE_RUN", "CAN_MANAGE_STAGING_VERSIONS", "CAN_MANAGE_PRODUCTION_VERSIONS",
    "CAN_MANAGE", "IS_OWNER",
)  # fmt: skip
# The levels that permissions of some kinds may have.
RANKS: Mapping[str, Sequence[str]] = {
    "jobs": ("CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"),
    "experiments": ("CAN_READ", "CAN_EDIT", "CAN_MANAGE"),
    "alerts": ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    "dashboards": ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    "model_serving_endpoints": ("CAN_VIEW", "CAN_QUERY", "CAN_MANAGE"),
}
GRANTEES = ("group_name", "service_principal_name", "user_name")
# Kinds that have an owner.
OWNED = {"jobs", "pipelines", "sql_warehouses"}
# A service principal is called by its id.
PRINCIPAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Grantee = tuple[str, str]


def find_permission_faults(config: Mapping[str, Any]) -> Iterator[tuple[Path_, str]]:
    """Permissions of nobody, and levels that there are not."""
    listed: list[tuple[Path_, Mapping[str, Any], Sequence[str]]] = [((), config, BUNDLE_LEVELS)]
    for kind, levels in RANKS.items():
        group = config["resources"].get(kind, {})
        listed += [(("resources", kind, key), resource, levels) for key, resource in group.items()]
    for path, holder, levels in listed:
        for index, entry in enumerate(holder.get("permissions") or []):
            fault = _judge(entry, levels)
            if fault:
                yield (*path, "permissions", index), fault


def _judge(entry: Mapping[str, Any], levels: Sequence[str]) -> str | None:
    if len({*entry} & {*GRANTEES}) != 1:
        return f"{dict(entry)!r} names nobody, or several: write one of {', '.join(GRANTEES)}"
    unknown = sorted({*entry} - {"level", *GRANTEES})
    if unknown:
        return f"unknown key {', '.join(unknown)}: remove it, or correct its name"
    if entry.get("level") not in levels:
        level = f"{entry['level']} is no level" if "level" in entry else "level is missing"
        return f"{level}: write one of {', '.join(levels)}"
    return None


def grant_permissions(kind: str, resource: dict[str, Any], config: Mapping[str, Any]) -> None:
    """Adds the bundle's permissions to a resource's own, and lets the deploying user manage it."""
    own = _read(resource.get("permissions"))
    entries = own + [
        (who, LEVELS[kind][level])
        for who, level in _read(config.get("permissions") if kind in LEVELS else None)
        # A permission of the resource itself comes before one of the bundle for the same person.
        if level in LEVELS[kind] and who not in dict(own)
    ]
    if not entries:
        return
    if kind != "secret_scopes":
        user = str(config["workspace"]["current_user"]["userName"])
        entries = _keep_highest(_add_deployer(kind, entries, _describe(user)))
    resource["permissions"] = [{who[0]: who[1], "level": level} for who, level in entries]


def _read(permissions: Any) -> list[tuple[Grantee, str]]:
    return [
        ((field, str(entry[field])), str(entry["level"]))
        for entry in permissions or []
        for field in reversed(GRANTEES)
        if entry.get(field) and entry.get("level")
    ]


def _describe(user: str) -> Grantee:
    is_principal = PRINCIPAL.fullmatch(user.lower())
    return "service_principal_name" if is_principal else "user_name", user


def _add_deployer(
    kind: str, entries: list[tuple[Grantee, str]], deployer: Grantee
) -> list[tuple[Grantee, str]]:
    """The entries, where who deploys owns the resource, or manages it beside another owner."""
    is_theirs = [who[0] != "group_name" and who[1] == deployer[1] for who, _ in entries]
    levels = [level for _, level in entries]
    mine = [level for level, is_mine in zip(levels, is_theirs, strict=True) if is_mine]
    if "IS_OWNER" in mine:
        return entries
    highest = "IS_OWNER" if kind in OWNED and "IS_OWNER" not in levels else "CAN_MANAGE"
    if "CAN_MANAGE" not in mine:
        return [*entries, (deployer, highest)]
    last = max(i for i, is_mine in enumerate(is_theirs) if is_mine and levels[i] == "CAN_MANAGE")
    return [(who, highest if i == last else level) for i, (who, level) in enumerate(entries)]


def _keep_highest(entries: list[tuple[Grantee, str]]) -> list[tuple[Grantee, str]]:
    highest: dict[Grantee, str] = {}
    for who, level in entries:
        highest[who] = max(highest.get(who, level), level, key=_rank)
    return list(highest.items())


def _rank(level: str) -> tuple[int, str]:
    known = level if level in ORDER else max(filter(level.startswith, ORDER), key=len, default="")
    return ORDER.index(known) if known else -1, level
