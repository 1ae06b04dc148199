"""Shows what the tasks say of their progress, in the same words wherever they run."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PACKAGE = __name__.split(".", maxsplit=1)[0]


@contextmanager
def show_messages() -> Iterator[None]:
    """Shows the package's messages in the output of this process, inside the block.

    In a workspace the root logger shows warnings alone. A laptop shows the messages already, and
    keeps its own way.
    """
    logger = logging.getLogger(PACKAGE)
    if logger.isEnabledFor(logging.INFO):
        yield
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    former = logger.level, logger.propagate
    logger.addHandler(handler)
    # A handler of the root logger would show each message once more.
    logger.level, logger.propagate = logging.INFO, False
    try:
        yield
    finally:
        logger.level, logger.propagate = former
        logger.removeHandler(handler)
