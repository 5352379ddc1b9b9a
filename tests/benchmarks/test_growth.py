"""Growth with the number of events is found under a constant start, and held to its bars."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from growth import Cost, Turns, exponent, rows, together

START = Cost(events=0, cpu=2.0, megabytes=100)
ENOUGH = Turns(least=3, most=3, error=0)


def costs(power, per_event=1e-5, megabytes=(150, 150, 150), processes=1):
    sizes = (10_000, 100_000, 1_000_000)
    return [START] + [
        Cost(events, processes * START.cpu + per_event * events**power, most, processes)
        for events, most in zip(sizes, megabytes, strict=True)
    ]


@pytest.mark.parametrize("power", [0.9, 1.0, 1.3])
@pytest.mark.parametrize("processes", [1, 8])
def test_the_exponent_is_that_of_the_time_without_the_start(power, processes):
    start, *_, small, large = costs(power, processes=processes)
    assert exponent(start, small, large) == (pytest.approx(power), 0)


@pytest.mark.parametrize("processes", [1, 8])
def test_its_error_is_the_scatter_of_exponents_measured_again_and_again(processes):
    random = np.random.default_rng(3)
    errors = {0: 0.005, 100_000: 0.02, 1_000_000: 0.1}
    sizes = [
        replace(cost, error=errors[cost.events])
        for cost in costs(1.0, processes=processes)
        if cost.events in errors
    ]
    found = [
        exponent(*(replace(size, cpu=random.normal(size.cpu, size.error)) for size in sizes))[0]
        for _ in range(2000)
    ]
    assert np.mean(found) == pytest.approx(1, abs=5e-3)
    assert exponent(*sizes)[1] == pytest.approx(np.std(found), rel=0.1)


def test_turns_end_when_what_is_left_without_the_start_is_known():
    turns = Turns(least=3, most=10, error=0.05)

    def taken(count, scatter):
        works = [2.0 + 1.0 + scatter * (-1) ** turn for turn in range(count)]
        return [[START] * count, [Cost(1000, cpu, 100) for cpu in works]]

    assert not turns.suffice(taken(2, 0.0))
    assert turns.suffice(taken(3, 0.0))
    assert not turns.suffice(taken(6, 0.5))
    assert turns.suffice(taken(10, 0.5))
    assert turns.suffice(taken(6, 0.05))
    # as scattered, but much of each run is start
    assert not turns.suffice([[replace(START, cpu=2.95)] * 6, taken(6, 0.05)[1]])


def test_a_stage_that_grows_too_fast_misses_its_bar():
    assert [row.missed for row in rows("jets", {"merge": costs(1.0)})] == [False, False]
    assert [row.missed for row in rows("jets", {"merge": costs(1.1)})] == [True, False]
    grown = costs(1.0, megabytes=(100, 150, 200))
    assert [row.missed for row in rows("jets", {"merge": grown})] == [False, True]


def test_processes_of_a_stage_add_up_but_for_their_memory():
    parts = [Cost(0, 1.5, 80), Cost(0, 2.5, 90)]
    assert Cost.of(1000, parts) == Cost(1000, 4.0, 90, 2)
    assert Cost.mean([Cost(1, 4, 9, 2), Cost(1, 2, 7, 2)]) == Cost(1, 3, 8, 2, error=1)
    assert Cost.mean([Cost(1, 4, 9, 2)]) == Cost(1, 4, 9, 2)


class Waiting:
    """A size whose stage takes a CPU second more each time, and may last until it is let go."""

    def __init__(self, events, until=None):
        self.events, self.until, self.turns = events, until, 0

    def take(self, stage):
        if self.until:
            assert self.until.wait(60)
        self.turns += 1
        return Cost(self.events, self.turns, 100)


def test_smaller_sizes_take_turns_as_long_as_the_largest_runs():
    end = threading.Event()
    small, large = Waiting(10), Waiting(1000, until=end)

    class Last(Waiting):
        def take(self, stage):
            if self.turns == 4:
                end.set()
            return super().take(stage)

    middle = Last(100)
    found = together("merge", [small, middle, large], ENOUGH)
    assert large.turns == 1
    assert small.turns >= 5
    assert abs(small.turns - middle.turns) <= 1
    assert [cost.events for cost in found] == [10, 100, 1000]
    assert found[-1].cpu == 1
    for cost, size in zip(found, (small, middle), strict=False):
        # the last turn ended behind the largest, perhaps one of the other as well
        assert (size.turns - 1) / 2 <= cost.cpu <= (size.turns + 1) / 2


def test_the_largest_runs_again_until_all_have_had_their_turns():
    class Slow(Waiting):
        def take(self, stage):
            time.sleep(0.01)
            return super().take(stage)

    small, large = Slow(10), Slow(1000)
    found = together("merge", [small, large], Turns(30, 30, 0))
    assert small.turns > 30
    assert large.turns > 1
    assert [cost.cpu for cost in found] == [(1 + small.turns - 1) / 2, (1 + large.turns) / 2]


def test_a_failing_size_ends_the_runs_of_the_largest():
    class Failing(Waiting):
        def take(self, stage):
            sys.exit("no such study")

    large = Waiting(1000)
    with pytest.raises(SystemExit, match="no such study"):
        together("merge", [Failing(10), large], ENOUGH)
    turns = large.turns
    time.sleep(0.05)
    assert large.turns == turns


def test_a_failing_largest_size_is_said():
    class Failing(Waiting):
        def take(self, stage):
            sys.exit("no space left")

    with pytest.raises(SystemExit, match="no space left"):
        together("merge", [Waiting(10), Failing(1000)], ENOUGH)
