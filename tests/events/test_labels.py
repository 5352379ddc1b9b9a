"""Labels that follow from the names of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cascade.errors import CascadeError
from cascade.events.labels import label_of_file

FILE = Path("data") / "noise_7.h5"


@pytest.mark.parametrize("pattern", ["noise_7.h5", "noise*", "data/*", "*.h5"])
def test_a_pattern_matches_the_name_or_the_path(pattern):
    assert label_of_file(FILE, {"other": 1, pattern: 0}) == 0


def test_patterns_may_agree_but_not_contradict_each_other():
    assert label_of_file(FILE, {"noise*": 0, "*.h5": 0}) == 0
    message = r"noise_7\.h5: the labels of noise\* and \*\.h5 contradict each other"
    with pytest.raises(CascadeError, match=message):
        label_of_file(FILE, {"noise*": 0, "*.h5": 1})


def test_a_file_without_a_label_is_named():
    message = r"noise_7\.h5: no label is given: none of the labels' patterns matches .*\(a, b\)"
    with pytest.raises(CascadeError, match=message):
        label_of_file(FILE, {"a": 0, "b": 1})
