"""Reads a bundle as the Databricks CLI does, for one target, down to plain values."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .contract import Contract, read_contract
from .defaults import (
    drop_empty_texts,
    fill_defaults,
    mend_clusters,
    override_compute,
    read_alert_files,
    refer_to_schemas,
    rename_served_models,
)
from .forms import CONFIG, drop_nothing, find_form_faults
from .graph import list_tasks
from .merging import unite_grants
from .paths import NOTEBOOK_EXTENSIONS, Translator, anchor_paths, find_sync_root, list_files
from .permissions import find_permission_faults, grant_permissions
from .presets import apply_presets, fill_presets, find_nameless, find_preset_faults
from .reading import read_files, read_variable_file
from .references import References, resolve
from .surroundings import fill_in
from .targets import MERGED, apply_target, find_default_target
from .yaml_source import BundleError, Path_, Places

NAMED_IN_A_CATALOG = {"schemas", "registered_models", "volumes"}
# Kinds of resources that run as somebody, and those that cannot run as anybody but who deploys.
RUNNING = ("jobs", "pipelines", "alerts")
NOT_RUNNING = ("model_serving_endpoints", "quality_monitors", "apps")
# Fields of a task, each of which names a cluster.
CLUSTERS = ("existing_cluster_id", "job_cluster_key", "new_cluster")
IDENTITIES = ("service_principal_name", "user_name")


@dataclass(frozen=True)
class Bundle:
    """A bundle resolved for a target.

    Attributes:
        root: The folder of `databricks.yml`.
        config: Everything resolved; `{{...}}` values are left to the run.
        places: Where in which file a value was written, for messages.
        flaws: What is wrong with resources, and does not keep the others from being resolved, such
            as files that are not there: the path in the YAML, and what to do.
    """

    root: Path
    target: str
    config: dict[str, Any]
    places: Places
    flaws: tuple[tuple[Path_, str], ...] = ()

    @property
    def contract(self) -> Contract:
        """The roles that the project declares."""
        return read_contract(self.root)

    @property
    def jobs(self) -> dict[str, Any]:
        """The bundle's jobs by their key."""
        return dict(self.config.get("resources", {}).get("jobs", {}))

    @property
    def is_development(self) -> bool:
        """Whether the target is a developer's own."""
        return self.config.get("mode") == "development"

    @property
    def is_serverless(self) -> bool:
        """Whether no task asks for a cluster, whose Spark may do what serverless refuses."""
        tasks = [task for job in self.jobs.values() for task in list_tasks(job)]
        return not any(task.get(field) for task in tasks for field in CLUSTERS)

    @property
    def schemas(self) -> list[str]:
        """`catalog.schema` of each schema the bundle declares."""
        declared = self.config.get("resources", {}).get("schemas", {}).values()
        return [schema["id"] for schema in declared]

    @property
    def sync_root(self) -> Path:
        """The folder that is copied to a workspace."""
        return find_sync_root(Path(os.path.abspath(self.root)), self.config)

    def find_file(self, path: str) -> Path | None:
        """The file that a path in the workspace stands for; None when the bundle has none."""
        folder = f"{self.config['workspace']['file_path']}/"
        if not path.startswith(folder):
            return None
        local = self.sync_root / path.removeprefix(folder)
        # A workspace leaves out the extension of a notebook.
        files = [local, *(local.with_name(local.name + each) for each in NOTEBOOK_EXTENSIONS)]
        return next((file for file in files if file.is_file()), None)

    def find_job(self, job_id: object) -> str | None:
        """The key of the job with an id; None when the bundle has no such job."""
        return next((k for k, job in self.jobs.items() if str(job["id"]) == str(job_id)), None)

    def get_job(self, job_id: object) -> str:
        """The key of the job with an id.

        Raises:
            BundleError: No job of the bundle has it.
        """
        key = self.find_job(job_id)
        if key is None:
            raise BundleError([f"job_id {job_id} is no job of this bundle"])
        return key


def load_bundle(
    root: Path, target: str | None = None, variables: Mapping[str, str] | None = None
) -> Bundle:
    """Resolves the bundle in `root`.

    Args:
        target: A key of `targets`; None for the default one.
        variables: Values that replace defaults and the target's values.

    Raises:
        BundleError: One line for each fault, with file and line.
    """
    config, places = read_files(root)
    name = target or find_default_target(config, places)
    places = places.for_target(name)
    config = apply_target(config, name, places)
    _check_run_as(config, places)
    _raise(places, _find_empty_resources(config))
    config = fill_in(drop_nothing(config), root, name, places)
    kept = read_variable_file(root, name)
    References(config, places, dict(variables or {}), kept).choose_variables()
    config = resolve(config, places, ("variables", "bundle", "workspace"))
    _check_forms(config, places)
    is_preset = config.get("presets") is not None
    config["presets"] = fill_presets(config)
    _raise(places, find_preset_faults(config))
    flaws = (*find_nameless(config["resources"]), *find_permission_faults(config))
    flaws += tuple(_prepare(config, root, places))
    add_ids(config)
    config = resolve(config, places, ("resources",))
    if not (config["presets"] or is_preset):
        del config["presets"]
    return Bundle(root, name, config, places, flaws)


