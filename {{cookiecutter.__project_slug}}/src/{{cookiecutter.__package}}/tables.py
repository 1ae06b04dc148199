"""Every table: its name, columns, keys, and what its rows must satisfy, in one place.

The raw tables' columns are also the data contracts of the sources (see `ingestion`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pyspark.sql.types import (
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from .settings import RunSettings, Settings

TYPES: dict[str, DataType] = {
    "boolean": BooleanType(),
    "date": DateType(),
    "double": DoubleType(),
    "int": IntegerType(),
    "long": LongType(),
    "string": StringType(),
    "timestamp": TimestampType(),
}


@dataclass(frozen=True)
class Column:
    """A column and the rules its values obey.

    Attributes:
        type: One of `TYPES`.
        comment: Meaning and unit.
        required: Null is refused.
        minimum, maximum: Inclusive range.
        allowed: The only values accepted, when not empty.
        forbidden: Why no model may use the value or anything made of it; empty where one may.
        personal: How a value that can identify a person is redacted in a mirror, 'hash' (a text
            that must still join) or 'drop'; empty for other values. Personal columns are tagged,
            and never a model input.
        sources: Of a feature: the `table.column` of the raw tables that it is made of.
    """

    name: str
    type: str
    comment: str
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    allowed: tuple[str, ...] = ()
    forbidden: str = ""
    personal: Literal["", "hash", "drop"] = ""
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.personal == "hash" and self.type != "string":
            raise ValueError(f"{self.name}: only a string can be hashed; drop it instead")


@dataclass(frozen=True)
class Table:
    """A table of one of the settings' schemas.

    Attributes:
        schema: The name of the setting that holds `catalog.schema`.
        keys: Columns that identify a row.
        time: Column that windows are cut by; the time-series key of a feature table.
        owner: Of a raw table: who answers for what is delivered.
    """

    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...]
    time: str
    owner: str = ""

    def full_name(self, settings: RunSettings) -> str:
        """`catalog.schema.table` in the run's target."""
        return f"{getattr(settings, self.schema)}.{self.name}"

    def source_name(self, settings: Settings) -> str:
        """`catalog.schema.table` where a raw table is read, perhaps another target's."""
        return f"{settings.source}.{self.name}"

    @property
    def struct(self) -> StructType:
        """The Spark schema, comments included; keys and required columns are not nullable."""
        return StructType([_to_field(c, c.required or c.name in self.keys) for c in self.columns])


def _to_field(column: Column, required: bool) -> StructField:
    return StructField(column.name, TYPES[column.type], not required, {"comment": column.comment})


ORIGINS = ("EWR", "JFK", "LGA")
# How far recent delays look back.
DELAY_HOURS = (3, 24)

FLIGHTS = Table(
    "raw",
    "flights",
    "Scheduled flights out of New York, one row per flight.",
    (
        Column("flight_id", "string", "date-carrier-number-origin", required=True),
        Column("scheduled_departure", "timestamp", "UTC", required=True),
        Column("carrier", "string", "two-letter IATA code", required=True),
        Column("flight_number", "int", "number within the carrier", required=True, minimum=1),
        Column("tail_number", "string", "aircraft; registers name its owner", personal="hash"),
        Column("origin", "string", "IATA airport code", required=True, allowed=ORIGINS),
        Column("destination", "string", "IATA airport code", required=True),
        Column("distance", "double", "miles", required=True, minimum=1, maximum=10_000),
    ),
    ("flight_id",),
    "scheduled_departure",
    owner="flight operations",
)

OUTCOMES = Table(
    "raw",
    "outcomes",
    "What became of a flight, from the moment it was known. A correction is a further row.",
    (
        Column("flight_id", "string", "as in flights", required=True),
        Column("known_at", "timestamp", "UTC; landed and reported", required=True),
        Column("carrier", "string", "two-letter IATA code", required=True),
        Column("origin", "string", "IATA airport code", required=True, allowed=ORIGINS),
        Column(
            "departure_delay",
            "double",
            "minutes",
            minimum=-120,
            maximum=2_880,
            forbidden="known only when the flight departs, after the prediction",
        ),
        Column("arrival_delay", "double", "minutes", required=True, minimum=-180, maximum=2_880),
    ),
    ("flight_id", "known_at"),
    "known_at",
    owner="flight operations",
)

