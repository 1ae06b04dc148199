"""Errors for people: each message says what is wrong and what to do."""

from __future__ import annotations


class Refusal(ValueError):
    """A command cannot do what it was asked for; the message has one line for each reason."""


def refuse(reasons: list[str]) -> None:
    """Raises when there are reasons.

    Raises:
        Refusal: There is at least one.
    """
    if reasons:
        raise Refusal("\n".join(reasons))
