"""The processes that train one network together: one a GPU, or side by side on CPU.

The process that was asked to train is rank 0 and starts the others itself, so a training stays one
command, whoever starts it: a shell, Snakemake, the job of a cluster. Every process draws the same
batches and takes its share of each; torch brings their gradients together (DDP, Li et al.,
arXiv:2006.15704). Rank 0 alone writes files and messages. When it ends, however it does, no other
process is left: the kernel sends them after it.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from types import MappingProxyType
from typing import Any

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from cascade.allocation import keep_freed
from cascade.errors import CascadeError
from cascade.progress import LOGGER

HOST = "127.0.0.1"  # all of them are on one machine
PR_SET_PDEATHSIG = 1
GRACE = 20.0
"""Seconds that the others are given to end when one of them has."""


def _fixed(content: dict) -> MappingProxyType:
    return MappingProxyType(content)


# what a study declares may hold these, and goes to the other processes
ForkingPickler.register(MappingProxyType, lambda fixed: (_fixed, (dict(fixed),)))


@dataclass(frozen=True)
class Rank:
    """The place of a process among those that train together."""

    number: int = 0
    of: int = 1
    port: int = 0
    """Where they meet."""

    def device(self, device: torch.device) -> torch.device:
        """Return the process's own device of a kind."""
        return torch.device("cuda", self.number) if device.type == "cuda" else device

    def join(self, device: torch.device) -> None:
        """Wait for the others; from then on they compute together. Nothing to do for one alone."""
        if device.type == "cuda":
            torch.cuda.set_device(device)  # where messages to the others lie
        if self.of > 1:
            # without a network, too, they find each other
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
            store = distributed.TCPStore(HOST, self.port, wait_for_workers=False)
            distributed.init_process_group(
                "nccl" if device.type == "cuda" else "gloo",
                store=store,
                rank=self.number,
                world_size=self.of,
                device_id=device if device.type == "cuda" else None,
            )

    def share(self, network: nn.Module, device: torch.device) -> nn.Module:
        """Return a network whose gradients are the mean of those of all processes."""
        if self.of == 1:
            return network
        # looking for unused parameters keeps the buckets of gradients as they are at the first
        # step, so that sums are rounded alike before and after a resume; and there may be some
        devices = [device] if device.type == "cuda" else None
        return DistributedDataParallel(network, devices, find_unused_parameters=True)

    def sum(self, values: torch.Tensor) -> torch.Tensor:
        """Return the sums over all processes."""
        if self.of > 1:
            distributed.all_reduce(values)
        return values

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """Return, for each of the flags, whether any process has it set."""
        if self.of == 1:
            return flags
        device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
        sums = torch.tensor(flags, dtype=torch.int32, device=device)
        distributed.all_reduce(sums)
        return tuple(sums.bool().tolist())

    def joined(self, items: list[Any]) -> list[Any]:
        """Return the items of all processes, one rank's after the other's; all on CPU."""
        if self.of == 1:
            return items
        parts: list[Any] = [None] * self.of
        distributed.all_gather_object(parts, _on_cpu(items))
        return [item for part in parts for item in part]


def _on_cpu(item: Any) -> Any:
    """Return nested dictionaries and lists of tensors on the CPU."""
    if isinstance(item, dict):
        return {name: _on_cpu(inner) for name, inner in item.items()}
    return [_on_cpu(inner) for inner in item] if isinstance(item, list) else item.to("cpu")


@contextmanager
def together(number: int, work: Callable[..., object], *arguments: object) -> Iterator[Rank]:
    """Run a block as rank 0 while others run ``work(rank, *arguments)``.

    Parameters
    ----------
    number
        Processes in all; for 1, none is started.

    Raises
    ------
    CascadeError
        Another process died.
    """
    if number == 1:
        yield Rank()
        return
    store = distributed.TCPStore(HOST, 0, number, is_master=True, wait_for_workers=False)
    rank = Rank(0, number, store.port)
    others = [
        multiprocessing.get_context("spawn").Process(
            target=_other, args=(os.getpid(), replace(rank, number=n), work, arguments), daemon=True
        )
        for n in range(1, number)
    ]
    over = threading.Event()
    try:
        for other in others:
            other.start()
        threading.Thread(target=_watch, args=(others, over), daemon=True).start()
        yield rank
        for other in others:
            other.join(GRACE)
    except RuntimeError as error:  # so torch says that a connection has closed
        if died := _died(others):
            raise CascadeError(died) from error
        raise
    finally:
        over.set()
        for other in others:
            if other.pid is not None:
                other.kill()
                other.join()
        if distributed.is_initialized():
            distributed.destroy_process_group()


def _other(parent: int, rank: Rank, work: Callable[..., object], arguments: tuple) -> None:
    """Do the work of another rank, no longer than rank 0 lives."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before it could be watched
        os._exit(1)
    keep_freed()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # rank 0 decides what a Ctrl-C means
    try:
        work(rank, *arguments)
    except Exception:
        time.sleep(GRACE / 4)  # what stops rank 0 too it says itself, and ends this process
        raise


def _watch(others: list[Any], over: threading.Event) -> None:
    """End this process if another one died and GPUs wait for it for ever."""
    running = list(others)
    while running and not over.is_set():
        for sentinel in wait([other.sentinel for other in running], timeout=1):
            running = [other for other in running if other.sentinel != sentinel]
        if (died := _died(others)) and not over.wait(GRACE):
            LOGGER.error("cascade: error: %s", died)
            os._exit(1)


def _died(others: list[Any]) -> str | None:
    """Say which of the processes has failed."""
    for number, other in enumerate(others, 1):
        other.join(1.0)  # the end of a connection is seen before that of the process
        if other.exitcode:
            end = f"signal {-other.exitcode}" if other.exitcode < 0 else f"status {other.exitcode}"
            return (
                f"process {number} of those that train together ended with {end}; "
                "train again: it goes on from the saved state"
            )
    return None
