"""The bundle is read as the Databricks CLI reads it; what is wrong is named with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local.bundle import load_bundle
from local.merging import merge
from local.presets import normalise_prefix
from local.reading import anchor_paths
from local.yaml_source import BundleError
from toy_bundle import Toy


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
    assert "**/deep.yml matches no file" in str(found.value)


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
    written = {"notebook_path": "x.py", "file_path": "../y.json", "whl": "/abs/z.whl"}
    anchored = {"notebook_path": "resources/x.py", "file_path": "y.json", "whl": "/abs/z.whl"}
    assert anchor_paths(written, Path("resources")) == anchored
    for elsewhere in ("https://host/x", "dbfs:/x", "${workspace.file_path}/x"):
        assert anchor_paths({"file_path": elsewhere}, Path("resources")) == {"file_path": elsewhere}


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
        (lambda toy: toy.config["include"].append("more/*.yml"), r"more/\*.yml matches no file"),
        (lambda toy: toy.config["include"].append("/etc/*.yml"), r"/etc/\*.yml is absolute"),
        (lambda toy: toy.config.update(resourcs={}), "unknown key resourcs"),
        (
            lambda toy: toy.resources["resources"]["schemas"].update(main={"name": "x"}),
            "schemas.main: the key is used in resources.jobs too|jobs.main: the key is used",
        ),
        (
            lambda toy: toy.config["targets"]["dev"].update(variables={"typo": "x"}),
            "there is no variable typo",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(toy: Toy, edit: Any, fault: str) -> None:
    edit(toy)
    with pytest.raises(BundleError, match=fault):
        toy.load()


def test_broken_yaml_is_named_by_file_and_line(toy: Toy) -> None:
    toy.write()
    (toy.root / "resources/x.yml").write_text("resources:\n  jobs: [\n")
    with pytest.raises(BundleError, match=r"x.yml:3: broken YAML"):
        load_bundle(toy.root)


def test_an_unknown_target_or_variable_is_refused(toy: Toy) -> None:
    with pytest.raises(BundleError, match="unknown target 'test': there are dev, prod"):
        toy.load("test")
    with pytest.raises(BundleError, match="no variable 'colour'"):
        toy.load("dev", colour="red")


@pytest.mark.parametrize("override", [{"main": "text"}, {"main": ["list"]}, {"main": 1}])
def test_values_of_different_kinds_are_not_merged(override: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match=r"main: .* cannot override"):
        merge({"main": {"name": "main"}}, override)


def test_nothing_overrides_nothing() -> None:
    assert merge({"a": [1], "b": None}, {"a": None, "b": 2}) == {"a": [1], "b": 2}


def test_environments_and_clusters_are_merged_by_their_keys() -> None:
    base = {"job_clusters": [{"job_cluster_key": "a", "new_cluster": {"num_workers": 1}}]}
    more = {"job_clusters": [{"job_cluster_key": "a", "new_cluster": {"spark_version": "x"}}]}
    (merged,) = merge(base, more)["job_clusters"]
    assert merged["new_cluster"] == {"num_workers": 1, "spark_version": "x"}


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
    for key in c:
        if not isinstance(c[key], dict):
            assert left[key] == c[key]
