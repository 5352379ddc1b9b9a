"""A file that HDF5 can write to on a disk that may be full.

The HDF5 library does not survive a write that fails: what it could not write it tries to write
again whenever an object is closed, with an error each time, and at last it crashes the process. So
it is given a file that takes all it is given, and keeps the first failure for whoever asks.
"""

from __future__ import annotations

import io
import os
from contextlib import suppress


class GuardedFile(io.FileIO):
    """A new file, open for reading and writing, whose writing never seems to fail.

    Attributes
    ----------
    error
        What went wrong first; nothing was written since.
    """

    def __init__(self, path: str | os.PathLike):
        super().__init__(path, "w+")
        self.error: OSError | None = None

    def write(self, data: bytes | memoryview) -> int:
        """Write all of the data, or take note of the error."""
        view = memoryview(data)
        done = 0
        while done < len(view) and self.error is None:
            try:
                done += super().write(view[done:])
            except OSError as error:
                self.error = error
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Set the length of the file, or take note of the error."""
        if self.error is None:
            try:
                return super().truncate(size)
            except OSError as error:
                self.error = error
        return 0 if size is None else size

    def check(self) -> None:
        """Raise what went wrong, if anything did."""
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Close the file; a failure to do so is noted too."""
        try:
            super().close()
        except OSError as error:
            self.error = self.error or error
            with suppress(OSError):
                super().close()
