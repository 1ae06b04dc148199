"""The bundle is read as the Databricks CLI reads it; what is wrong is named with its place."""

from __future__ import annotations

import contextlib
import copy
import functools
import operator
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_bundle import WHEEL, Toy

from bundlework.bundle.faults import find_faults
from bundlework.bundle.known import find_unknown_keys
from bundlework.bundle.loading import load_bundle
from bundlework.bundle.merging import MergeError, merge
from bundlework.bundle.paths import anchor_paths
from bundlework.bundle.presets import normalise_prefix
from bundlework.bundle.reading import read_files
from bundlework.bundle.yaml_source import BundleError, write_down
from bundlework.laptop.playable import check_job


def settings_of(bundle: Any) -> dict[str, str]:
    return bundle.jobs["main"]["tasks"][0]["python_wheel_task"]["named_parameters"]


def test_references_are_followed_through_complex_variables(toy: Toy) -> None:
    assert settings_of(toy.load("prod")) == {"schema": "prod.toy_raw", "text": "hello prod"}


def test_development_prefixes_names_and_what_refers_to_them(toy: Toy) -> None:
    bundle = toy.load("dev")
    user = bundle.config["workspace"]["current_user"]["short_name"]
    assert settings_of(bundle)["schema"] == f"dev.dev_{user}_toy_raw"
    assert bundle.jobs["main"]["name"] == f"[dev {user}] main"
    assert bundle.jobs["main"]["max_concurrent_runs"] == 4


