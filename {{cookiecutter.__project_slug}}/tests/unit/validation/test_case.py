"""Whether the feature client is asked to score follows from MLflow's version and the session."""

from __future__ import annotations

import pytest

from {{ cookiecutter.__package }}.validation.case import explain_omission

from .cases import SETTINGS


@pytest.mark.parametrize(
    ("fresh", "version", "is_connect", "said"),
    [
        (False, "3.15.0", False, "not asked for; the variable fresh_environment asks for it"),
        (True, "3.8.1", True, "mlflow 3.8.1 ships no model over Spark Connect, 3.15 does"),
        (True, "3.14.2", True, "mlflow 3.14.2 ships no model over Spark Connect, 3.15 does"),
        (True, "3.15.0rc1", True, None),
        (True, "4.0.0", True, None),
        (True, "3.8.1", False, None),
    ],
)
def test_the_feature_client_is_left_out_where_no_model_can_be_shipped(
    fresh: bool, version: str, is_connect: bool, said: str | None
) -> None:
    settings = SETTINGS.model_copy(update={"fresh_environment": fresh})
    assert explain_omission(settings, version, is_connect=is_connect) == said
