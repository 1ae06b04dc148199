"""Work on tables that do not depend on each other, several at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def do_in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> dict[Item, Result]:
    """The result of `work` for each item; each leaves the cluster idle for part of its time.

    Raises:
        Exception: What the first item that failed raised, when all have ended.
    """
    some = list(items)
    with ThreadPoolExecutor() as pool:
        return dict(zip(some, pool.map(work, some), strict=True))
