"""The endpoint and the online store of a target: a job makes both, and the bundle owns neither."""

from __future__ import annotations

from collections.abc import Iterator

from bundlework.bundle.loading import Bundle

from .workspace import find_in_workspace, tell_workspace


def find_name(bundle: Bundle) -> str:
    """Finds the name of the target's endpoint; empty where the target serves nothing."""
    roles, variables = bundle.contract.variables, bundle.config["variables"]
    if not (roles.online and roles.endpoint) or variables[roles.online]["value"] != "true":
        return ""
    return str(variables[roles.endpoint]["value"])


def find_endpoint_faults(bundle: Bundle) -> Iterator[str]:
    """Finds the faults of the endpoint that a job makes, and of those that the bundle declares."""
    name, advice = find_name(bundle), f"run the job {bundle.contract.jobs.serving}"
    if name:
        yield from _find_faults(bundle, name, advice)
    for declared in bundle.config["resources"].get("model_serving_endpoints", {}).values():
        yield from _find_faults(bundle, declared["name"], "deploy again")


def _find_faults(bundle: Bundle, name: str, advice: str) -> Iterator[str]:
    found = find_in_workspace(bundle, "serving-endpoints", "get", name)
    if found is None:
        yield f"endpoint {name}: it is not there: {advice}"
        return
    state = found.get("state", {})
    if state.get("ready") != "READY":
        yield f"endpoint {name}: it is {state.get('ready')}: see its events in the workspace"
    if state.get("config_update") == "UPDATE_FAILED":
        yield f"endpoint {name}: its last change failed: see its events in the workspace"


def remove_endpoint(bundle: Bundle) -> None:
    """Removes the endpoint and then the online store that it asks, where the target serves."""
    name = find_name(bundle)
    if name:
        _remove(bundle, "serving-endpoints", "get", "delete", name)
        store = name.replace("_", "-")
        _remove(bundle, "feature-store", "get-online-store", "delete-online-store", store)


def _remove(bundle: Bundle, group: str, get: str, delete: str, name: str) -> None:
    if find_in_workspace(bundle, group, get, name) is not None:
        print(f"removing {name} of {group}", flush=True)
        tell_workspace(bundle, group, delete, name)
