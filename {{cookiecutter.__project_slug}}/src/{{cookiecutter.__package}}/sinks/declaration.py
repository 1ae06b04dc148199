"""Reads which sinks the variable `sinks` declares."""

from __future__ import annotations

from typing import Annotated

import yaml
from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ..settings import ParameterError, describe_fault
from .files import FilesSink
from .kafka import KafkaSink
from .postgresql import PostgresqlSink

NONE = "none"
# A further kind of sink is one more module, and one more name here.
AnySink = Annotated[FilesSink | KafkaSink | PostgresqlSink, Field(discriminator="kind")]
SINKS: TypeAdapter[list[AnySink]] = TypeAdapter(list[AnySink])


def read_sinks(text: str) -> list[AnySink]:
    """Reads the declared sinks from YAML; the text `none` declares none.

    Raises:
        ParameterError: A field is missing, unknown or malformed, or two sinks share a name.
    """
    if text.strip() == NONE:
        return []
    try:
        sinks = SINKS.validate_python(yaml.safe_load(text))
    except yaml.YAMLError as fault:
        raise ParameterError(f"parameter sinks is not YAML: {fault}") from None
    except ValidationError as fault:
        raise ParameterError("\n".join(map(_describe, fault.errors()))) from None
    names = [sink.name for sink in sinks]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ParameterError(f"parameter sinks: two sinks are named {twice[0]}")
    return sinks


def _describe(fault: ErrorDetails) -> str:
    fault["loc"] = ("sinks", *fault["loc"])
    if fault["loc"][-1] == "address":
        # It may hold a password.
        fault["input"] = "the address"
    return describe_fault(fault)
