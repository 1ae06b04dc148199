"""Plays the examples of the page `own-sources` in a process of its own, whose Spark has the driver.

Usage: `own_sources.py COMPUTE PORT FOLDER` prints, as JSON, what each example delivers and how
Spark reads it. COMPUTE is serverless or classic; PORT is that of a PostgreSQL with such orders.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import sys
from contextlib import closing, redirect_stdout
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Template
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from rendered import TEMPLATE, copy_project

from flight_delays.ingestion.contracts import REASONS, check_delivery, judge_rows, load_delivery
from flight_delays.ingestion.deliveries import number_rows
from flight_delays.ingestion.task import make_context
from flight_delays.platform.sources import Context, SchemaError, Source
from flight_delays.platform.vocabulary import Column, Table
from flight_delays.platform.windows import Window
from flight_delays.settings import Settings

from bundlework.bundle.loading import Bundle, load_bundle
from bundlework.laptop.workspace import LocalWorkspace, open_workspace

USER, PAGE = "shop", "docs/how-to/own-sources.md"
DAY, ONE = dt.datetime(2013, 3, 10, tzinfo=dt.UTC), dt.timedelta(days=1)
WINDOW = Window(DAY, DAY + 2 * ONE)
# One order each day, at noon: the first and the last lie outside the window.
ORDERS = [
    (f"o{number}", DAY + number * ONE + dt.timedelta(hours=12), Decimal(number) + Decimal("9.50"))
    for number in (-1, 0, 1, 2)
]
EXAMPLES = ("files", "table", "database")


def read_page(compute: str) -> str:
    """The page, as a project of a kind of compute has it."""
    text = (TEMPLATE / PAGE).read_text()
    return str(Template(text).render(cookiecutter={"compute": compute}))


def read_examples(page: str) -> tuple[Table, dict[str, Source]]:
    """The table and the sources of the page."""
    table, *sources = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    known: dict[str, Any] = {made.__name__: made for made in (Column, Table, Context, Window)}
    known |= {"F": F, "DataFrame": DataFrame}
    exec(table, known)  # noqa: S102 the page is ours
    found = {}
    for name, text in zip(EXAMPLES, sources, strict=True):
        exec(text, known)  # noqa: S102
        found[name] = known["deliver_orders"]
    return known["ORDERS"], found


def declare(project: Path, page: str) -> None:
    """Declares what the page tells: where the shop's schema is, and the database's driver."""
    (listed,) = re.findall(r"source_schemas: (.*)", page)
    (jars,) = re.findall(r"^jars = .*", page, re.MULTILINE)
    for name, old, new in [
        ("databricks.yml", r'(They are only read.\n    default: )""', rf"\g<1>{listed}"),
        ("pyproject.toml", r"^jars = \[\]", jars),
    ]:
        changed, count = re.subn(old, new, (project / name).read_text(), flags=re.MULTILINE)
        assert count == 1, name
        (project / name).write_text(changed)


def make_frame(spark: SparkSession) -> DataFrame:
    """The orders, as another system writes them."""
    return spark.createDataFrame(
        ORDERS, "order_id string, placed_at timestamp, amount decimal(9,2)"
    )


def fill(state: Path, bundle: Bundle, port: int) -> None:
    """Puts a table, and the way to a database, into a laptop's workspace, as the page tells."""
    options = {"serverless": bundle.is_serverless, "jars": bundle.contract.jars}
    with closing(LocalWorkspace(state, ["partners.shop"], **options)) as elsewhere:
        made = make_frame(elsewhere.spark).write.format("delta")
        made.saveAsTable("partners.shop.orders")
    address = f"jdbc:postgresql://127.0.0.1:{port}/shop"
    for name, text in [
        ("connections/shop.json", json.dumps({"url": address, "user": USER, "password": "any"})),
        ("secrets/shop/address", f"{address}?user={USER}&password=any"),
    ]:
        (state / name).parent.mkdir(parents=True)
        (state / name).write_text(text)


def put_files(context: Context) -> None:
    """Puts a file for each day into the volume."""
    rows = make_frame(context.spark)
    for order in ORDERS:
        day = order[1].date()
        of_day = rows.where(F.to_date("placed_at") == F.lit(day))
        of_day.write.parquet(f"{context.landing}/orders/day={day}")


def play(context: Context, table: Table, source: Source) -> dict[str, Any]:
    """Asks a source for the window; returns the rows, judged by the contract, and Spark's plan."""
    delivered = source(context, WINDOW)
    assert isinstance(delivered, DataFrame)
    check_delivery(table, delivered)
    loaded = load_delivery(context.spark, table, number_rows(delivered))
    judged = judge_rows(loaded, table, WINDOW).orderBy("order_id").collect()
    with redirect_stdout(io.StringIO()) as plan:
        delivered.explain()
    rows = [(row.order_id, str(row.placed_at), str(row.amount), row[REASONS]) for row in judged]
    return {"rows": rows, "plan": plan.getvalue()}


def main() -> None:
    """Plays all examples, in a project and a workspace below a folder."""
    compute, port, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    page, state = read_page(compute), folder / "workspace"
    project = copy_project(folder / "project", compute)
    declare(project, page)
    bundle = load_bundle(project)
    fill(state, bundle, port)
    with closing(open_workspace(bundle, state)) as opened, opened.guard():
        workspace = opened.bind(bundle.contract.workspace, None)
        told = bundle.jobs["ingestion"]["tasks"][1]["python_wheel_task"]["named_parameters"]
        context = make_context(workspace, Settings.model_validate(told | {"as_of": "2013-03-12"}))
        put_files(context)
        table, sources = read_examples(page)
        played = {name: play(context, table, source) for name, source in sources.items()}
        try:
            context.read_table("store", "orders")
        except SchemaError as error:
            played["unlisted"] = {"refused": str(error)}
    print(json.dumps(played))


if __name__ == "__main__":
    main()
