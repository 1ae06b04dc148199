"""What must hold of any use case: its sources, features, labels and inputs, on some days of data.

`make check` runs these tests. They name no table and no column: the declarations do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd
import pytest
from mlflow.models import ModelSignature, infer_signature
from mlflow.models.utils import _enforce_schema
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.ingestion.contracts import (
    REASONS,
    check_delivery,
    judge_rows,
    load_delivery,
)
from {{ cookiecutter.__package }}.platform.examples import (
    describe_examples,
    label_examples,
    select_inputs,
)
from {{ cookiecutter.__package }}.platform.problem import LABEL, PREDICTION_TIME
from {{ cookiecutter.__package }}.platform.vocabulary import FeatureTable, Table, parse_type
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.use_case.sources import SOURCES
from {{ cookiecutter.__package }}.use_case.tables import FEATURE_TABLES, RAW_TABLES
from {{ cookiecutter.__package }}.validation.compliance import find_source_fault

from ..use_case.expectations import KNOWN_AFTER
from .conftest import CUTOFF, WINDOW, Sample

# A source of which more goes to quarantine has another meaning than its contract.
MOST_REFUSED = 0.05
# A moment in the midst of the sample, of which later facts are disturbed.
MOMENT = WINDOW.end - dt.timedelta(days=1, hours=7)
SOME = 500


def name(table: Table) -> str:
    return table.name


def test_each_raw_table_has_a_source_and_no_other_has() -> None:
    assert list(SOURCES) == [table.name for table in RAW_TABLES]


@pytest.mark.parametrize("table", RAW_TABLES, ids=name)
def test_a_delivery_meets_its_contract(sample: Sample, table: Table) -> None:
    delivery = sample.delivered[table]
    check_delivery(table, delivery)
    assert len(delivery), f"the source {table.name} delivers nothing in {sample.asked[table]}"
    rows = load_delivery(sample.spark, table, delivery)
    judged = judge_rows(rows, table, sample.asked[table])
    refused = judged.select(F.explode(REASONS).alias("reason")).groupBy("reason").count()
    reasons = {row.reason: row["count"] for row in refused.collect()}
    assert sum(reasons.values()) <= MOST_REFUSED * len(delivery), reasons


@pytest.mark.parametrize("table", FEATURE_TABLES, ids=name)
def test_a_feature_table_has_its_declared_columns_and_each_key_once(
    sample: Sample, table: FeatureTable
) -> None:
    rows = sample.compute(table)
    types = {field.name: field.dataType for field in rows.schema}
    assert types == {column.name: parse_type(column.type) for column in table.columns}
    assert not rows.isEmpty(), f"{table.name} has no row in {WINDOW}"
    repeated = rows.groupBy(*table.keys).count().where("count > 1")
    assert repeated.isEmpty(), repeated.first()


@pytest.mark.parametrize("table", FEATURE_TABLES, ids=name)
def test_facts_that_become_known_later_change_no_feature(
    sample: Sample, table: FeatureTable
) -> None:
    facts, time = sample.delivered[table.source], table.source.time
    known_at = facts[time] + KNOWN_AFTER.get(table.source.name, dt.timedelta(0))
    disturbed = disturb(facts, known_at > MOMENT, time)
    then, today = (
        sample.compute(table, rows).where(F.col(table.time) <= F.lit(MOMENT))
        for rows in (disturbed, facts)
    )
    assert not today.isEmpty(), f"{table.name} has no row before {MOMENT}"
    for more, fewer in ((then, today), (today, then)):
        others = more.exceptAll(fewer)
        assert others.isEmpty(), f"{table.name}: {others.first()} depends on later facts"


def disturb(facts: pd.DataFrame, chosen: pd.Series, time: str) -> pd.DataFrame:
    """Of the chosen facts, deletes every other one, and shuffles what the rest say."""
    kept = facts[chosen].iloc[::2]
    said = kept.drop(columns=time).sample(frac=1, random_state=1).set_index(kept.index)
    return pd.concat([facts[~chosen], said.assign(**{time: kept[time]})])


@pytest.fixture(scope="module")
def examples(sample: Sample) -> DataFrame:
    described = describe_examples(PROBLEM, sample.raw[PROBLEM.examples], CUTOFF)
    return WINDOW.select(described, PROBLEM.event_time)


def test_inputs_have_their_declared_types(examples: DataFrame) -> None:
    types = {field.name: field.dataType for field in examples.schema}
    declared = {column.name: parse_type(column.type) for column in PROBLEM.inputs}
    assert {input_: types[input_] for input_ in declared} == declared


def test_every_input_is_made_of_columns_that_a_model_may_use() -> None:
    sources = {s for made_of in PROBLEM.list_input_sources().values() for s in made_of}
    assert {s: fault for s in sources if (fault := find_source_fault(s))} == {}


def test_a_prediction_comes_before_the_event_and_not_before_the_example_is_known(
    examples: DataFrame,
) -> None:
    late = examples.where(F.col(PREDICTION_TIME) > F.col(PROBLEM.event_time))
    assert late.isEmpty(), late.first()


@pytest.mark.parametrize("table", PROBLEM.lookups, ids=name)
def test_examples_find_features(sample: Sample, examples: DataFrame, table: FeatureTable) -> None:
    keys = sample.compute(table).select(*table.lookup_keys).distinct()
    found = examples.join(keys, table.lookup_keys, "left_semi").count()
    assert found > 0, f"no example of {WINDOW} has a key of {table.name}"


def test_labels_are_known_and_vary(sample: Sample, examples: DataFrame) -> None:
    labels = collect_labels(sample, examples)
    assert len(labels), f"no {PROBLEM.noun} of {WINDOW} has a label"
    codes = PROBLEM.kind.encode(labels)
    assert PROBLEM.kind.find_fault(codes) is None, PROBLEM.kind.count(codes)


def collect_labels(sample: Sample, examples: DataFrame) -> pd.Series:
    outcomes = sample.raw[PROBLEM.labelling]
    labelled = label_examples(PROBLEM, examples, outcomes, CUTOFF)
    return labelled.select(LABEL).toPandas()[LABEL]


def test_a_label_is_known_after_the_prediction(sample: Sample, examples: DataFrame) -> None:
    outcomes, known_at = sample.raw[PROBLEM.labelling], PROBLEM.labelling.time
    told = outcomes.where(PROBLEM.find_label().isNotNull()).select(*PROBLEM.key, known_at)
    both = examples.select(*PROBLEM.key, PREDICTION_TIME).join(told, list(PROBLEM.key))
    early = both.where(F.col(known_at) < F.col(PREDICTION_TIME))
    assert early.isEmpty(), early.first()


def test_a_model_takes_the_inputs_and_its_signature_refuses_none(
    sample: Sample, examples: DataFrame
) -> None:
    rows = examples.limit(SOME).toPandas()
    for column in list_features(sample, len(rows)):
        rows = rows.join(column)
    inputs = select_inputs(PROBLEM, rows)
    signature: ModelSignature = infer_signature(inputs)
    assert signature.inputs.input_names() == list(PROBLEM.model_inputs)
    for one in (inputs, inputs.head(1), inputs.assign(**dict.fromkeys(inputs, None))):
        _enforce_schema(one, signature.inputs)


def list_features(sample: Sample, count: int) -> Iterator[pd.DataFrame]:
    """Rows of each feature table, in no order, as a model takes them."""
    for table in PROBLEM.lookups:
        rows = sample.compute(table).select(*table.features).limit(count).toPandas()
        yield rows.sample(count, replace=True, random_state=1, ignore_index=True)
