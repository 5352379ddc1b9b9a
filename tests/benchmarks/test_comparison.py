"""Rows say how many times better we are, whether a bar is kept, and survive a JSON file."""

from __future__ import annotations

import json

import pytest

from comparison import OURS, Row, Turns, at_least, at_most, in_turns, table

TURNS = Turns({OURS: [1.0, 2.0, 3.0], "peer": [4.0, 4.0, 15.0], "floor": [0.5, 1.0, 1.5]})


def test_times_and_their_ratio_are_medians_over_the_turns():
    row = TURNS.row("it", "s", peer="peer", limit="floor", bar=at_least(3))
    assert (row.ours, row.peer, row.limit) == (2, 4, 1)
    assert row.ratio == 4  # of 4, 2, 5
    assert row.distance == 2
    assert not row.missed


def test_an_upper_bar_is_on_what_ours_costs_of_the_peer():
    row = TURNS.row("it", peer="peer", bar=at_most(0.2))
    assert row.ratio == 0.25
    assert row.missed
    assert row.ours == 2000  # ms


def test_rates_are_the_inverse_and_their_bar_is_on_ours():
    row = TURNS.per(100).row("it", "events/s", "peer", "floor", at_least(60, OURS))
    assert (row.ours, row.peer, row.limit) == (50, 25, 100)
    assert (row.ratio, row.distance) == (4, 2)
    assert row.missed
    few = TURNS.per({OURS: 100, "peer": 1, "floor": 100}).row("it", "events/s", "peer")
    assert few.ratio == 400


def test_a_row_without_a_bar_misses_none():
    assert not TURNS.row("it", "s", peer="peer").missed


def test_rows_come_back_from_json():
    rows = [TURNS.row("it", "s", "peer", "floor", at_most(2)), Row("alone", ratio=2.0)]
    text = json.dumps([row.plain() for row in rows])
    assert [Row.read(plain) for plain in json.loads(text)] == rows


def test_sides_take_turns_and_are_told_which():
    seen = []
    ticks = iter(range(100))
    turns = in_turns(
        {name: lambda turn, name=name: seen.append((name, turn)) for name in "ab"},
        repeats=2,
        warm_up=1,
        clock=lambda: next(ticks),
    )
    assert seen == [("b", 0), ("a", 0), ("a", 1), ("b", 1), ("b", 2), ("a", 2)]
    assert turns.taken == {"a": [1, 1], "b": [1, 1]}


@pytest.mark.parametrize(("bar", "word"), [(at_least(3), "held"), (at_least(5), "MISSED")])
def test_the_table_says_what_is_missed(bar, word):
    head, line = table([TURNS.row("a thing", "s", "peer", "floor", bar)]).splitlines()
    assert head.split() == ["ours", "peer", "ratio", "bar", "limit", "×"]
    assert line.startswith("a thing")
    assert line.endswith(word)