WEATHER = Table(
    "raw",
    "weather",
    "Hourly weather observed at the airports of origin.",
    (
        Column("origin", "string", "IATA airport code", required=True, allowed=ORIGINS),
        Column("observed_at", "timestamp", "UTC, on the hour", required=True),
        Column("temperature", "double", "degrees Fahrenheit", minimum=-40, maximum=130),
        Column("dew_point", "double", "degrees Fahrenheit", minimum=-60, maximum=110),
        Column("humidity", "double", "percent", minimum=0, maximum=100),
        Column("wind_direction", "double", "degrees", minimum=0, maximum=360),
        Column("wind_speed", "double", "miles per hour", minimum=0, maximum=200),
        Column("precipitation", "double", "inches per hour", minimum=0, maximum=15),
        Column("pressure", "double", "millibar", minimum=850, maximum=1_090),
        Column("visibility", "double", "miles", minimum=0, maximum=20),
    ),
    ("origin", "observed_at"),
    "observed_at",
    owner="weather desk",
)

QUARANTINE = Table(
    "raw",
    "quarantine",
    "Source rows that broke their contract, with the reason.",
    (
        Column("row_id", "string", "digest of source, row and occurrence"),
        Column("source", "string", "table the row was meant for"),
        Column("as_of", "date", "run that first saw it"),
        Column("reason", "string", "every rule that the row breaks"),
        Column("row", "string", "the row as JSON, with whatever it says", personal="drop"),
    ),
    ("row_id",),
    "as_of",
)

ORIGIN_WEATHER = Table(
    "features",
    "origin_weather",
    "Latest weather known at an airport of origin.",
    (
        Column("origin", "string", "IATA airport code"),
        Column("known_at", "timestamp", "UTC; an hour after the observation"),
        *(
            replace(column, sources=(f"weather.{column.name}",))
            for column in WEATHER.columns
            if column.name not in WEATHER.keys
        ),
    ),
    ("origin", "known_at"),
    "known_at",
)


def _delay_columns(entity: str) -> tuple[Column, ...]:
    sources = (f"outcomes.{entity}", "outcomes.known_at", "outcomes.arrival_delay")
    return tuple(
        Column(f"{entity}_{name}_{h}h", "double", comment.format(h=h), sources=sources)
        for h in DELAY_HOURS
        for name, comment in (
            ("landed", "flights landed in the last {h} hours"),
            ("late_share", "share of those that were late, {h} h"),
            ("mean_delay", "their mean arrival delay, min, {h} h"),
        )
    )


ORIGIN_DELAYS = Table(
    "features",
    "origin_delays",
    "Recent delays of landed flights by airport of origin, hourly.",
    (
        Column("origin", "string", "IATA airport code"),
        Column("known_at", "timestamp", "UTC, on the hour"),
        *_delay_columns("origin"),
    ),
    ("origin", "known_at"),
    "known_at",
)

CARRIER_DELAYS = Table(
    "features",
    "carrier_delays",
    "Recent delays of landed flights by carrier, hourly.",
    (
        Column("carrier", "string", "two-letter IATA code"),
        Column("known_at", "timestamp", "UTC, on the hour"),
        *_delay_columns("carrier"),
    ),
    ("carrier", "known_at"),
    "known_at",
)

VALIDATION_RESULTS = Table(
    "models",
    "validation_results",
    "Every check of every model version.",
    (
        Column("model_version", "int", "version in the registry"),
        Column("check", "string", "name of the check; 'decision' sums up"),
        Column("slice", "string", "part of the rows, such as origin=JFK; empty for all"),
        Column("as_of", "date", "run that judged"),
        Column("metric", "string", "what was measured"),
        Column("value", "double", "its value"),
        Column("lower", "double", "lower end of the interval"),
        Column("upper", "double", "upper end of the interval"),
        Column("threshold", "double", "what the check demands"),
        Column("verdict", "string", "passed, failed, inconclusive (blocks too) or reported"),
        Column("reason", "string", "in words"),
        Column("champion_version", "int", "version compared with; null for a first model"),
        Column("run_id", "string", "MLflow run that trained the version"),
        Column("window_start", "timestamp", "UTC; first scheduled departure evaluated"),
        Column("window_end", "timestamp", "UTC; exclusive"),
        Column("judged_at", "timestamp", "UTC; when the check was made"),
        Column("seconds", "double", "what the check took"),
    ),
    ("model_version", "check", "slice"),
    "as_of",
)