def test_given_values_come_before_the_environment_before_the_target(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings_of(toy.load("prod"))["schema"].startswith("prod.")
    monkeypatch.setenv("BUNDLE_VAR_catalog", "env")
    assert settings_of(toy.load("prod"))["schema"].startswith("env.")
    assert settings_of(toy.load("prod", catalog="given"))["schema"].startswith("given.")


def test_a_file_that_two_patterns_match_is_read_once(toy: Toy) -> None:
    toy.config["include"] += ["resources/main.*.yml", "databricks.yml"]
    assert set(toy.load().jobs) == {"main"}


def test_an_include_takes_yaml_alone_and_from_one_folder(toy: Toy) -> None:
    toy.config["include"] += ["*.txt", "**/deep.yml"]
    toy.write()
    (toy.root / "notes.txt").touch()
    (toy.root / "resources/far").mkdir()
    (toy.root / "resources/far/deep.yml").write_text("resources: {}")
    with pytest.raises(BundleError) as found:
        load_bundle(toy.root)
    assert "*.txt matches notes.txt, which is no YAML" in str(found.value)


def test_a_complex_variable_is_not_given_as_a_text(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy.config["variables"]["tags"] = {"type": "complex", "default": {"a": "b"}}
    toy.load()
    with pytest.raises(BundleError, match="tags: complex: neither --var nor"):
        toy.load("dev", tags="text")
    monkeypatch.setenv("BUNDLE_VAR_tags", "text")
    with pytest.raises(BundleError, match="tags: complex: neither --var nor"):
        toy.load()


def test_a_path_is_relative_to_the_file_it_is_written_in() -> None:
    def anchor(path: str) -> str:
        task = {"notebook_task": {"notebook_path": path}}
        resources = write_down({"jobs": {"a": {"tasks": [task]}}}, "resources")
        anchor_paths(resources)
        anchored: str = resources["jobs"]["a"]["tasks"][0]["notebook_task"]["notebook_path"]
        return anchored

    assert [anchor(path) for path in ("x.py", "../y.py", "./z/")] == [
        "resources/x.py",
        "y.py",
        "resources/z",
    ]
    for elsewhere in ("/abs/z.py", "https://host/x", "dbfs:/x", "${workspace.file_path}/x"):
        assert anchor(elsewhere) == elsewhere


def test_a_target_overrides_tasks_by_their_key(toy: Toy) -> None:
    task = {"task_key": "second", "max_retries": 3}
    toy.config["targets"]["prod"]["resources"] = {"jobs": {"main": {"tasks": [task]}}}
    tasks = toy.load("prod").jobs["main"]["tasks"]
    assert [t["task_key"] for t in tasks] == ["first", "second"]
    assert tasks[1]["max_retries"] == 3
    assert "python_wheel_task" in tasks[1]


def test_a_pull_requests_prefix_loses_what_names_may_not_have() -> None:
    assert normalise_prefix("pr7_") == "pr7"
    assert normalise_prefix("[dev me] ") == "dev_me_"


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (
            lambda toy: toy.job["tasks"][1].update(max_retries="${var.missing}"),
            r"resources/main.job.yml:\d+: .*max_retries: \$\{var.missing\} is not defined",
        ),
        (
            lambda toy: toy.config["variables"].update(a={"default": "${var.a}"}),
            r"databricks.yml:\d+: variables.a.default: \$\{var.a\} refers to itself",
        ),
        (lambda toy: toy.config["variables"].update(a={}), "variables.a: no value"),
        (
            lambda toy: toy.config["bundle"].pop("name"),
            r"databricks.yml:\d+: bundle: name is missing",
        ),
        (lambda toy: toy.config["include"].append(None), "include.1: the entry is empty: write"),
        (lambda toy: toy.config.update(variables="x"), "variables: a mapping is expected, not 'x'"),
        (lambda toy: toy.config["include"].append("more/a.yml"), r"more/a.yml matches no file"),
        (lambda toy: toy.config["include"].append("/etc/*.yml"), r"/etc/\*.yml is absolute"),
        (
            lambda toy: toy.resources["resources"]["schemas"].update(main={"name": "x"}),
            "schemas.main: the key is used in resources.jobs too|jobs.main: the key is used",
        ),
        (
            lambda toy: toy.config["targets"]["dev"].update(variables={"typo": "x"}),
            r"databricks.yml:\d+: targets.dev.variables.typo: there is no variable typo: d",
        ),
        (
            lambda toy: toy.config["targets"]["dev"].update(
                resources={"jobs": {"main": {"tasks": 1}}}
            ),
            r"databricks.yml:\d+: targets.dev.resources.jobs.main.tasks: a list is expected, not 1",
        ),
        (
            lambda toy: toy.resources.update(variables={"greeting": {"default": [1]}}),
            r"resources/main.job.yml:\d+: variables.greeting.default: \[1\] cannot override 'hello",
        ),
        (
            lambda toy: toy.config["targets"].pop("dev") and toy.config["targets"].update(x={}),
            r"databricks.yml:\d+: targets: name a target, or let one be the default: there are p",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(toy: Toy, edit: Any, fault: str) -> None:
    edit(toy)
    with pytest.raises(BundleError, match=fault):
        toy.load()


def test_what_a_target_writes_is_named_where_it_is_written(toy: Toy) -> None:
    toy.job["tasks"][0]["max_retries"] = "${var.missing}"
    added = {"tasks": [{"task_key": "second", "max_retries": 1}]}
    other = {"name": "${var.missing}", "tasks": []}
    resources = {"jobs": {"main": {"name": "${var.missing}", **added}, "other": other}}
    toy.config["targets"]["dev"]["resources"] = resources
    with pytest.raises(BundleError) as found:
        toy.load("dev")
    places = dict(fault.split(": ")[:2][::-1] for fault in found.value.faults)
    assert places["resources.jobs.main.name"].startswith("databricks.yml:")
    assert places["resources.jobs.other.name"].startswith("databricks.yml:")
    assert places["resources.jobs.main.tasks.0.max_retries"].startswith("resources/main.job.yml:")


def test_broken_yaml_is_named_by_file_and_line(toy: Toy) -> None:
    toy.write()
    (toy.root / "resources/x.yml").write_text("resources:\n  jobs: [\n")
    with pytest.raises(BundleError, match=r"x.yml:3: broken YAML"):
        load_bundle(toy.root)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (
            "# fünf\nname: f\xfcnf".encode("latin-1"),
            r"x.yml:1: not written in UTF-8: save the file",
        ),
        (b"resources: {}\nname: f\x07nf", r"x.yml:2: broken YAML: '\\x07' may not be in it: rem"),
    ],
)
def test_a_file_that_is_no_text_is_named(toy: Toy, content: bytes, fault: str) -> None:
    toy.write()
    (toy.root / "resources/x.yml").write_bytes(content)
    with pytest.raises(BundleError, match=fault):
        load_bundle(toy.root)


def list_paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """The paths of all parts of a value, without its own."""
    entries = enumerate(value) if isinstance(value, list) else ()
    for name, part in value.items() if isinstance(value, dict) else entries:
        yield (name,)
        yield from ((name, *path) for path in list_paths(part))


@pytest.mark.parametrize("file", ["config", "resources"])
@pytest.mark.parametrize("is_removed", [True, False])
def test_a_half_written_bundle_has_a_fault_or_runs(toy: Toy, file: str, is_removed: bool) -> None:
    toy.add_task("condition", condition_task={"op": "EQUAL_TO", "left": "a", "right": "a"})
    toy.add_task("call", run_job_task={"job_id": "${resources.jobs.called.id}"})
    toy.add_task("notebook", notebook_task={"notebook_path": "../x.py"})
    toy.resources["resources"]["jobs"]["called"] = {"name": "called", "tags": {"a": "b"}}
    override = {"main": {"tasks": [{"task_key": "first", "max_retries": 1}]}}
    toy.config["targets"]["dev"]["resources"] = {"jobs": override}
    whole = getattr(toy, file)
    for *outer, last in list_paths(whole):
        half_written = copy.deepcopy(whole)
        part = functools.reduce(operator.getitem, outer, half_written)
        part[last] = None
        if is_removed:
            del part[last]
        setattr(toy, file, half_written)
        with contextlib.suppress(BundleError):
            check_job(toy.load(), "main")


def test_an_unknown_target_or_variable_is_refused(toy: Toy) -> None:
    with pytest.raises(BundleError, match="unknown target 'test': there are dev, prod"):
        toy.load("test")
    with pytest.raises(BundleError, match="no variable 'colour'"):
        toy.load("dev", colour="red")


@pytest.mark.parametrize("override", [{"main": "text"}, {"main": ["list"]}, {"main": 1}])
def test_values_of_different_kinds_are_not_merged(override: dict[str, Any]) -> None:
    with pytest.raises(MergeError, match=r"cannot override .*: write a mapping here too") as found:
        merge({"main": {"name": "main"}}, override)
    assert found.value.path == ("main",)


def test_nothing_overrides_nothing() -> None:
    assert merge({"a": [1], "b": None}, {"a": None, "b": 2}) == {"a": [1], "b": 2}


def test_clusters_are_merged_by_their_keys_and_environments_are_added() -> None:
    base = {"job_clusters": [{"job_cluster_key": "a", "new_cluster": {"num_workers": 1}}]}
    more = {"job_clusters": [{"job_cluster_key": "a", "new_cluster": {"spark_version": "x"}}]}
    path = ("resources", "jobs", "main")
    (merged,) = merge(base, more, path)["job_clusters"]
    assert merged["new_cluster"] == {"num_workers": 1, "spark_version": "x"}
    environments = [[{"environment_key": "a", "spec": {key: "x"}}] for key in ("b", "c")]
    base, more = ({"environments": listed} for listed in environments)
    assert merge(base, more)["environments"] == environments[0] + environments[1]


def test_a_grant_is_merged_by_who_has_it_and_names_a_privilege_once() -> None:
    base, more = ([{"principal": "p", "privileges": [*may]}] for may in ("ab", "bc"))
    path = ("resources", "schemas", "raw", "grants")
    assert merge(base, more, path) == [{"principal": "p", "privileges": ["a", "b", "c"]}]


IDENTITY = {"user_name": "somebody@example.com"}


def test_jobs_without_an_identity_of_their_own_run_as_the_bundles(toy: Toy) -> None:
    toy.config["run_as"] = IDENTITY
    toy.config["targets"]["prod"]["run_as"] = {"service_principal_name": "deployer"}
    toy.resources["resources"]["jobs"]["own"] = {**toy.job, "run_as": {"user_name": "own"}}
    assert {k: j["run_as"] for k, j in toy.load("dev").jobs.items()} == {
        "main": IDENTITY,
        "own": {"user_name": "own"},
    }
    assert toy.load("prod").jobs["main"]["run_as"] == {"service_principal_name": "deployer"}


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (
            lambda toy: toy.config.update(run_as={"group_name": "x"}),
            "run_as: name exactly one of service_principal",
        ),
        (
            lambda toy: toy.config.update(run_as=None),
            "run_as: name exactly one of service_principal",
        ),
        (
            lambda toy: toy.config["targets"]["prod"].update(
                run_as={**IDENTITY, "service_principal_name": "x"}
            ),
            "run_as: name exactly one of service_principal_name and user_name",
        ),
        (
            lambda toy: toy.config.update(
                run_as=IDENTITY,
                resources={"model_serving_endpoints": {"it": {"name": "it"}}},
            ),
            "resources.model_serving_endpoints: they run as who deploys them: give run_as to",
        ),
    ],
)
def test_an_identity_that_nothing_can_run_as_is_refused(toy: Toy, edit: Any, fault: str) -> None:
    edit(toy)
    with pytest.raises(BundleError, match=rf"^databricks.yml:\d+: {fault}"):
        toy.load("prod")


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (lambda toy: toy.config.update(resourcs={}), "resourcs: unknown key resourcs: write resou"),
        (
            lambda toy: toy.config.update(resources={"job": {}}),
            "resources.job: unknown key job: write jobs",
        ),
        (
            lambda toy: toy.config.update(workspace={"hots": "x"}),
            "workspace.hots: unknown key hots: there are account_id",
        ),
        (
            lambda toy: toy.config["targets"]["prod"].update(workspace={"current_user": {}}),
            "targets.prod.workspace.current_user: unknown key",
        ),
        (
            lambda toy: toy.config.update(run_as={"group_name": "x"}),
            "run_as.group_name: unknown key group_name",
        ),
    ],
)
def test_a_misspelt_key_is_named_and_resolves(toy: Toy, edit: Any, fault: str) -> None:
    edit(toy)
    toy.write()
    (found,) = find_unknown_keys(*read_files(toy.root))
    assert re.match(rf"databricks.yml:\d+: {fault}", found)


