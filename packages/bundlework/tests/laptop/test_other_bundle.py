"""A bundle that has nothing of the template is played: two jobs, a wheel, a notebook."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bundlework.errors import Refusal
from bundlework.laptop.show import choose_table

BUNDLE = """
bundle:
  name: shop
targets:
  only:
    workspace:
      host: https://shop.cloud.databricks.com
resources:
  schemas:
    sales:
      catalog_name: main
      name: sales
  jobs:
    load:
      name: load
      parameters:
        - name: day
          default: "2026-01-31"
      tasks:
        - task_key: count
          python_wheel_task:
            package_name: shop_tools
            entry_point: count
            parameters: ["--table", "${resources.schemas.sales.id}.orders"]
        - task_key: look
          depends_on:
            - task_key: count
          notebook_task:
            notebook_path: look.py
    everything:
      name: everything
      tasks:
        - task_key: load
          run_job_task:
            job_id: ${resources.jobs.load.id}
            job_parameters:
              day: "2026-02-28"
"""
CODE = """
import sys
from pyspark.sql import SparkSession

def count():
    spark = SparkSession.builder.getOrCreate()
    spark.range(7).write.format("delta").saveAsTable(sys.argv[2])
"""
NOTEBOOK = """# Databricks notebook source
dbutils.widgets.text("day", "")
orders = spark.table("main.sales.orders").count()
dbutils.notebook.exit(f"{orders} orders on {dbutils.widgets.get('day')}")
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("shop")
    (tmp_path / "databricks.yml").write_text(BUNDLE)
    (tmp_path / "look.py").write_text(NOTEBOOK)
    metadata = tmp_path / "site" / "shop_tools-2.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-tools\nVersion: 2.0\n")
    (metadata / "entry_points.txt").write_text("[console_scripts]\ncount = shop_tools:count\n")
    (tmp_path / "site" / "shop_tools.py").write_text(CODE)
    return tmp_path


@pytest.fixture(scope="module")
def played(shop: Path) -> subprocess.CompletedProcess[str]:
    return call(shop, "run", "--job", "everything")


def call(shop: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bundlework", *words]
    environment = {**os.environ, "PYTHONPATH": str(shop / "site")}
    return subprocess.run(
        command, cwd=shop, env=environment, capture_output=True, text=True, check=False
    )


def test_a_bundle_with_nothing_of_the_template_is_validated_and_played(
    shop: Path, played: subprocess.CompletedProcess[str]
) -> None:
    checked = call(shop, "validate")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "the bundle is sound for only" in checked.stdout
    assert played.returncode == 0, played.stdout + played.stderr
    assert re.search(r"load / look\s+SUCCESS", played.stdout)
    assert "exit: 7 orders on 2026-02-28" in (shop / ".workspace" / "log.txt").read_text()
    tables = call(shop, "tables")
    assert re.search(r"7\s+\w{16}\s+main\.sales\.orders", tables.stdout), tables.stderr


def test_rows_of_a_table_are_shown(shop: Path, played: subprocess.CompletedProcess[str]) -> None:
    assert played.returncode == 0
    shown = call(shop, "show", "--table", "orders", "--where", "id < 2")
    assert shown.stdout.splitlines()[-1] == "2 of 2 rows of main.sales.orders", shown.stderr
    for words, said in (
        (("--table", "rders"), "there is no table rders: make tables lists all"),
        (("--table", "orders", "--where", "colour = 1"), "the condition 'colour = 1' is wrong: "),
        (("--table", "orders", "--where", "id <"), "the condition 'id <' is wrong: "),
    ):
        refused = call(shop, "show", *words)
        assert refused.returncode == 2, refused.stderr
        assert refused.stderr.startswith(said)
        assert len(refused.stderr.splitlines()) == 1


def test_an_end_that_several_names_have_is_refused() -> None:
    names = ["dev.ann_shop_raw.days", "dev.features.days", "dev.ann_shop_raw.hours"]
    for asked in ("raw.days", "ann_shop_raw.days", "dev.raw.days"):
        assert choose_table(names, asked) == "dev.ann_shop_raw.days"
    with pytest.raises(Refusal, match=r"days may be dev.ann_shop_raw.days or dev.features.days: "):
        choose_table(names, "days")
    for asked in ("aw.days", "my.dev.raw.days", "ours"):
        with pytest.raises(Refusal, match="there is no table"):
            choose_table(names, asked)


def test_a_role_that_a_verb_needs_is_named(shop: Path) -> None:
    for words in (["run"], ["run", "--job", "load", "--as-of", "2026-01-01"]):
        refused = call(shop, *words)
        assert refused.returncode == 2
        assert "pyproject.toml: tool.bundlework." in refused.stderr
        assert "is not declared" in refused.stderr
