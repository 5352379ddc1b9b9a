"""Memory that is freed stays with the process, to be used again.

By default glibc gives each large block back to the kernel as soon as it is freed, and the kernel
clears all pages that it gives anew. The steps of a training, and chunks of events, ask for the same
blocks again and again: for convolutions over traces that is a fifth of a step.
"""

from __future__ import annotations

import ctypes

# names and numbers of <malloc.h>
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
LARGEST = 2**31 - 1


def keep_freed() -> bool:
    """Have the C library keep what is freed; return whether it knows how (glibc does)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    done = [mallopt(option, LARGEST) for option in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD)]
    return all(done)
