"""The settings of the tasks: parsed once from a task's parameters, then frozen.

Each setting that names a schema or a model says whether the job reads or writes that place.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
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
WrittenSchema = Annotated[SchemaName, "written"]
ModelName = Annotated[str, StringConstraints(pattern=rf"^{IDENTIFIER}(\.{IDENTIFIER}){{2}}$")]
ReadModel = Annotated[ModelName, "read-only"]
WrittenModel = Annotated[ModelName, "written"]
LISTED_SCHEMA = re.compile(rf"{IDENTIFIER}={IDENTIFIER}\.{IDENTIFIER}")
Share = Annotated[float, Field(gt=0, lt=1)]


# Where jobs are tested: nobody acts on predictions there.
TEST_TARGETS = ("dev", "pull_request", "staging")


def is_shared(target: str) -> bool:
    """Tells whether other people rely on a target: only committed code may make models there."""
    return not target.startswith(("dev", "pull_request"))


def to_instant(day: dt.date) -> dt.datetime:
    """Returns the instant at which a day begins, in UTC."""
    return dt.datetime.combine(day, dt.time(), dt.UTC)


class ParameterError(ValueError):
    """A task got a parameter that is missing, unknown or malformed; each fault has its line."""


class RunSettings(BaseModel):
    """The settings of every task of every job.

    Attributes:
        as_of: The run knows the facts from before this date (00:00 UTC) and no others.
        target: The bundle target that runs, such as dev or prod.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    as_of: dt.date
    target: str

    @field_validator("as_of", mode="before")
    @classmethod
    def parse_date(cls, value: str) -> dt.date:
        """Parses YYYY-MM-DD and refuses every other form."""
        try:
            return dt.datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=dt.UTC).date()
        except ValueError as error:
            raise ValueError("write a calendar date as YYYY-MM-DD, such as 2013-07-01") from error

    @field_validator("as_of")
    @classmethod
    def refuse_the_future(cls, value: dt.date) -> dt.date:
        """Refuses a day that has not begun: a champion of that day would outrank all until then."""
        today = dt.datetime.now(dt.UTC).date()
        if value > today:
            raise ValueError(f"it is {today} in UTC: name that day or an earlier one")
        return value

    @property
    def cutoff(self) -> dt.datetime:
        """The instant at which `as_of` begins, in UTC: the run knows no later fact."""
        return to_instant(self.as_of)

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
            raise ParameterError("\n".join(map(describe_fault, error.errors()))) from None


class Settings(RunSettings):
    """The settings of the tasks in a model's life.

    Attributes:
        source: `catalog.schema` that raw tables are read from.
        source_schemas: `catalog.schema` by name, of other catalogs that sources read tables of.
        raw: `catalog.schema` of raw tables and quarantine, in the target's own catalog.
        features: `catalog.schema` of the feature tables.
        models: `catalog.schema` of validation results and promotions.
        predictions: `catalog.schema` of the predictions.
        monitoring: `catalog.schema` of metrics and of the record of windows.
        model_name: `catalog.schema.model` in the registry.
        experiment: Name of the MLflow experiment.
        owner: E-mail address of the person who answers for the model.
        code_commit: The commit that the bundle was deployed from; empty when unknown.
        tree: "clean" when the deployed code was exactly that commit, else "dirty" or "unknown".
        window_days: Days before `as_of` that a run monitors, and scores where nobody predicted.
        webhook_scope: Secret scope of `webhook_url`, which is told each change of a version's
            state; empty to tell nobody.
        fresh_environment: Whether the gate scores a version in a new environment, with nothing
            installed but the version's requirements.
    """

    source: ReadSchema
    source_schemas: Annotated[Mapping[str, SchemaName], "read-only"] = {}
    raw: WrittenSchema
    features: WrittenSchema
    models: WrittenSchema
    predictions: WrittenSchema
    monitoring: WrittenSchema
    model_name: WrittenModel
    experiment: str
    owner: str = ""
    code_commit: str = ""
    tree: str = "unknown"
    window_days: int = Field(default=28, gt=0)
    fresh_environment: bool = False
    webhook_scope: str = ""

    @field_validator("source_schemas", mode="before")
    @classmethod
    def parse_schemas(cls, value: str | Mapping[str, str]) -> Mapping[str, str]:
        """Parses name=catalog.schema, separated by spaces, and refuses every other form."""
        if not isinstance(value, str):
            return value
        listed = value.split()
        if not all(map(LISTED_SCHEMA.fullmatch, listed)):
            raise ValueError("write name=catalog.schema, separated by spaces")
        return dict(schema.split("=") for schema in listed)

    @property
    def owns_sources(self) -> bool:
        """Whether the target writes its own raw tables, rather than reading another catalog's."""
        return self.source == self.raw


