"""Tests any use case on some days of data: sources, features, labels and inputs.

`make check` runs these tests. They name no table and no column: the declarations do.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from mlflow.models.utils import _enforce_schema
from mlflow.types import ColSpec, Schema
from pyspark.sql import functions as F

from {{ cookiecutter.__package }}.ingestion.contracts import (
    REASONS,
    check_delivery,
    judge_rows,
    load_delivery,
)
from {{ cookiecutter.__package }}.platform.problem import LABEL, PREDICTION_TIME, make_first_step
from {{ cookiecutter.__package }}.platform.vocabulary import FeatureTable, Table, parse_type
from {{ cookiecutter.__package }}.training.signature import sign_pipeline, sign_request
from {{ cookiecutter.__package }}.use_case.problem import PROBLEM
from {{ cookiecutter.__package }}.use_case.sources import SOURCES
from {{ cookiecutter.__package }}.use_case.tables import FEATURE_TABLES, RAW_TABLES
from {{ cookiecutter.__package }}.validation.compliance import find_source_fault

from ..use_case.expectations import KNOWN_AFTER
from .conftest import WINDOW, Sample, collect

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
    schema = sample.compute(table, sample.delivered[table.source]).schema
    types = {field.name: field.dataType for field in schema}
    assert types == {column.name: parse_type(column.type) for column in table.columns}
    rows = sample.features[table]
    assert len(rows), f"{table.name} has no row in {WINDOW}"
    repeated = rows[rows.duplicated(list(table.keys))]
    assert repeated.empty, repeated.head(1)


@pytest.mark.parametrize("table", FEATURE_TABLES, ids=name)
def test_facts_that_become_known_later_change_no_feature(
    sample: Sample, table: FeatureTable
) -> None:
    facts, time = sample.delivered[table.source], table.source.time
    known_at = facts[time] + KNOWN_AFTER.get(table.source.name, dt.timedelta(0))
    disturbed = collect(table, sample.compute(table, disturb(facts, known_at > MOMENT, time)))
    then, today = (
        rows[rows[table.time] <= MOMENT.replace(tzinfo=None)].reset_index(drop=True)
        for rows in (disturbed, sample.features[table])
    )
    assert len(today), f"{table.name} has no row before {MOMENT}"
    pd.testing.assert_frame_equal(then, today)


def disturb(facts: pd.DataFrame, chosen: pd.Series, time: str) -> pd.DataFrame:
    """Of the chosen facts, deletes every other one, and changes what the rest say.

    Texts are shuffled. Numbers become others, since a shuffle shows nothing where all are the same.
    """
    kept = facts[chosen].iloc[::2]
    said = kept.drop(columns=time).sample(frac=1, random_state=1).set_index(kept.index)
    numbers = said.select_dtypes("number").columns
    said[numbers] = -said[numbers] - 1
    return pd.concat([facts[~chosen], said.assign(**{time: kept[time]})])


def test_inputs_have_their_declared_types(sample: Sample) -> None:
    types = {field.name: field.dataType for field in sample.described.schema}
    declared = {c.name: parse_type(c.type) for c in PROBLEM.inputs if not c.sources}
    assert {input_: types[input_] for input_ in declared} == declared


def test_the_inputs_that_are_computed_keep_their_rules(sample: Sample) -> None:
    step = make_first_step(replace(PROBLEM, lookups=(), baselines={}))
    inputs, faults = step.examine(sample.examples)
    assert [fault.reason for fault in faults] == []
    for column in PROBLEM.inputs:
        is_text = not pd.api.types.is_numeric_dtype(inputs[column.name])
        assert is_text == (column.type == "string"), column.name
        assert inputs[column.name].notna().any(), column.name


def test_every_input_is_made_of_columns_that_a_model_may_use() -> None:
    sources = {s for made_of in PROBLEM.list_input_sources().values() for s in made_of}
    assert {s: fault for s in sources if (fault := find_source_fault(s))} == {}


def test_a_prediction_comes_before_its_event(sample: Sample) -> None:
    examples = sample.examples
    late = examples[examples[PREDICTION_TIME] > examples[PROBLEM.event_time]]
    assert late.empty, late.head(1)


@pytest.mark.parametrize("table", PROBLEM.lookups, ids=name)
def test_examples_find_features(sample: Sample, table: FeatureTable) -> None:
    keys = sample.features[table][table.lookup_keys].drop_duplicates()
    found = sample.examples.merge(keys, on=table.lookup_keys)
    assert len(found), f"no {PROBLEM.noun} of {WINDOW} has a key of {table.name}"


def test_labels_are_known_and_vary(sample: Sample) -> None:
    labels = sample.examples[LABEL].dropna()
    assert len(labels), f"no {PROBLEM.noun} of {WINDOW} has a label"
    codes = PROBLEM.kind.encode(labels)
    assert PROBLEM.kind.find_fault(codes) is None, PROBLEM.kind.count(codes)


def test_a_label_is_known_at_the_prediction_or_after(sample: Sample) -> None:
    told = sample.load(PROBLEM.labelling).where(PROBLEM.find_label().isNotNull())
    known = told.select(*PROBLEM.key, F.col(PROBLEM.labelling.time).alias("label known"))
    both = sample.examples.merge(known.toPandas(), on=list(PROBLEM.key))
    early = both[both["label known"] < both[PREDICTION_TIME]]
    assert early.empty, early.head(1)


def test_the_signature_of_a_model_refuses_no_input(sample: Sample) -> None:
    rows = sample.examples.head(SOME)
    for table in PROBLEM.lookups:
        taken = [name for name in (*table.features, table.row_time) if name]
        some = sample.features[table][taken]
        rows = rows.join(some.sample(len(rows), replace=True, random_state=1, ignore_index=True))
    scores = Schema([ColSpec("double")])
    pipeline, request = (sign(scores).inputs for sign in (sign_pipeline, sign_request))
    assert pipeline.input_names() == list(make_first_step(PROBLEM).columns)
    for signature in (pipeline, request):
        # As the feature client, and a caller, hand rows to a model.
        delivered = rows[signature.input_names()]
        for some in (delivered, delivered.head(1)):
            _enforce_schema(some, signature)
