"""Complaints name the key's path and what would be right, in one line."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError, model_validator

from cascade.errors import CascadeError, nearest
from cascade.settings import Settings, parse_json, validate


class Layer(Settings):
    width: Annotated[int, Field(gt=0)] = 8
    kind: Literal["max", "mean"] = "max"


class Network(Settings):
    layers: list[Layer] = []
    named: dict[str, Layer] = {}
    rate: float = 0.1
    on: list[str] = []
    optional: Layer | None = None
    pair: Annotated[tuple[float, float], Field(strict=False)] = (0.0, 1.0)

    @model_validator(mode="after")
    def _ordered(self):
        if self.pair[0] > self.pair[1]:
            raise ValueError("the pair must ascend")
        return self


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rte": 1.0}, "net.rte: unknown key; did you mean 'rate'?"),
        (
            {"zzz": 1.0},
            "net.zzz: unknown key; known: layers, named, on, optional, pair, rate",
        ),
        ({"rate": "fast"}, 'net.rate: "fast" is wrong: must be a number'),
        ({"rate": True}, "net.rate: true is wrong: must be a number"),
        ({"rate": float("nan")}, "net.rate: NaN is wrong: must be a finite number"),
        ({"rate": float("inf")}, "net.rate: Infinity is wrong: must be a finite number"),
        (
            {"layers": [{}, {"width": -1}]},
            "net.layers.1.width: -1 is wrong: must be greater than 0",
        ),
        ({"layers": [{"widht": 1}]}, "net.layers.0.widht: unknown key; did you mean 'width'?"),
        ({"named": {"a": {"widht": 1}}}, "net.named.a.widht: unknown key; did you mean 'width'?"),
        ({"optional": {"widht": 1}}, "net.optional.widht: unknown key; did you mean 'width'?"),
        ({"layers": {"width": 1}}, 'net.layers: {"width": 1} is wrong: must be a list'),
        (
            {"layers": [{"kind": "median"}]},
            "net.layers.0.kind: \"median\" is wrong: must be 'max' or 'mean'; did you mean 'mean'?",
        ),
        ({"pair": [2, 1]}, "net: the pair must ascend"),
        ({"on": [datetime.date(2020, 1, 2)]}, "net.on.0: '2020-01-02' is a date; put it in quotes"),
        # what is wrong with a value matters less than that its key is unknown
        ({"rate": "fast", "layer": []}, "net.layer: unknown key; did you mean 'layers'?"),
    ],
)
def test_a_complaint_is_one_line_with_path_and_remedy(given, message):
    with pytest.raises(CascadeError) as caught:
        validate(Network, given, "net")
    assert str(caught.value) == message


def test_a_complaint_without_a_path_starts_with_the_key():
    with pytest.raises(CascadeError, match=r"^rate: "):
        validate(Network, {"rate": None})
    with pytest.raises(CascadeError, match=r"^settings: 3 is wrong"):
        validate(Network, 3)


def test_a_long_value_is_cut():
    with pytest.raises(CascadeError) as caught:
        validate(Network, {"rate": "x" * 1000})
    assert len(str(caught.value)) < 120


def test_yaml_traps_are_put_right():
    found = validate(Network, {"rate": "1e-3", True: ["toy"]})
    assert found.rate == 1e-3
    assert found.on == ["toy"]
    with pytest.raises(CascadeError, match=r"^1: unknown key"):
        validate(Network, {1: ["toy"]})


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_written_with_an_exponent_is_read(number):
    assert validate(Network, {"rate": f"{number:.17e}"}).rate == number


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3)
        | st.dates(),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["rate", "layers", "width", "named", "x", "pair", True, 1]), inner
        ),
        max_leaves=8,
    )
)  # fmt: skip
def test_whatever_is_given_is_accepted_or_refused_in_one_line(data):
    complaint = "net"
    try:
        validate(Network, data, "net")
    except CascadeError as error:
        complaint = str(error)
    assert complaint.startswith("net")
    assert "\n" not in complaint


def test_settings_are_frozen_and_keep_their_defaults_apart():
    first = Network()
    with pytest.raises(ValidationError):
        first.rate = 2.0
    first.layers.append(Layer())
    assert Network().layers == []


def test_json_of_an_option_is_checked():
    assert parse_json('{"a": 1e-3}', "--settings") == {"a": 0.001}
    with pytest.raises(CascadeError, match=r"--settings: is not JSON .* at character 5"):
        parse_json('{"a":}', "--settings")


@given(st.text(max_size=10), st.lists(st.text(min_size=1, max_size=5), max_size=4))
def test_nearest_says_something_for_any_name(name, known):
    assert nearest(name, known)
