"""Config files: read, laid over each other, checked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.config import Config, overlay, read_overlaid, read_yaml
from cascade.errors import CascadeError
from cascade.settings import validate

MINIMAL = """
studies:
  jets:
    samples:
      default: {simulate: toy, events: {train: 100, test: 50}}
"""


def written(folder, text, name="config.yaml"):
    path = folder / name
    path.write_text(text)
    return path


def loaded(paths):
    return validate(Config, read_overlaid(paths))


def test_defaults_fill_in_the_rest(tmp_path):
    config = loaded([written(tmp_path, MINIMAL)])
    assert (config.seed, config.workspace, config.accelerator) == (1, ".", "auto")
    study = config.studies["jets"]
    assert study.reference == "default"
    assert study.samples["default"].shards == 1
    assert study.methods == study.products == {}


def test_overlays_change_what_they_name_and_nothing_else(tmp_path):
    above = "seed: 5\nstudies: {jets: {samples: {default: {events: {test: 7}}}}}"
    config = loaded([written(tmp_path, MINIMAL), written(tmp_path, above, "above.yaml")])
    assert config.seed == 5
    sample = config.studies["jets"].samples["default"]
    assert (sample.simulate, sample.events) == ("toy", {"train": 100, "test": 7})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: 1\nseed: 2", "line 2: key 'seed' stands twice"),
        ("studies: {jets: {samples: {}, samples: {}}}", "line 1: key 'samples' stands twice"),
        ("seed: [1", "line 1: is not YAML"),
        ("seed:\n\t1", "line 2: is not YAML"),
        ("- seed", "must be a mapping of keys to values"),
        ("", "must be a mapping of keys to values"),
        ("? [1]\n: 2", "line 1: a key must be a name"),
        ("a: !!python/object/apply:os.system ['true']", "line 1: is not YAML"),
    ],
)
def test_what_is_no_mapping_is_refused_with_its_line(tmp_path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(CascadeError) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_or_binary_file_is_refused(tmp_path):
    with pytest.raises(CascadeError, match=r"none\.yaml: cannot be read: no such file"):
        read_yaml(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(CascadeError, match="is not a text file"):
        read_yaml(tmp_path / "binary.yaml")
    (tmp_path / "control.yaml").write_bytes(b"a: \x00")
    with pytest.raises(CascadeError, match="is not YAML"):
        read_yaml(tmp_path / "control.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sed: 1", "sed: unknown key; did you mean 'seed'?"),
        ("seed: -1", "seed: -1 is wrong: must be greater than or equal to 0"),
        ("accelerator: tpu", "accelerator: \"tpu\" is wrong: must be 'auto', 'cpu' or 'cuda'"),
        ("studies: {9x: {samples: {}}}", 'studies.9x: "9x" is wrong: must match pattern'),
        (
            "studies: {jets: {samples: {default: {event: {}}}}}",
            "studies.jets.samples.default.event: unknown key; did you mean 'events'?",
        ),
        (
            "studies: {jets: {samples: {default: {events: {train: 0}}}}}",
            "studies.jets.samples.default.events.train: 0 is wrong: must be greater than 0",
        ),
        (
            "studies: {jets: {samples: {default: {ingest: root}}}}",
            "studies.jets.samples.default: give one source: simulate, ingest or transform",
        ),
        (
            "studies: {jets: {samples: {x: {ingest: root}}}}",
            "studies.jets.samples.x: ingest needs 'files'",
        ),
        (
            "studies: {jets: {samples: {x: {simulate: toy}}}}",
            "studies.jets.samples.x: simulate needs 'events'",
        ),
        (
            "studies: {jets: {samples: {x: {transform: refiner}}}}",
            "studies.jets.samples.x: transform needs 'of'",
        ),
        (
            "studies: {jets: {samples: {x: {ingest: a, files: [b], fractions: {a: 1, b: 0.5}}}}}",
            "studies.jets.samples.x.fractions: add up to 1.5, above 1",
        ),
    ],
)
def test_impossible_values_are_refused_with_their_path(tmp_path, text, message):
    with pytest.raises(CascadeError) as caught:
        loaded([written(tmp_path, MINIMAL), written(tmp_path, text, "above.yaml")])
    assert str(caught.value).startswith(message)


nested = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=6
)
mappings = st.dictionaries(st.sampled_from("abc"), nested)


@given(mappings, mappings, mappings)
def test_overlays_may_be_laid_in_any_grouping(first, second, third):
    assert overlay(overlay(first, second), third) == overlay(first, overlay(second, third)) or any(
        # where a mapping is laid over a number and that over a mapping, the order of work matters
        not isinstance(value, dict)
        for value in leaves_between(first, second, third)
    )


def leaves_between(first, second, third):
    """Yield what the second says where first and third both hold mappings."""
    for key in first.keys() & second.keys() & third.keys():
        one, two, three = first[key], second[key], third[key]
        if isinstance(one, dict) and isinstance(three, dict):
            if isinstance(two, dict):
                yield from leaves_between(one, two, three)
            else:
                yield two


@given(mappings, mappings)
def test_an_overlay_wins_and_keeps_its_base(base, above):
    before = repr(base)
    merged = overlay(base, above)
    assert repr(base) == before
    assert merged.keys() == base.keys() | above.keys()
    assert overlay(merged, above) == merged
    assert overlay(base, {}) == base
