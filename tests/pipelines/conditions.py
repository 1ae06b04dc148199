"""Evaluates the conditions of stages and steps: the few functions that the pipelines use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(r"\s*(variables\['[\w.]+'\]|'[^']*'|\w+|[(),])")


@dataclass(frozen=True)
class Situation:
    """What a condition can ask.

    Attributes:
        status: Of what came before: succeeded, failed, cancelled or skipped.
    """

    status: str
    variables: Mapping[str, str]


STATUS: dict[str, Callable[[str], bool]] = {
    "always": lambda status: True,
    "succeeded": lambda status: status == "succeeded",
    "failed": lambda status: status == "failed",
    "canceled": lambda status: status == "cancelled",
    "succeededOrFailed": lambda status: status in ("succeeded", "failed"),
}
FUNCTIONS: dict[str, Callable[..., bool]] = {
    "and": lambda *values: all(map(is_true, values)),
    "or": lambda *values: any(map(is_true, values)),
    "not": lambda value: not is_true(value),
    # Texts are compared without regard to case.
    "eq": lambda a, b: str(a).lower() == str(b).lower(),
    "ne": lambda a, b: str(a).lower() != str(b).lower(),
    "startsWith": lambda text, start: str(text).lower().startswith(str(start).lower()),
}


def is_true(value: object) -> bool:
    """Whether Azure takes a value for true."""
    return value is True or str(value).lower() == "true"


def evaluate(condition: str, situation: Situation) -> bool:
    """Whether a condition holds.

    Raises:
        ValueError: It is malformed, or uses something unknown.
    """
    tokens = TOKEN.findall(condition)
    if "".join(tokens) != re.sub(r"\s+(?=(?:[^']*'[^']*')*[^']*$)", "", condition):
        raise ValueError(f"cannot read the condition {condition}")
    value = read_value(tokens, situation)
    if tokens:
        raise ValueError(f"{condition}: {' '.join(tokens)} is left over")
    return is_true(value)


def read_value(tokens: list[str], situation: Situation) -> Any:
    """The value that the next tokens make; takes them away."""
    token = tokens.pop(0)
    if token.startswith("'"):
        return token[1:-1]
    if token.startswith("variables["):
        return situation.variables.get(token[len("variables['") : -len("']")], "")
    if token in ("true", "false"):
        return token == "true"
    arguments = read_arguments(tokens, situation)
    if token in STATUS:
        return STATUS[token](situation.status)
    if token in FUNCTIONS:
        return FUNCTIONS[token](*arguments)
    raise ValueError(f"there is no function {token}")


def read_arguments(tokens: list[str], situation: Situation) -> list[Any]:
    """The values between parentheses."""
    if not tokens or tokens.pop(0) != "(":
        raise ValueError("a function needs parentheses")
    arguments = []
    while tokens and tokens[0] != ")":
        arguments.append(read_value(tokens, situation))
        if tokens and tokens[0] == ",":
            tokens.pop(0)
    if not tokens:
        raise ValueError("a parenthesis is not closed")
    tokens.pop(0)
    return arguments
