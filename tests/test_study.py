"""Declarations of studies: every dotted path leads to what it says."""

import ast
import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import cascade.studies
from cascade.declarations import load_study, resolve
from cascade.settings import Settings
from cascade.study import NO_SETTINGS

STUDIES = [module.name for module in pkgutil.iter_modules(cascade.studies.__path__)]


def parts(study):
    for kind in ("sources", "methods", "metrics", "products"):
        for name, part in getattr(study, kind).items():
            yield f"{kind}.{name}", part
    if study.finalise:
        yield "finalise", study.finalise


def paths(part):
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if isinstance(value, str) and ":" in value:
            yield field.name, value


@pytest.mark.parametrize("name", STUDIES)
def test_every_dotted_path_resolves(name):
    for where, part in parts(load_study(name)):
        for field, path in paths(part):
            found = resolve(path)
            if field == "settings":
                assert issubclass(found, Settings), where
            else:
                assert callable(found), where


@pytest.mark.parametrize("name", STUDIES)
def test_parts_read_fields_that_there_are(name):
    study = load_study(name)
    known = {field.name for field in study.schema}
    assert set(study.truth) <= known
    assert not known & {field.name for field in study.predictions}
    for where, method in study.methods.items():
        fields = getattr(method, "fields", {}).values()
        assert set(method.inputs).union(*fields) <= known, where


def written_in(module):
    """Return the names that a module defines itself, rather than imports."""
    names = set()
    for node in ast.parse(inspect.getsource(importlib.import_module(module))).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node]
        names |= {getattr(item, "id", None) or getattr(item, "name", None) for item in targets}
    return names


@pytest.mark.parametrize("name", STUDIES)
def test_the_module_of_a_part_is_where_its_function_is_written(name):
    """A part reruns when the module of its path changes, which must then hold the function."""
    for where, part in parts(load_study(name)):
        for field, path in paths(part):
            if field != "settings" and path != NO_SETTINGS:
                module, _, name = path.partition(":")
                assert name in written_in(module), f"{where}.{field}"
