"""What a history says of the steps and the events behind it."""

from __future__ import annotations

import csv

import numpy as np
import torch

from cascade.events.schema import Field
from cascade.events.writing import writing
from cascade.training.history import History, history_text


def sample(path, events):
    with writing(path, (Field("x", "1", "a number"),), {"study": "test"}) as writer:
        writer.append({"x": np.zeros(events)})
    return path


def test_each_row_counts_the_events_of_all_roles(tmp_path):
    simulation, data, validation = (
        sample(tmp_path / f"{events}.h5", events) for events in (40, 30, 20)
    )
    rows = [{"epoch": 1, "validation_loss": 0.5}, {"epoch": 2, "validation_loss": 0.25}]
    text = history_text(rows, [simulation, data], [validation])
    assert list(csv.DictReader(text.splitlines())) == [
        {**{key: str(x) for key, x in row.items()}, "events_train": "70", "events_validation": "20"}
        for row in rows
    ]


def test_nothing_of_a_step_on_a_cpu_is_kept_among_its_large_blocks():
    history = History()
    for losses, gradient in ((3.0, 1.0), (5.0, 2.0)):
        numbers = map(torch.tensor, (losses, 2.0, gradient, 4.0))
        losses, weights, *gradients = numbers
        history.step(losses, weights, tuple(gradients))
        assert not any(history.latest)
    history.close(0.5, {}, 0.1)
    (row,) = history.rows
    assert row["train_loss"] == 2.0
    assert (row["gradient_first"], row["gradient_last"]) == (1.5, 4.0)
