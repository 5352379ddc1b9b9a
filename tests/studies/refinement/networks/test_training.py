"""From the command line: trainings that need no label of data, and what comes out of them."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from cascade.errors import CascadeError
from cascade.evaluation.roc import auc
from cascade.events import hdf5
from cascade.events.seeding import sequence
from cascade.models import load_model
from cascade.settings import validate
from cascade.studies.refinement import STUDY
from cascade.studies.refinement.networks.transform import refine
from cascade.studies.refinement.observables import total_signal
from cascade.studies.refinement.settings import RefinerSettings

from .commands import (
    SAMPLES,
    SMALL,
    both,
    call,
    predict,
    rewritten,
    roles,
    same,
    simulate,
    train,
    training_words,
    transform,
)

LABELS = ("lg_energy", "delta_x")
TWO_SAMPLES = ("refiner", "discriminator")


def single(sample):
    return [f"--{split}=train={str(sample).format(split)}" for split in ("train", "validation")]


@pytest.fixture(scope="module")
def trained(folder, tmp_path_factory):
    """Return the folder, the weights and the history of a training, by method."""
    found = {}
    for method in TWO_SAMPLES:
        output = tmp_path_factory.mktemp(method)
        found[method] = (output, *train(method, both(folder), output))
    return found


@pytest.mark.parametrize("method", TWO_SAMPLES)
def test_one_seed_gives_the_same_weights_and_another_one_others(folder, trained, tmp_path, method):
    _, weights, history = trained[method]
    again, same_history = train(method, both(folder), tmp_path / "again")
    assert same(again, weights)
    assert same_history == history
    other, other_history = train(method, both(folder), tmp_path / "other", seed=2)
    assert not same(other, weights)
    assert other_history != history


@pytest.mark.parametrize("method", TWO_SAMPLES)
@pytest.mark.parametrize("labels", ["absent", "garbage"])
def test_labels_of_data_change_nothing(folder, trained, tmp_path, method, labels):
    for split in ("train", "validation"):
        source, target = folder / f"data-{split}.h5", tmp_path / f"data-{split}.h5"
        if labels == "absent":
            rewritten(source, target, drop=LABELS)
        else:
            events = len(hdf5.read(source)["trace"])
            rewritten(source, target, lg_energy=np.full(events, np.nan), delta_x=np.ones(events))
    splits = roles(folder / "simulation-{}.h5", tmp_path / "data-{}.h5")
    weights, history = train(method, splits, tmp_path)
    assert same(weights, trained[method][1])
    assert history == trained[method][2]


@pytest.mark.parametrize("method", TWO_SAMPLES)
def test_roles_may_be_given_in_any_order(folder, trained, tmp_path, method):
    """Else the classifier would take simulation for data, and scalers would be fitted on data."""
    words = both(folder)
    turned = [word for place in range(len(words) - 2, -1, -2) for word in words[place : place + 2]]
    weights, _ = train(method, turned, tmp_path)
    assert same(weights, trained[method][1])


def test_the_history_tells_the_critic_and_the_likeness(trained):
    rows = list(csv.DictReader(trained["refiner"][2].splitlines()))
    assert len(rows) == 3
    for row in rows:
        parts = ("signal", "rise_time", "peak", "spikes")
        mean = np.mean([float(row[f"distance_{name}"]) for name in parts])
        assert float(row["validation_loss"]) == pytest.approx(mean, rel=1e-6)
        assert np.isfinite([float(x) for x in row.values()]).all()
        assert {"validation_wasserstein", "spread", "train_loss"} <= set(row)


def test_a_refined_sample_keeps_all_but_the_trace(folder, trained, tmp_path):
    model, source = trained["refiner"][0] / "model.ckpt", folder / "simulation-test.h5"
    events = hdf5.read(source)
    first, again = (transform(model, source, tmp_path / f"{i}.h5") for i in range(2))
    other = transform(model, source, tmp_path / "other.h5", seed=2)
    assert first.keys() == events.keys()
    for name, values in events.items():
        assert np.array_equal(first[name], again[name]), name
        assert np.array_equal(first[name], values) == (name != "trace"), name
    assert first["trace"].dtype == np.float32
    assert (first["trace"] >= 0).all()
    assert not np.array_equal(first["trace"], other["trace"])
    attributes = hdf5.attributes(tmp_path / "0.h5")
    assert attributes["sample"] == "refined"


def test_samples_without_truth_can_be_refined(folder, trained, tmp_path):
    model = trained["refiner"][0] / "model.ckpt"
    source = rewritten(folder / "simulation-test.h5", tmp_path / "bare.h5", drop=LABELS)
    bare = transform(model, source, tmp_path / "refined.h5")
    whole = transform(model, folder / "simulation-test.h5", tmp_path / "whole.h5")
    assert bare.keys() == {"trace", "distance", "zenith"}
    assert np.array_equal(bare["trace"], whole["trace"])


def test_events_are_refined_chunk_by_chunk_with_noise_of_their_own(folder, trained, tmp_path):
    chunk = 4096
    path = trained["refiner"][0] / "model.ckpt"
    events = {name: x[np.arange(5000) % 904] for name, x in
              hdf5.read(folder / "simulation-test.h5").items()}  # fmt: skip
    source = rewritten(folder / "simulation-test.h5", tmp_path / "many.h5", **events)
    found = transform(path, source, tmp_path / "refined.h5")["trace"]
    model = load_model(STUDY.methods["refiner"], "refiner", path, "refinement", "cpu")
    settings = validate(RefinerSettings, SMALL["refiner"])
    for number, rows in enumerate((slice(0, chunk), slice(chunk, None))):
        part = {name: x[rows] for name, x in events.items()}
        before = part["trace"].copy()
        rng = np.random.default_rng(sequence(1, "refinement", "refined", "test", number))
        expected = refine(model, part, settings, rng)["trace"]
        np.testing.assert_allclose(found[rows], expected, rtol=1e-5, atol=1e-5)
        assert np.array_equal(part["trace"], before)
    # the events are the same ones, 904 by 904
    assert not np.allclose(found[:904], found[904:1808])
    assert not np.allclose(found[: 5000 - chunk], found[chunk:])


def shifted(folder, into):
    """Write data of which every bin holds five particles more."""
    for split in ("train", "validation", "test"):
        source = folder / f"simulation-{split}.h5"
        more = hdf5.read(source)["trace"] + 5
        rewritten(source, into / f"shifted-{split}.h5", trace=more)


def tells(folder, other, output, **training):
    """Train to tell simulation from another sample; return the area under the curve in test."""
    training = {"optimiser": {"lr": 1e-2}, **training}
    train("discriminator", roles(folder / "simulation-{}.h5", other), output, training=training)
    scores = [
        predict("discriminator", output / "model.ckpt", str(path).format("test"),
                output / f"{number}.h5")["score"]
        for number, path in enumerate((folder / "simulation-{}.h5", other))
    ]  # fmt: skip
    labels = np.repeat([0, 1], [len(x) for x in scores])
    return auc(np.concatenate(scores), labels)


def test_a_planted_shift_is_told(folder, tmp_path):
    shifted(folder, tmp_path)
    assert tells(folder, tmp_path / "shifted-{}.h5", tmp_path, epochs=6) > 0.99


def test_two_draws_of_one_sample_are_not_told_apart(folder, tmp_path):
    for split, events in (("train", 600), ("validation", 300), ("test", 1000)):
        simulate(tmp_path / f"twin-{split}.h5", events, "twin", SAMPLES["simulation"], seed=7)
    # 1000 against 1000: the area of a guess scatters by 0.013
    assert tells(folder, tmp_path / "twin-{}.h5", tmp_path) == pytest.approx(0.5, abs=0.05)


def test_the_energy_is_read_better_than_from_the_signal_alone(folder, tmp_path):
    simulate(tmp_path / "many-train.h5", 2000, "simulation", SAMPLES["simulation"], seed=3)
    splits = [f"--train=train={tmp_path / 'many-train.h5'}",
              f"--validation=train={folder / 'simulation-validation.h5'}"]  # fmt: skip
    training = {"epochs": 12, "batch_size": 50, "optimiser": {"lr": 1e-2}}
    _, history = train("energy", splits, tmp_path, training=training)
    test = folder / "simulation-test.h5"
    columns = predict("energy", tmp_path / "model.ckpt", test, tmp_path / "predictions.h5")
    difference = columns["predicted_lg_energy"] - columns["lg_energy"]
    lg_signal = np.log10(total_signal(hdf5.read(test)["trace"]))
    line = np.polynomial.Polynomial.fit(lg_signal, columns["lg_energy"], 3)
    from_signal = columns["lg_energy"] - line(lg_signal)
    assert difference.std() < 0.6 * from_signal.std()
    assert abs(difference.mean()) < 0.05
    rows = list(csv.DictReader(history.splitlines()))
    assert float(rows[-1]["validation_width"]) < float(rows[0]["validation_width"])


def refused(action, *said):
    with pytest.raises(CascadeError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    for words in said:
        assert words in message, message


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """Return a folder with traces of 40 bins."""
    folder = tmp_path_factory.mktemp("short")
    for sample in SAMPLES:
        for split in ("train", "validation"):
            simulate(folder / f"{sample}-{split}.h5", 40, sample, {"traces": {"bins": 40}})
    return folder


@pytest.mark.parametrize("method", SMALL)
def test_bins_that_do_not_fit_are_said_before_the_training(short, tmp_path, method):
    splits = single(short / "simulation-{}.h5") if method == "energy" else both(short)
    refused(
        lambda: train(method, splits, tmp_path, settings={}),
        f"refinement/{method}", "does not take events of the shape trace (40,)",
        "a trace has 40 bins, settings.bins is 80", "let settings and events fit",
    )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_bins_that_do_not_fit_a_trained_refiner_are_said(short, trained, tmp_path):
    refused(
        lambda: transform(trained["refiner"][0] / "model.ckpt", short / "data-train.h5",
                          tmp_path / "none.h5"),
        "data-train.h5", "field 'trace' has the shape (40,)", "was trained on (80,)",
    )  # fmt: skip
    assert not (tmp_path / "none.h5").exists()


def test_traces_of_forty_bins_are_refined_if_settings_say_so(short, tmp_path):
    train("refiner", both(short), tmp_path, settings=SMALL["refiner"] | {"bins": 40})
    found = transform(tmp_path / "model.ckpt", short / "data-train.h5", tmp_path / "refined.h5")
    assert found["trace"].shape == (40, 40)


def test_a_trace_that_is_no_number_is_named(folder, tmp_path):
    trace = hdf5.read(folder / "data-train.h5")["trace"]
    trace[7, 3] = np.nan
    for split in ("train", "validation"):
        rewritten(folder / "data-train.h5", tmp_path / f"data-{split}.h5", trace=trace)
    for method in TWO_SAMPLES:
        refused(
            lambda method=method: train(
                method, roles(folder / "simulation-{}.h5", tmp_path / "data-{}.h5"), tmp_path / "x"
            ),
            "data-train.h5: field 'trace' is not finite (NaN or infinite) in event 7",
        )


def test_mistakes_are_one_line(folder, tmp_path):
    def fails(said, **changes):
        refused(lambda: train("refiner", both(folder), tmp_path / "none", **changes), said)

    fails("settings: the critic's slope needs one limit", settings={"adversary": {"penalty": 0}})
    fails("training.scaling.trace: is what is refined", training={"scaling": {"trace": "log"}})
    fails("settings.adversary.critic.settings.beta: torch.optim.Adam has no such argument",
          settings={"adversary": {"critic": {"settings": {"beta": 1}}}})  # fmt: skip
    half = both(folder)[::2], both(folder)[1::2]
    words = [word for pair in list(zip(*half, strict=True))[::2] for word in pair]
    refused(lambda: call(*training_words("refiner", words, tmp_path)),
            "--train: roles simulation given, 'refiner' has data, simulation")  # fmt: skip