PROMOTIONS = Table(
    "models",
    "promotions",
    "Which version became champion when, by promotion or rollback; the last one counts.",
    (
        Column("number", "int", "1, 2, 3, in order"),
        Column("model_version", "int", "version in the registry"),
        Column("as_of", "date", "date from which it is the champion"),
        Column("former_version", "int", "champion before; null for the first"),
        Column("kind", "string", "promotion or rollback"),
        Column("by", "string", "who, as far as it is known"),
        Column("reason", "string", "in words"),
        Column("request", "string", "job run that asked for a rollback; null for a promotion"),
        Column("changed_at", "timestamp", "UTC; when it was recorded"),
    ),
    ("number",),
    "as_of",
)

TRANSITIONS = Table(
    "models",
    "transitions",
    "Every change of a version's state.",
    (
        Column("model_version", "int", "version in the registry"),
        Column("state", "string", "pending, validating, awaiting_approval, champion, ..."),
        Column("as_of", "date", "run that changed it"),
        Column("by", "string", "who, as far as it is known"),
        Column(
            "evidence", "string", "digest of the results it rests on; empty before they are there"
        ),
        Column("reason", "string", "in words"),
        Column("changed_at", "timestamp", "UTC; when it was recorded"),
    ),
    ("model_version", "state", "as_of", "evidence", "reason"),
    "as_of",
)

PREDICTIONS = Table(
    "predictions",
    "predictions",
    "Probability that a flight arrives late, as the champion of the time saw it.",
    (
        Column("flight_id", "string", "as in flights"),
        Column("model_version", "int", "version that scored"),
        Column("scheduled_departure", "timestamp", "UTC"),
        Column("probability", "double", "of arriving more than 15 minutes late"),
        Column("as_of", "date", "run that scored"),
    ),
    ("flight_id", "model_version"),
    "scheduled_departure",
)

METRICS = Table(
    "monitoring",
    "metrics",
    "One row per fact that monitoring observed.",
    (
        Column("as_of", "date", "run that observed"),
        Column("window_start", "timestamp", "UTC; first scheduled departure observed"),
        Column("window_end", "timestamp", "UTC; exclusive"),
        Column("model_version", "int", "version that scored"),
        Column("kind", "string", "input_drift, prediction_drift, performance or volume"),
        Column("subject", "string", "column, or 'predictions'"),
        Column("statistic", "string", "psi, auc, log_loss, brier, rows or labels"),
        Column("value", "double", "null when it cannot be computed"),
        Column("threshold", "double", "from the variation inside training; null: not judged"),
        Column("alert", "boolean", "value beyond threshold"),
    ),
    ("as_of", "window_start", "model_version", "kind", "subject", "statistic"),
    "as_of",
)

WINDOWS = Table(
    "monitoring",
    "windows",
    "Which window of which table a run finished, and the row counts.",
    (
        Column("table", "string", "table written"),
        Column("as_of", "date", "run"),
        Column("window_start", "timestamp", "UTC"),
        Column("window_end", "timestamp", "UTC; exclusive"),
        Column("inputs", "string", "digest of what the rows were computed from"),
        Column("recipe", "string", "digest of code and source; of raw rows, where they are from"),
        Column("table_version", "long", "Delta version after the window"),
        Column("rows_in", "long", "rows delivered"),
        Column("rows_kept", "long", "rows that satisfy the contract"),
        Column("rows_quarantined", "long", "rows that do not"),
    ),
    ("table", "as_of"),
    "as_of",
)

RAW_TABLES = (FLIGHTS, OUTCOMES, WEATHER)
FEATURE_TABLES = (ORIGIN_WEATHER, ORIGIN_DELAYS, CARRIER_DELAYS)
RECORD_TABLES = (
    QUARANTINE, VALIDATION_RESULTS, PROMOTIONS, TRANSITIONS, PREDICTIONS, METRICS, WINDOWS,
)  # fmt: skip


def name_trained_tables(settings: Settings) -> dict[Table, str]:
    """The tables that every training reads, with their full names."""
    names = {table: table.full_name(settings) for table in FEATURE_TABLES}
    return names | {table: table.source_name(settings) for table in (FLIGHTS, OUTCOMES)}
