"""docs/bundle.md says of each resource what holds where it is not under development."""

from __future__ import annotations

from pathlib import Path

import pytest
from rendered import ROOT, copy_project, edit

from bundlework.delivery.describe import describe_bundle

AUTOSCALE = """\
      autoscale:
        min_workers: ${var.min_workers}
        max_workers: ${var.max_workers}
"""
DEPENDS_ON_INGESTION = """\
          depends_on:
            - task_key: ingestion
"""


def read_table(page: str, heading: str) -> list[dict[str, str]]:
    """The rows of the table under a heading, by the names of its columns."""
    lines = [
        line
        for line in page.split(heading)[1].split("\n## ", maxsplit=1)[0].splitlines()
        if "|" in line
    ]
    names, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(names, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def page() -> str:
    return describe_bundle(ROOT)


def test_every_job_says_who_may_do_what_and_what_a_failure_does(page: str) -> None:
    jobs = {row["job"].split(" ")[0].strip("`"): row for row in read_table(page, "## Jobs")}
    assert (
        jobs["training"]["who may do what"]
        == "ml_engineers: CAN_MANAGE<br>data_scientists: CAN_VIEW"
    )
    assert "`train` is tried 2 times more" in jobs["training"]["when a task fails"]
    assert jobs["scoring"]["starts"].endswith("every 1 day(s), in prod")
    assert jobs["streaming"]["starts"].endswith("`0 0/15 * * * ?` (UTC), paused")
    assert all(cell for row in jobs.values() for cell in row.values())


def test_a_job_that_prod_lacks_is_described_where_it_is_not_under_development(page: str) -> None:
    (row,) = (row for row in read_table(page, "## Jobs") if "integration_test" in row["job"])
    assert row["job"] == "`integration_test` (in dev, pull_request, staging; as in staging)"
    assert "`inspect` is tried 2 times more" in row["when a task fails"]


def test_what_a_job_makes_is_described_with_what_it_costs(page: str) -> None:
    told = page.split("## What a job makes, and the bundle does not own")[1]
    assert "in prod `prod-flight-delays`" in told
    assert "costs as long as it is there" in told


def test_a_second_development_target_describes_nothing(tmp_path: Path, page: str) -> None:
    project = copy_project(tmp_path)
    main = project / "databricks.yml"
    again = "\n  research:\n    mode: development\n    variables: *dev_variables\n"
    main.write_text(main.read_text() + again)
    more = "  research:\n    resources: *integration_test\n  staging:"
    edit(project, "resources/integration_test.job.yml", "  staging:", more)
    assert describe_bundle(project).split("## How long")[1] == page.split("## How long")[1]
    (row,) = (r for r in read_table(describe_bundle(project), "## Jobs") if "integ" in r["job"])
    assert row["job"].endswith("; as in staging)")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", "1 to 4 workers and a driver Standard_D4ds_v5, spot, at most 2 h"),
        (
            "SPOT_WITH_FALLBACK_AZURE",
            "ON_DEMAND_AZURE",
            "1 to 4 workers and a driver {}, on demand",
        ),
        ("SPOT_WITH_FALLBACK_AZURE", "SPOT_AZURE", "a driver {}, spot without fallback, at most"),
        ("        availability: SPOT_WITH_FALLBACK_AZURE\n", "", "a driver {}, on demand, at most"),
        (AUTOSCALE, "      num_workers: 3\n", "3 workers and a driver {}, spot, at most 2 h"),
    ],
)
def test_a_cluster_is_described_as_it_is(tmp_path: Path, old: str, new: str, said: str) -> None:
    project = copy_project(tmp_path, "classic")
    edit(project, "compute.yml", old, new)
    rows = read_table(describe_bundle(project), "## Jobs")
    (row,) = (row for row in rows if row["job"] == "`features`")
    assert said.format("Standard_D4ds_v5") in row["costs while running"]


def test_waiting_follows_from_the_job_graph_and_the_compute(page: str) -> None:
    waits = {row["job"].strip("`"): row for row in read_table(page, "## How long a job waits")}
    assert waits["lifecycle"]["starts in a row"] == "7"
    assert waits["lifecycle"]["prod"] == "28 to 42 min"
    assert waits["lifecycle"]["dev"] == waits["lifecycle"]["staging"] == "up to 7 min"
    assert waits["integration_test"]["starts in a row"] == "8"
    assert (waits["integration_test"]["prod"], waits["mirror"]["staging"]) == ("", "")
    assert waits["ingestion"]["prod"] == "4 to 6 min"
    assert waits["setup"]["too long after"] == "15 min"
    assert {waits[key]["starts in a row"] for key in ("serving", "sinks")} == {"0"}
    assert waits["lifecycle"]["too long after"] == "2 h"


def test_a_job_that_is_turned_on_starts_compute(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    text = (project / "databricks.yml").read_text()
    (before, after) = text.split("  online:", 1)
    on = after.replace('default: "false"', 'default: "true"', 1)
    (project / "databricks.yml").write_text(f"{before}  online:{on}")
    rows = read_table(describe_bundle(project), "## How long a job waits")
    starts = {row["job"].strip("`"): row["starts in a row"] for row in rows}
    assert (starts["serving"], starts["features"], starts["lifecycle"]) == ("1", "2", "9")


def test_jobs_side_by_side_wait_together(tmp_path: Path) -> None:
    project = copy_project(tmp_path, "classic")
    edit(project, "resources/scoring.job.yml", DEPENDS_ON_INGESTION, "")
    rows = read_table(describe_bundle(project), "## How long a job waits")
    (scoring,) = (row for row in rows if row["job"] == "`scoring`")
    assert (scoring["starts in a row"], scoring["dev"]) == ("3", "9 to 21 min")


def test_what_holds_data_says_what_becomes_of_it(page: str) -> None:
    rows = read_table(page, "## What holds data, and what shows it")
    assert all(cell for row in rows for cell in row.values())
    assert {row["when it is removed"] for row in rows if "schemas." in row["resource"]} == {
        "a dropped table comes back with `UNDROP TABLE` within 7 days"
    }


def test_roles_are_told_for_every_kind_of_target(page: str) -> None:
    jobs = {
        row["group"]: row for row in read_table(page, "## Roles") if "`jobs`" in row["resources"]
    }
    scientists = jobs["data_scientists"]
    assert scientists["staging and prod"] == scientists["pull_request"] == "CAN_VIEW"
    assert scientists["dev"] == "CAN_MANAGE_RUN"