class SetupSettings(Settings):
    """Adds the job that `setup` links to the model; only a deployed bundle knows its id."""

    deployment_job_id: str


class ValidationSettings(Settings):
    """Adds the settings of the deployment job.

    Attributes:
        model_version: The version to judge; empty means the version trained for `as_of`.
        approval: Whether a person must approve an accepted version.
        registered_model: The bundle's own model; MLflow may ask for another one in `model_name`.
        champion_share: Share of the champion's gain over naive scores by which a challenger may be
            worse.
        slice_share: Share of that gain by which one slice may be worse.
        superiority: Whether a challenger must be better than the champion, or just not worse.
        judge_quality: Whether a version must also perform well, rather than only be in order.
    """

    model_version: int | None = None
    registered_model: ReadModel
    approval: Literal["required", "automatic"] = "automatic"
    champion_share: Share
    slice_share: Share
    superiority: bool
    judge_quality: bool = True

    @field_validator("model_version", mode="before")
    @classmethod
    def read_empty_as_none(cls, value: str) -> str | None:
        """Reads an empty text as None: a job parameter can be empty, but never absent."""
        return value or None

    @model_validator(mode="after")
    def refuse_other_models(self) -> Self:
        """Refuses to judge any model but the bundle's own."""
        if self.model_name != self.registered_model:
            raise ValueError(
                f"model_name is {self.model_name}, this job judges {self.registered_model}: "
                "start it with that, or without model_name"
            )
        return self

    @model_validator(mode="after")
    def refuse_unjudged_quality(self) -> Self:
        """Refuses to make an unjudged version champion where its predictions are used."""
        if not self.judge_quality and not self.target.startswith(TEST_TARGETS):
            raise ValueError(
                f"judge_quality is false in the target {self.target}: only"
                f" {', '.join(TEST_TARGETS)} may go without"
            )
        return self


class RollbackSettings(Settings):
    """Adds the settings of a rollback.

    Attributes:
        model_version: The version to return to; empty means the champion before this one.
        reason: The reason for the rollback, in words.
        by: The person who asks for the rollback.
        request: The id of the job run. A repaired run keeps its id, so it goes back only once.
    """

    model_version: int | None = None
    reason: str = Field(min_length=1)
    by: str = Field(min_length=1)
    request: str

    @field_validator("model_version", mode="before")
    @classmethod
    def read_empty_as_none(cls, value: str) -> str | None:
        """Reads an empty text as None: a job parameter can be empty, but never absent."""
        return value or None


class MirrorSettings(RunSettings):
    """The settings of a mirror.

    Attributes:
        mirrored: `catalog.schema` of the raw tables to copy.
        mirror: `catalog.schema` of the copy.
        sample_fraction: Share of the entities to copy, above 0 and up to 1.
        secret_scope: Scope of the secret `redaction_key`.
    """

    mirrored: ReadSchema
    mirror: WrittenSchema
    sample_fraction: float = Field(gt=0, le=1)
    secret_scope: str


class StreamSettings(Settings):
    """Adds how long the stream runs.

    Attributes:
        is_continuous: Whether the stream waits for more, rather than to end with what is there.
    """

    is_continuous: bool = False


class SinkSettings(Settings):
    """Adds the sinks.

    Attributes:
        sinks: The systems that are handed the predictions in force, as YAML, or the text `none`.
    """

    sinks: str


class ServingSettings(Settings):
    """Adds the endpoint.

    Attributes:
        endpoint: Name of the endpoint, and of the online store that it looks features up in.
    """

    endpoint: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]$")

    @model_validator(mode="after")
    def refuse_copies(self) -> Self:
        """Refuses to serve from a copy for a pull request, which would cost and be forgotten."""
        if self.target.startswith("pull_request"):
            raise ValueError(f"online is true in the target {self.target}: nothing is served there")
        return self


def describe_fault(fault: ErrorDetails) -> str:
    """Describes what is wrong with a parameter, and what to do."""
    name = ".".join(map(str, fault["loc"]))
    if not name:
        return f"parameters: {fault['msg']}"
    if fault["type"] == "missing":
        return f"parameter {name} is missing: add it to the task's named_parameters"
    if fault["type"] == "extra_forbidden":
        return f"parameter {name} is unknown: remove it from the task's or the job's parameters"
    return f"parameter {name}: {fault['input']!r} is refused: {fault['msg']}"
