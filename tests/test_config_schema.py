"""The schema says of each key what the source says below it."""

from __future__ import annotations

from pydantic import Field
from pydantic.json_schema import models_json_schema

from cascade.config_schema import Described
from cascade.settings import Settings


class Lens(Settings):
    """A lens."""

    power: float = 1.0
    """Its power [1/m]."""

    glass: str = "crown"


class Telescope(Lens):
    """A lens with an eyepiece."""

    eyepiece: Lens = Lens()
    """What one looks through:
    a lens, too."""

    on: bool = Field(default=False, alias="lit")
    """A light for the scale."""

    power: float = 2.0
    """That of the objective [1/m]."""


def test_fields_have_the_texts_below_them_also_those_of_base_classes():
    _, whole = models_json_schema([(Telescope, "validation")], schema_generator=Described)
    keys = whole["$defs"]["Telescope"]["properties"]
    assert {name: key.get("description") for name, key in keys.items()} == {
        "power": "That of the objective [1/m].",
        "glass": None,
        "eyepiece": "What one looks through:\na lens, too.",
        "lit": "A light for the scale.",
    }
    assert whole["$defs"]["Lens"]["properties"]["power"]["description"] == "Its power [1/m]."
