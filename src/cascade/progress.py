"""Progress for people: a bar with the time left in a terminal, plain lines in a log."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path
from types import TracebackType

from cascade.errors import CascadeError
from cascade.files import reason

LOGGER = logging.getLogger("cascade")


def start_log(path: str | Path | None) -> None:
    """Send messages to standard error, and to a log file if one is named."""
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    for handler in LOGGER.handlers[:]:
        LOGGER.removeHandler(handler)
        handler.close()
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if path is not None:
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            handlers.append(logging.FileHandler(path, mode="w"))
        except OSError as error:
            raise CascadeError(f"{path}: cannot be written: {reason(error)}") from error
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        LOGGER.addHandler(handler)


class Progress:
    """Progress of one task of known length.

    Parameters
    ----------
    task
        What is being done, e.g. ``"jets/cnn"``.
    total
        Steps in all.
    every
        Seconds between two plain lines about steps; a terminal's bar moves at every step.
    """

    def __init__(self, task: str, total: int, every: float = 15.0):
        self.task = task
        self.total = total
        self.every = every
        self.first = 0
        self.spoken = self.started = time.monotonic()
        self.bar = None

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress as Bar

            self.bar = Bar(console=Console(stderr=True), transient=True)
            self.bar.start()
            self.bar_task = self.bar.add_task(self.task, total=self.total)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def resume(self, done: int) -> None:
        """Say how many steps were done before this process."""
        self.first = done

    def step(self, done: int) -> None:
        """Say how many steps are done."""
        if self.bar is not None:
            self.bar.update(self.bar_task, completed=done)
        elif time.monotonic() - self.spoken > self.every:
            gone = time.monotonic() - self.started
            left = gone / max(done - self.first, 1) * (self.total - done)
            self.say(f"{done}/{self.total} done, at most {clock(left)} left")

    def say(self, message: str) -> None:
        """Write a line about the task."""
        self.spoken = time.monotonic()
        LOGGER.info("%s: %s", self.task, message)


def clock(seconds: float) -> str:
    """Return a duration as minutes and seconds.

    >>> clock(75.2)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