def test_a_word_that_resembles_none_is_left_to_the_cli(toy: Toy) -> None:
    toy.config["x-shared"] = {"tags": {}}
    toy.config["resources"] = {"quantum_computers": {"it": {"qubits": 3}}}
    bundle = toy.load()
    assert list(find_unknown_keys(*read_files(toy.root))) == []
    assert bundle.config["resources"]["quantum_computers"]["it"]["qubits"] == 3


def test_what_a_laptop_has_no_use_for_is_let_pass(toy: Toy) -> None:
    toy.config["bundle"] |= {"databricks_cli_version": ">= 1.12.1", "git": {"branch": "main"}}
    toy.config["workspace"] = {"host": "https://host", "profile": "me", "state_path": "/state"}
    assert toy.load().config["workspace"]["profile"] == "me"


def test_an_environment_that_is_declared_twice_is_named(toy: Toy) -> None:
    toy.job["environments"] = [{"environment_key": "a"}, {"environment_key": "a"}]
    (fault,) = find_faults(toy.load(), "main")
    assert re.match(r"resources/main.job.yml:\d+: .*environments: environment_key a is used", fault)


def name_permissions(**levels: str) -> list[dict[str, str]]:
    return [{"group_name": group, "level": level} for group, level in levels.items()]


@pytest.mark.parametrize(
    ("kind", "own", "resolved"),
    [
        ("jobs", {"a": "CAN_MANAGE_RUN"}, {"a": "CAN_MANAGE_RUN", "b": "CAN_MANAGE_RUN"}),
        ("experiments", {"a": "CAN_EDIT"}, {"a": "CAN_EDIT"}),
        ("dashboards", {"a": "CAN_EDIT", "b": "CAN_READ"}, {"a": "CAN_EDIT", "b": "CAN_READ"}),
        ("alerts", {"a": "CAN_EDIT"}, {"a": "CAN_EDIT", "b": "CAN_RUN"}),
        ("model_serving_endpoints", {}, {"a": "CAN_VIEW", "b": "CAN_QUERY"}),
    ],
)
def test_a_resources_own_permission_comes_before_the_bundles(
    toy: Toy, kind: str, own: dict[str, str], resolved: dict[str, str]
) -> None:
    resource = {**toy.job, "display_name": "it", "permissions": name_permissions(**own)}
    toy.resources["resources"].setdefault(kind, {})["it"] = resource
    toy.config["permissions"] = name_permissions(a="CAN_VIEW", b="CAN_RUN")
    config = toy.load("prod").config
    granted = config["resources"][kind]["it"]["permissions"]
    # Who deploys owns or manages it.
    assert "user_name" in granted[-1]
    assert granted[:-1] == name_permissions(**resolved)


