"""Growth with the number of events is found under a constant start, and held to its bars."""

from __future__ import annotations

import pytest

from growth import Cost, rows, slopes

START = Cost(events=0, seconds=0, cpu=2.0, megabytes=100)


def costs(exponent, per_event=1e-5, megabytes=(150, 150, 150), processes=1):
    sizes = (10_000, 100_000, 1_000_000)
    return [START] + [
        Cost(events, 0, processes * START.cpu + per_event * events**exponent, most, processes)
        for events, most in zip(sizes, megabytes, strict=True)
    ]


@pytest.mark.parametrize("exponent", [0.9, 1.0, 1.3])
@pytest.mark.parametrize("processes", [1, 8])
def test_the_exponent_is_that_of_the_time_without_the_start(exponent, processes):
    found = slopes(costs(exponent, processes=processes))
    assert found == pytest.approx((exponent, exponent))


def test_a_stage_that_grows_too_fast_misses_its_bar():
    assert [row.missed for row in rows("jets", {"merge": costs(1.0)})] == [False, False]
    assert [row.missed for row in rows("jets", {"merge": costs(1.1)})] == [True, False]
    grown = costs(1.0, megabytes=(100, 150, 200))
    assert [row.missed for row in rows("jets", {"merge": grown})] == [False, True]


def test_processes_of_a_stage_add_up_but_for_their_memory():
    parts = [Cost(0, 3, 1.5, 80), Cost(0, 4, 2.5, 90)]
    assert Cost.of(1000, 5, parts) == Cost(1000, 5, 4.0, 90, 2)
    assert Cost.median([Cost(1, 5, 4, 9, 2), Cost(1, 6, 3, 7, 2), Cost(1, 9, 2, 8, 2)]) == Cost(
        1, 6, 3, 8, 2
    )
