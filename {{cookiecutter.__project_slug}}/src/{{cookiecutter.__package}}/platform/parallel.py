"""Does independent pieces of work at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def do_in_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> dict[Item, Result]:
    """Does `work` for all items at once: one alone leaves the cluster idle part of the time.

    Usage: `do_in_parallel(lambda table: count(spark, table), RAW_TABLES)`.

    Returns:
        The result for each item.

    Raises:
        Exception: The error of the first item that failed, after all items have ended.
    """
    some = list(items)
    with ThreadPoolExecutor() as pool:
        return dict(zip(some, pool.map(work, some), strict=True))
