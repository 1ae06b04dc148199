"""All checks over all targets, without a workspace; with the Databricks CLI, its checks too."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jsonschema import Draft202012Validator

from .checks import BUNDLE_CHECKS, TARGET_CHECKS
from .known import TOP_LEVEL, find_unknown_keys, list_unknown
from .loading import Bundle, load_bundle
from .reading import get_variable_file, read_files
from .references import has_python
from .resource_types import find_type_faults, list_unknown_kinds
from .yaml_source import BundleError, Places, read_yaml

NOT_LOGGED_IN = ("cannot configure default credentials", "databricks auth login")


def find_faults(root: Path, variables: Mapping[str, str] | None = None) -> list[str]:
    """Every fault of the bundle, one line each, in the order of the targets."""
    bundles: dict[str, Bundle] = {}
    try:
        config, places = read_files(root)
    except BundleError as error:
        return error.faults
    faults = list(find_unknown_keys(config, places))
    for target in config["targets"]:
        faults += _find_kept_values(root, target)
        try:
            bundles[target] = load_bundle(root, target, variables)
        except BundleError as error:
            faults += error.faults
    if not bundles:
        return list(dict.fromkeys(faults))
    sound: dict[str, Bundle] = {}
    for target, bundle in bundles.items():
        types = list(find_type_faults(bundle))
        faults += types or find_target_faults(bundle)
        sound |= {} if types else {target: bundle}
    for check in BUNDLE_CHECKS if sound else ():
        faults += [] if check.find_obstacle(root) else check.find(sound)
    return list(dict.fromkeys(faults))


def find_target_faults(bundle: Bundle) -> list[str]:
    """The faults of one target, but for checks whose roles are not declared."""
    checks = [check for check in TARGET_CHECKS if not check.find_obstacle(bundle.root)]
    return [fault for check in checks for fault in check.find(bundle)]


def list_skipped(root: Path) -> Iterator[str]:
    """One line for each check that cannot be made, and why."""
    for check in (*TARGET_CHECKS, *BUNDLE_CHECKS):
        if obstacle := check.find_obstacle(root):
            yield f"skipped, since {obstacle}: {check.describe()}"


def list_targets(root: Path) -> list[str]:
    """The names of the targets.

    Raises:
        BundleError: The bundle cannot be read.
    """
    return list(read_files(root)[0]["targets"])


def _find_kept_values(root: Path, target: str) -> Iterator[str]:
    """Values of variables that a person keeps outside git, where nobody else sees them."""
    file = get_variable_file(root, target)
    if file.exists():
        place = f"{file.relative_to(root).as_posix()}:1"
        yield f"{place}: not supported: set variables in the YAML, or BUNDLE_VAR_*"


def list_unchecked(root: Path) -> list[str]:
    """Parts of the bundle that the CLI may know, and these checks do not."""
    config, _ = read_files(root)
    bundle = load_bundle(root, next(iter(config["targets"])))
    unknown = [*list_unknown(config, TOP_LEVEL), *list_unknown_kinds(bundle)]
    return [*unknown, *(["what Python code declares"] if has_python(config) else [])]


def ask_cli(root: Path, targets: list[str]) -> Iterator[str]:
    """Faults that the Databricks CLI finds, by its schema and in each target's workspace."""
    schema = subprocess.run(["databricks", "bundle", "schema"], capture_output=True, check=True)
    files = load_bundle(root, targets[0]).places.files
    yield from find_schema_faults(root, files, json.loads(schema.stdout))
    # The CLI warns of a key that it does not know, which may be an anchor and is no fault.
    strictly = [] if list_unknown(read_files(root)[0], TOP_LEVEL) else ["--strict"]
    for target in targets:
        command = ["databricks", "bundle", "validate", *strictly, "--target", target]
        answer = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        said = (answer.stdout + answer.stderr).strip()
        if any(sign in said for sign in NOT_LOGGED_IN):
            print(
                f"skipped: databricks bundle validate -t {target}: not logged in to its workspace"
            )
        elif answer.returncode:
            yield f"databricks bundle validate -t {target}: {said}"


def find_schema_faults(
    root: Path, files: Sequence[Path], schema: dict[str, object]
) -> Iterator[str]:
    """Violations of the CLI's own JSON schema, but for keys at the top that may be anchors."""
    # Python's expressions have no classes of letters by Unicode property.
    text = json.dumps(schema).replace(r"\\p{L}", r"\\w").replace(r"\\p{N}", r"\\w")
    validator = Draft202012Validator(json.loads(text))
    for file in files:
        places = Places(root)
        content = {k: v for k, v in read_yaml(file, places).items() if k in TOP_LEVEL}
        for error in validator.iter_errors(content):
            yield places.describe(tuple(error.absolute_path), error.message[:200])


def validate(root: Path) -> int:
    """Prints every fault.

    Returns:
        0 when there is none, else 1.
    """
    faults = find_faults(root)
    targets = list_targets(root)
    for line in list_skipped(root):
        print(line)
    has_cli = bool(shutil.which("databricks"))
    for unchecked in [] if faults else list_unchecked(root):
        print(f"{'left to' if has_cli else 'not checked, for want of'} the CLI: {unchecked}")
    if not faults and has_cli:
        faults = list(ask_cli(root, targets))
    elif not faults:
        print("skipped: what the Databricks CLI finds, since databricks is not on PATH")
    print("\n".join(faults) or f"the bundle is sound for {', '.join(targets)}")
    return 1 if faults else 0
