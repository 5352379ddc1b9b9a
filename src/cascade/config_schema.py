"""The config's JSON schema, for readers and editors: every key with its meaning, type and default.

It is made from the classes that check the config, with the settings of the studies at hand put in
their places. An overlay says only what it changes, so no key is required.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Mapping
from itertools import pairwise
from textwrap import dedent
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from cascade.config import Config, MethodConfig, Variant
from cascade.declarations import load_study, resolve
from cascade.settings import Settings
from cascade.study import Ingestion, Simulation, Study
from cascade.training.settings import Training

Schema = dict[str, Any]


def schema(studies: Iterable[str]) -> Schema:
    """Return the schema of configs about these studies.

    Raises
    ------
    CascadeError
        There is no such study.
    """
    declared = [load_study(name) for name in studies]
    settings = {
        resolve(part.settings)
        for study in declared
        for parts in (study.sources, study.methods, study.products)
        for part in parts.values()
    }
    models = [Config, MethodConfig, Variant, Training, *sorted(settings, key=_origin)]
    references, whole = models_json_schema(
        [(model, "validation") for model in models], schema_generator=Described
    )
    places = {model: references[model, "validation"] for model in models}
    definitions = whole["$defs"]
    definitions["StudyConfig"]["properties"]["methods"]["patternProperties"] = {
        pattern: {"anyOf": [places[MethodConfig], places[Variant], {"type": "null"}]}
        for pattern in definitions["StudyConfig"]["properties"]["methods"]["patternProperties"]
    }
    definitions["MethodConfig"]["properties"]["training"]["allOf"] = [places[Training]]
    definitions["Variant"]["properties"]["set"]["allOf"] = [places[MethodConfig]]
    top = definitions.pop("Config")
    top["properties"]["studies"]["properties"] = {
        study.name: _study(study, places) for study in declared
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Config of Cascade",
        **_tidied({**top, "$defs": definitions}),
    }


class Described(GenerateJsonSchema):
    """Describes fields by the texts below them in the source.

    Pydantic would do so itself, but whenever a class is made: a tenth of a second in each job.
    """

    def model_schema(self, schema: Any) -> Schema:
        """Return the schema of a class of settings."""
        found, model = super().model_schema(schema), schema["cls"]
        texts = {
            name: text
            for base in reversed(model.__mro__)
            if issubclass(base, Settings)
            for name, text in _texts(base).items()
        }
        for name, field in model.model_fields.items():
            described = found["properties"][field.alias or name]
            if name in texts and "description" not in described:
                described["description"] = texts[name]
        return found


def _texts(model: type[Settings]) -> dict[str, str]:
    """Return the text below each field of a class, by the field's name."""
    body = ast.parse(dedent(inspect.getsource(model))).body[0].body
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }


def _origin(model: type[Settings]) -> str:
    return f"{model.__module__}.{model.__name__}"


def _study(study: Study, places: Mapping[type[Settings], Schema]) -> Schema:
    """Return what a study adds: the settings that its sources, methods and products have."""

    def by_key(key: str, parts: Mapping[str, Any]) -> list[Schema]:
        """Return the settings of the parts that an entry names under a key."""
        return [
            {
                "if": {"properties": {key: {"const": name}}, "required": [key]},
                "then": {"properties": {"settings": places[resolve(part.settings)]}},
            }
            for name, part in parts.items()
        ]

    def by_name(key: str, parts: Mapping[str, Any]) -> Schema:
        """Return the settings of entries that name no part, and so are the one of their name."""
        return {
            "properties": {
                name: {
                    "if": {"not": {"required": [key]}},
                    "then": {"properties": {"settings": places[resolve(part.settings)]}},
                }
                for name, part in parts.items()
            },
            "patternProperties": {"": {"allOf": by_key(key, parts)}},
        }

    sources = {"simulate": Simulation, "ingest": Ingestion}
    return {
        "description": study.title,
        "properties": {
            "samples": {
                "additionalProperties": {
                    "allOf": [
                        settings
                        for key, kind in sources.items()
                        for settings in by_key(
                            key,
                            {name: s for name, s in study.sources.items() if isinstance(s, kind)},
                        )
                    ]
                }
            },
            "methods": by_name("method", study.methods),
            "products": by_name("product", study.products),
        },
    }


def _tidied(schema: Any, named: bool = False) -> Any:
    """Drop generated titles and required keys, and put descriptions on one line.

    ``named`` tells that the keys are names of the user's, not words of JSON schema.
    """
    if isinstance(schema, list):
        return [_tidied(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    # the conditions "where this key is …" are ours, and need their required keys
    tidy = {
        key: value if key == "if" else _tidied(value, key in ("properties", "$defs"))
        for key, value in schema.items()
        if named or key not in ("title", "required")
    }
    if not named and isinstance(tidy.get("description"), str):
        tidy["description"] = " ".join(tidy["description"].split())
    return tidy
