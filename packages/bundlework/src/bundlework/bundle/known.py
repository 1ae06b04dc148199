"""The names that the Databricks CLI knows in a bundle, outside its resources."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from .yaml_source import Path_, Places

TOP_LEVEL = {
    "artifacts", "bundle", "environments", "experimental", "include", "permissions", "presets",
    "python", "resources", "run_as", "scripts", "sync", "targets", "variables", "workspace",
}  # fmt: skip
TARGET = {
    "artifacts", "bundle", "cluster_id", "compute_id", "default", "git", "mode", "permissions",
    "presets", "resources", "run_as", "sync", "variables", "workspace",
}  # fmt: skip
BUNDLE = {
    "cluster_id", "compute_id", "databricks_cli_version", "deployment", "engine", "git", "name",
    "uuid",
}  # fmt: skip
# Fields that the CLI prints, and that nobody writes.
BUNDLE_TOLD = {"environment", "force", "mode", "target", "terraform"}
WORKSPACE = {
    "account_id", "artifact_path", "auth_type", "azure_client_id", "azure_environment",
    "azure_login_app_id", "azure_tenant_id", "azure_use_msi", "azure_workspace_resource_id",
    "client_id", "experimental_is_unified_host", "file_path", "google_service_account", "host",
    "profile", "resource_path", "root_path", "state_path", "workspace_id",
}  # fmt: skip
ARTIFACT = {"build", "dynamic_version", "executable", "files", "path", "type"}
LOOKUP = {
    "alert", "cluster", "cluster_policy", "dashboard", "instance_pool", "job", "metastore",
    "notification_destination", "pipeline", "query", "service_principal", "warehouse",
}  # fmt: skip
PRESETS = {
    "artifacts_dynamic_version", "jobs_max_concurrent_runs", "name_prefix", "pipelines_development",
    "source_linked_deployment", "tags", "trigger_pause_status",
}  # fmt: skip
EXPERIMENTAL = {
    "immutable_folder", "pydabs", "python", "python_wheel_wrapper", "record_deployment_history",
    "scripts", "skip_artifact_cleanup", "skip_name_prefix_for_schema", "use_legacy_run_as",
}  # fmt: skip
GIT = {"actual_branch", "branch", "bundle_root_path", "commit", "inferred", "origin_url"}
RUN_AS = {"service_principal_name", "user_name"}
SYNC = {"exclude", "include", "paths"}
VARIABLE = {"default", "description", "lookup", "type"}
RESOURCES = {
    "alerts", "apps", "catalogs", "clusters", "dashboards", "database_catalogs",
    "database_instances", "experiments", "external_locations", "genie_spaces", "instance_pools",
    "job_runs", "jobs", "model_serving_endpoints", "models", "pipelines", "postgres_branches",
    "postgres_catalogs", "postgres_databases", "postgres_endpoints", "postgres_projects",
    "postgres_roles", "postgres_synced_tables", "quality_monitors", "registered_models", "schemas",
    "secret_scopes", "secrets", "sql_warehouses", "synced_database_tables",
    "vector_search_endpoints", "vector_search_indexes", "volumes",
}  # fmt: skip
# A word this similar to a known one is a slip; others belong to a newer CLI, or are anchors.
RESEMBLANCE = 0.8


def find_unknown_keys(config: dict[str, Any], places: Places) -> Iterator[str]:
    """Keys that the CLI passes over with a warning, each with its place."""
    yield from _find_slips(config, (), TOP_LEVEL, places)
    yield from _refuse(config.get("experimental"), ("experimental",), EXPERIMENTAL, places)
    for name, artifact in _as_mapping(config.get("artifacts")).items():
        yield from _refuse(artifact, ("artifacts", name), ARTIFACT, places)
    for name, variable in _as_mapping(config.get("variables")).items():
        yield from _refuse(variable, ("variables", name), VARIABLE, places)
    yield from _find_unknown_parts(config, (), places)
    for name, target in _as_mapping(config.get("targets")).items():
        yield from _refuse(target, ("targets", name), TARGET, places)
        yield from _find_unknown_parts(_as_mapping(target), ("targets", name), places)


def _find_unknown_parts(config: dict[str, Any], path: Path_, places: Places) -> Iterator[str]:
    """Of what both the bundle and a target may have."""
    for part, known in (
        ("bundle", BUNDLE),
        ("git", GIT),
        ("presets", PRESETS),
        ("run_as", RUN_AS),
        ("sync", SYNC),
        ("workspace", WORKSPACE),
    ):
        yield from _refuse(config.get(part), (*path, part), known, places)
    yield from _find_slips(config.get("resources"), (*path, "resources"), RESOURCES, places)
    for name, variable in _as_mapping(config.get("variables")).items():
        lookup = _as_mapping(variable).get("lookup")
        yield from _refuse(lookup, (*path, "variables", name, "lookup"), LOOKUP, places)


def _as_mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _refuse(value: Any, path: Path_, known: set[str], places: Places) -> Iterator[str]:
    for key in sorted(set(_as_mapping(value)) - known):
        fault = f"unknown key {key}: there are {', '.join(sorted(known))}"
        yield places.describe((*path, key), fault)


def _find_slips(value: Any, path: Path_, known: set[str], places: Places) -> Iterator[str]:
    for key in list_unknown(_as_mapping(value), known):
        alike = get_close_matches(key, known, 1, RESEMBLANCE)
        if alike:
            fault = f"unknown key {key}: write {alike[0]}, or give it a name that resembles none"
            yield places.describe((*path, key), fault)


def list_unknown(value: dict[str, Any], known: set[str]) -> list[str]:
    """The keys of a mapping that are not known."""
    return sorted(set(value) - known)
