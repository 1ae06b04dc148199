"""Parameters are parsed once, and what is wrong is named."""

from __future__ import annotations

import datetime as dt

import pytest

from {{ cookiecutter.__package }}.settings import ParameterError, Settings, ValidationSettings

ARGUMENTS = [
    "--as_of=2013-07-01",
    "--target=dev",
    "--source=prod.raw",
    "--raw=dev.raw",
    "--features=dev.features",
    "--models=dev.models",
    "--predictions=dev.predictions",
    "--monitoring=dev.monitoring",
    "--model_name=dev.models.model",
    "--experiment=/training_runs",
]
VALIDATION = [
    "--registered_model=dev.models.model",
    "--champion_share=0.01",
    "--slice_share=0.05",
    "--superiority=false",
]


def replace(name: str, value: str) -> list[str]:
    return [a for a in ARGUMENTS if not a.startswith(f"--{name}=")] + [f"--{name}={value}"]


def test_facts_are_known_until_midnight_utc_of_the_date() -> None:
    settings = Settings.from_arguments(ARGUMENTS)
    assert settings.cutoff == dt.datetime(2013, 7, 1, tzinfo=dt.UTC)


def test_a_target_owns_its_sources_only_when_it_reads_its_own_schema() -> None:
    assert not Settings.from_arguments(ARGUMENTS).owns_sources
    assert Settings.from_arguments(replace("source", "dev.raw")).owns_sources


@pytest.mark.parametrize("date", ["2013-13-01", "01.07.2013", "tomorrow", "", "2013-07-01T00:00"])
def test_a_malformed_date_is_refused_with_the_form_to_write(date: str) -> None:
    with pytest.raises(ParameterError, match=r"as_of: .* YYYY-MM-DD"):
        Settings.from_arguments(replace("as_of", date))


@pytest.mark.parametrize("name", ["raw", "dev.raw; DROP TABLE x", "a.b.c", "dev.`raw`"])
def test_a_name_that_is_no_schema_is_refused_before_anything_is_read(name: str) -> None:
    with pytest.raises(ParameterError, match="parameter raw"):
        Settings.from_arguments(replace("raw", name))


def test_schemas_of_sources_are_listed_by_name() -> None:
    settings = Settings.from_arguments(replace("source_schemas", "shop=partners.shop x=a.b"))
    assert settings.source_schemas == {"shop": "partners.shop", "x": "a.b"}
    assert Settings.from_arguments(replace("source_schemas", "")).source_schemas == {}


@pytest.mark.parametrize("listed", ["shop", "shop=partners", "partners.shop", "a=b.c,d=e.f"])
def test_a_list_of_schemas_that_is_malformed_is_refused_with_the_form(listed: str) -> None:
    with pytest.raises(ParameterError, match=r"source_schemas: .* write name=catalog\.schema"):
        Settings.from_arguments(replace("source_schemas", listed))


def test_missing_and_unknown_parameters_are_named() -> None:
    with pytest.raises(ParameterError, match="parameter target is missing"):
        Settings.from_arguments([a for a in ARGUMENTS if not a.startswith("--target")])
    with pytest.raises(ParameterError, match="parameter colour is unknown"):
        Settings.from_arguments([*ARGUMENTS, "--colour=red"])


def test_an_argument_without_a_value_is_refused() -> None:
    with pytest.raises(ParameterError, match="'--as_of' is not of the form"):
        Settings.from_arguments(["--as_of"])


def test_an_empty_model_version_means_none() -> None:
    arguments = [*ARGUMENTS, *VALIDATION]
    assert ValidationSettings.from_arguments([*arguments, "--model_version="]).model_version is None
    assert ValidationSettings.from_arguments([*arguments, "--model_version=7"]).model_version == 7


@pytest.mark.parametrize("value", ["0", "-0.01", "1", "nan", "little"])
def test_a_margin_that_would_let_all_pass_or_none_is_refused(value: str) -> None:
    arguments = [*ARGUMENTS, *VALIDATION, f"--champion_share={value}"]
    with pytest.raises(ParameterError, match=f"parameter champion_share: '{value}' is refused"):
        ValidationSettings.from_arguments(arguments)


@pytest.mark.parametrize("target", ["prod", "prod_eu", "live"])
def test_prod_does_not_go_without_a_judgement_of_quality(target: str) -> None:
    arguments = [*VALIDATION, "--judge_quality=false"]
    with pytest.raises(ParameterError, match=f"judge_quality is false in the target {target}"):
        ValidationSettings.from_arguments([*replace("target", target), *arguments])
    for lenient in ("dev", "pull_request", "staging"):
        settings = [*replace("target", lenient), *arguments]
        assert not ValidationSettings.from_arguments(settings).judge_quality
    judged = [*replace("target", target), *VALIDATION]
    assert ValidationSettings.from_arguments(judged).judge_quality


def test_another_model_than_the_bundles_own_is_refused() -> None:
    arguments = [*replace("model_name", "dev.models.other"), *VALIDATION]
    with pytest.raises(ParameterError, match=r"dev.models.other, this job judges dev.models.model"):
        ValidationSettings.from_arguments(arguments)


def test_a_day_that_has_not_begun_is_refused() -> None:
    today = dt.datetime.now(dt.UTC).date()
    assert Settings.from_arguments(replace("as_of", str(today))).as_of == today
    with pytest.raises(ParameterError, match=f"it is {today} in UTC: name that day or an earlier"):
        Settings.from_arguments(replace("as_of", str(today + dt.timedelta(days=2))))