def _raise(places: Places, faults: Iterator[tuple[Path_, str]]) -> None:
    found = [places.describe(path, fault) for path, fault in faults]
    if found:
        raise BundleError(found)


def _check_run_as(config: dict[str, Any], places: Places) -> None:
    if "run_as" not in config:
        return
    given = [field for field in IDENTITIES if (config["run_as"] or {}).get(field)]
    if len(given) != 1:
        fault = f"name exactly one of {' and '.join(IDENTITIES)}"
        raise BundleError([places.describe(("run_as",), fault)])


def _find_empty_resources(config: dict[str, Any]) -> Iterator[tuple[Path_, str]]:
    for kind, group in config["resources"].items():
        for key, resource in (group if isinstance(group, dict) else {}).items():
            if resource is None:
                fault = "it is empty: write what belongs to it, or remove it"
                yield ("resources", kind, key), fault


def _check_forms(config: dict[str, Any], places: Places) -> None:
    """Judges the form of everything again, now that variables have their values."""
    checked = {section: config.get(section) for section in (*MERGED, "run_as", "variables")}
    _raise(places, find_form_faults(checked, CONFIG, resolved=True))
    # The checks judge permissions of a resource itself; the CLI passes them on.
    of_the_bundle = (fault for fault in find_permission_faults(config) if len(fault[0]) == 2)
    _raise(places, of_the_bundle)


def _prepare(config: dict[str, Any], root: Path, places: Places) -> Iterator[tuple[Path_, str]]:
    """Gives resources what the CLI gives them, in its order, and yields what leads nowhere."""
    resources = config["resources"]
    anchor_paths(resources)
    list_files(root, resources)
    refer_to_schemas(resources)
    yield from read_alert_files(root, resources)
    _set_run_as(config, places)
    cluster = config["bundle"].get("cluster_id") or config["bundle"].get("compute_id")
    if config.get("mode") == "development":
        cluster = os.environ.get("DATABRICKS_CLUSTER_ID") or cluster
    experimental = config.get("experimental") or {}
    skipped = {"skip_name_prefix_for_schema": experimental.get("skip_name_prefix_for_schema")}
    for kind, group in resources.items():
        for key, resource in group.items():
            mend_clusters(kind, resource)
            if resource.get("grants"):
                path = ("resources", kind, key, "grants")
                resource["grants"] = unite_grants(resource["grants"], path)
            if kind == "model_serving_endpoints":
                rename_served_models(resource)
            if kind == "jobs" and cluster:
                override_compute(resource, str(cluster))
            apply_presets(kind, resource, {**config["presets"], **skipped})
            grant_permissions(kind, resource, config)
            group[key] = drop_empty_texts(resource)
            fill_defaults(kind, group[key], config)
    whole = Path(os.path.abspath(root))
    remote = str(config["workspace"]["file_path"])
    yield from Translator(whole, find_sync_root(whole, config), remote).translate(resources)


def _set_run_as(config: dict[str, Any], places: Places) -> None:
    if "run_as" not in config:
        return
    resources = config["resources"]
    deployer = config["workspace"]["current_user"]["userName"]
    for kind in NOT_RUNNING if deployer not in config["run_as"].values() else ():
        if resources.get(kind):
            fault = "they run as who deploys them: give run_as to each job instead"
            raise BundleError([places.describe(("resources", kind), fault)])
    for kind in RUNNING:
        for resource in resources.get(kind, {}).values():
            resource.setdefault("run_as", dict(config["run_as"]))


def add_ids(config: dict[str, Any]) -> None:
    """Gives every resource an id: its full name in a catalog, or a number made of its key."""
    for kind, group in config.get("resources", {}).items():
        for key, resource in group.items():
            resource["id"] = _make_id(kind, key, resource)
            if kind == "volumes":
                resource["volume_path"] = "/".join(("/Volumes", *_list_names(resource)))


def _make_id(kind: str, key: str, resource: dict[str, Any]) -> Any:
    if kind in NAMED_IN_A_CATALOG:
        return ".".join(_list_names(resource))
    return 1 + zlib.crc32(f"{kind}.{key}".encode())


def _list_names(resource: dict[str, Any]) -> list[str]:
    fields = ("catalog_name", "schema_name", "name")
    return [str(resource[field]) for field in fields if resource.get(field)]
