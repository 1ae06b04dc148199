"""What varies by target and by run: parsed once from a task's parameters, then frozen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

IDENTIFIER = r"[A-Za-z0-9_]+"
SchemaName = Annotated[str, StringConstraints(pattern=rf"^{IDENTIFIER}\.{IDENTIFIER}$")]
ReadSchema = Annotated[SchemaName, "read-only"]
Margin = Annotated[float, Field(gt=0, lt=1)]
ModelName = Annotated[str, StringConstraints(pattern=rf"^{IDENTIFIER}(\.{IDENTIFIER}){{2}}$")]


def is_shared(target: str) -> bool:
    """Whether others rely on a target, so that only committed code may make models there."""
    return not target.startswith(("dev", "pull_request"))


class ParameterError(ValueError):
    """A task parameter that is missing, unknown or malformed; one line per fault."""


class RunSettings(BaseModel):
    """What every task of every job is told.

    Attributes:
        as_of: The date (00:00 UTC) before which facts are known to the run.
        target: The bundle target that runs, such as dev or prod.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    as_of: dt.date
    target: str

    @field_validator("as_of", mode="before")
    @classmethod
    def parse_date(cls, value: str) -> dt.date:
        """Accepts YYYY-MM-DD and nothing else."""
        try:
            return dt.datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=dt.UTC).date()
        except ValueError as error:
            raise ValueError("write a calendar date as YYYY-MM-DD, such as 2013-07-01") from error

    @property
    def cutoff(self) -> dt.datetime:
        """The instant `as_of` begins, in UTC: later facts are unknown."""
        return dt.datetime.combine(self.as_of, dt.time(), dt.UTC)

    @classmethod
    def from_arguments(cls, arguments: Sequence[str]) -> Self:
        """Parses `--name=value` arguments, as a Python wheel task receives them.

        Raises:
            ParameterError: An argument is malformed, unknown, missing or invalid.
        """
        malformed = [a for a in arguments if not (a.startswith("--") and "=" in a)]
        if malformed:
            raise ParameterError(f"{malformed[0]!r} is not of the form --name=value")
        try:
            return cls.model_validate(dict(a[2:].split("=", 1) for a in arguments))
        except ValidationError as error:
            raise ParameterError("\n".join(map(_describe, error.errors()))) from None


class Settings(RunSettings):
    """The parameters of the tasks of a model's life.

    Attributes:
        source: `catalog.schema` that raw tables are read from.
        raw: `catalog.schema` of raw tables and quarantine, in the target's own catalog.
        features: `catalog.schema` of the feature tables.
        models: `catalog.schema` of validation results and promotions.
        predictions: `catalog.schema` of the predictions.
        monitoring: `catalog.schema` of metrics and of the record of windows.
        model_name: `catalog.schema.model` in the registry.
        experiment: Name of the MLflow experiment.
        owner: E-mail address of who answers for the model.
        code_commit: The commit the bundle was deployed from; empty when unknown.
        tree: Whether that commit was all there was: clean, dirty or unknown.
        window_days: Days before `as_of` that a run scores and monitors.
        webhook_scope: Secret scope whose `webhook_url` hears of versions' states; empty for none.
        fresh_environment: Whether the gate installs a version's requirements to see that it works.
    """

    source: ReadSchema
    raw: SchemaName
    features: SchemaName
    models: SchemaName
    predictions: SchemaName
    monitoring: SchemaName
    model_name: ModelName
    experiment: str
    owner: str = ""
    code_commit: str = ""
    tree: str = "unknown"
    window_days: int = Field(default=28, gt=0)
    fresh_environment: bool = False
    webhook_scope: str = ""

    @property
    def owns_sources(self) -> bool:
        """Whether raw tables are the target's own, rather than read from another catalog."""
        return self.source == self.raw


class SetupSettings(Settings):
    """Adds the job to link to the model, which only a deployed bundle knows."""

    deployment_job_id: str


class ValidationSettings(Settings):
    """Adds what the deployment job is told.

    Attributes:
        model_version: The version to judge; empty means the version trained for `as_of`.
        approval: Whether a person must approve an accepted version.
        registered_model: The bundle's own model; `model_name` is the one that is asked for.
        champion_margin: AUC by which a challenger may be worse than the champion.
        slice_margin: AUC by which a slice may be worse than the champion's.
        superiority: Whether a challenger must be better than the champion, not only not worse.
    """

    model_version: int | None = None
    registered_model: ModelName
    approval: Literal["required", "automatic"] = "automatic"
    champion_margin: Margin
    slice_margin: Margin
    superiority: bool

    @field_validator("model_version", mode="before")
    @classmethod
    def read_empty_as_none(cls, value: str) -> str | None:
        """A job parameter cannot be absent, only empty."""
        return value or None

    @model_validator(mode="after")
    def refuse_other_models(self) -> Self:
        """The job judges the bundle's own model and no other."""
        if self.model_name != self.registered_model:
            raise ValueError(
                f"model_name is {self.model_name}, this job judges {self.registered_model}: "
                "start it with that, or without model_name"
            )
        return self


class RollbackSettings(Settings):
    """Adds what a rollback is told.

    Attributes:
        model_version: The version to return to; empty means the champion before this one.
        reason: Why, in words.
        by: Who wants it.
        request: The job run that is told so; repaired, it has done so already.
    """

    model_version: int | None = None
    reason: str = Field(min_length=1)
    by: str = Field(min_length=1)
    request: str

    @field_validator("model_version", mode="before")
    @classmethod
    def read_empty_as_none(cls, value: str) -> str | None:
        """A job parameter cannot be absent, only empty."""
        return value or None


class MirrorSettings(RunSettings):
    """What is copied where, and how.

    Attributes:
        mirrored: `catalog.schema` of the raw tables to copy.
        mirror: `catalog.schema` of the copy.
        sample_fraction: Share of the entities to copy, above 0 and up to 1.
        secret_scope: Scope of the secret `redaction_key`.
    """

    mirrored: ReadSchema
    mirror: SchemaName
    sample_fraction: float = Field(gt=0, le=1)
    secret_scope: str


def _describe(fault: ErrorDetails) -> str:
    name = ".".join(map(str, fault["loc"]))
    if not name:
        return f"parameters: {fault['msg']}"
    if fault["type"] == "missing":
        return f"parameter {name} is missing: add it to the task's named_parameters"
    if fault["type"] == "extra_forbidden":
        return f"parameter {name} is unknown: remove it from the task's or the job's parameters"
    return f"parameter {name}: {fault['input']!r} is refused: {fault['msg']}"
