"""The state to resume a training from: saved every so often, at SIGTERM, and when time is up.

Many clusters never deliver SIGTERM to the program, so the regular save is what counts.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cascade.training import checkpoint
from cascade.training.processes import Rank


class Interrupted(Exception):  # noqa: N818 - not an error: the training can be taken up again
    """The training stops before its end: why, and what is kept.

    Attributes
    ----------
    status
        Exit status that tells a shell the same.
    """

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


TERMINATED = 143
"""What a shell reports for a process ended by SIGTERM."""
TRY_AGAIN = 75
"""What `sysexits.h` has for a failure that passes."""


class Saving:
    """Looks between the steps of a training whether its state is to be saved.

    Parameters
    ----------
    path
        File of the state.
    minutes
        Time between two saves.
    rank
        Processes that train together stop at the same step; rank 0 writes.
    until
        Time on the monotonic clock at which the training has to stop.
    """

    def __init__(self, path: Path, minutes: float, rank: Rank, until: float = math.inf):
        self.path = path
        self.until = until
        self.rank = rank
        self.seconds = 60 * minutes
        self.saved = time.monotonic()
        self.asked = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to SIGTERM, and leave it to whoever had it before."""
        previous = signal.signal(signal.SIGTERM, self._ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, previous)

    def _ask(self, signum: int, frame: Any) -> None:
        self.asked = True

    def look(self, done: int, state: Callable[[], dict[str, Any]]) -> None:
        """Save the state behind so many steps if it is due; stop if that is asked for.

        Raises
        ------
        Interrupted
            SIGTERM came, or the time is up.
        """
        now = time.monotonic()
        asked, over, due = self.rank.any(
            self.asked, now > self.until, now - self.saved > self.seconds
        )
        if not (asked or over or due):
            return
        found = state()
        if self.rank.number == 0:
            checkpoint.save_state(self.path, found)
        self.saved = time.monotonic()
        if asked or over:
            self.rank.any(False)  # no process ends before the state is written
            why = "it was asked to" if asked else "its time is nearly over"
            raise Interrupted(
                f"stops at step {done}, for {why}; the same command goes on from here",
                TERMINATED if asked else TRY_AGAIN,
            )