def test_of_two_levels_of_the_same_group_the_higher_one_holds(toy: Toy) -> None:
    toy.job["permissions"] = name_permissions(a="CAN_MANAGE") + name_permissions(a="CAN_VIEW")
    permissions = toy.load().jobs["main"]["permissions"]
    assert permissions[:-1] == name_permissions(a="CAN_MANAGE")


def test_who_deploys_owns_a_job_that_others_may_use(toy: Toy) -> None:
    toy.job["permissions"] = name_permissions(a="CAN_VIEW")
    bundle = toy.load("prod")
    user = bundle.config["workspace"]["current_user"]["userName"]
    assert bundle.jobs["main"]["permissions"][-1] == {"user_name": user, "level": "IS_OWNER"}


# A key has values of one kind, as in a bundle.
maps = st.deferred(
    lambda: st.fixed_dictionaries(
        {}, optional={"a": st.integers(), "b": st.text(max_size=3), "c": maps, "d": maps}
    )
)


@given(maps, maps, maps)
def test_merging_overrides_one_after_the_other_is_merging_their_merge(
    a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]
) -> None:
    assert merge(a, {}) == a
    assert merge(a, a) == a
    left = merge(merge(a, b), c)
    assert left == merge(a, merge(b, c))
    assert set(left) == set(a) | set(b) | set(c)
    for key, value in c.items():
        if not isinstance(value, dict):
            assert left[key] == value


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        ({}, True),
        ({"environment_key": "default"}, True),
        ({"job_cluster_key": ""}, True),
        ({"job_cluster_key": "main"}, False),
        ({"existing_cluster_id": "1"}, False),
    ],
)
@pytest.mark.parametrize("repeated", [False, True])
def test_a_bundle_is_serverless_as_long_as_no_task_names_a_cluster(
    toy: Toy, compute: dict[str, str], expected: bool, repeated: bool
) -> None:
    if repeated:
        inner = {"task_key": "each", "python_wheel_task": dict(WHEEL), **compute}
        toy.add_task("all", for_each_task={"inputs": "[1]", "task": inner})
    else:
        toy.add_task("more", **compute)
    assert toy.load().is_serverless == expected
