"""Losses and predictions against sums done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from cascade.studies.radio import PREDICTIONS, metrics
from cascade.studies.radio.networks import outputs
from cascade.studies.radio.networks.outputs import PulseSearch, relative_error
from studies.radio.networks.untrained import traces

TRACES, SAMPLES = 6, 40


@pytest.fixture(scope="module")
def batch():
    torch.manual_seed(1)
    label = torch.tensor([1, 0, 1, 1, 0, 1], dtype=torch.int8)
    return {
        "label": label,
        "signal": 3 * torch.randn(TRACES, SAMPLES) * label[:, None],
        "noise_rms": torch.linspace(0.5, 2, TRACES),
        "snr": torch.tensor([4.0, 0.0, outputs.LEAST_SNR, 0.9 * outputs.LEAST_SNR, 0.0, 8.0]),
        "fluence": torch.linspace(0.3, 7, TRACES) * label,
    }


@pytest.fixture(scope="module")
def output():
    torch.manual_seed(2)
    return {
        "denoised": torch.randn(TRACES, SAMPLES),
        "logit": torch.tensor([0.5, -1.0, 2.0, 0.0, 3.0, -4.0]),
        "log_fluence": torch.linspace(-2, 2, TRACES),
        "log_deviation": torch.linspace(-1, 0.5, TRACES),
    }


def of_trace(output, batch):
    """Return the sum of squared errors, relative to pulse and some noise."""
    total = 0.0
    for row in range(TRACES):
        error = energy = 0.0
        for sample in range(SAMPLES):
            true = batch["signal"][row, sample].item()
            error += (output["denoised"][row, sample].item() - true) ** 2
            energy += true**2
        noise = outputs.FAINT * SAMPLES * batch["noise_rms"][row].item() ** 2
        total += error / (energy + noise)
    return outputs.DENOISED_WEIGHT * total


def of_logit(output, batch):
    """Return the summed cross entropy of noise and of pulses that can be found."""
    total = 0.0
    for row, logit in enumerate(output["logit"].tolist()):
        probability = 1 / (1 + math.exp(-logit))
        if not batch["label"][row]:
            total -= math.log(1 - probability)
        elif batch["snr"][row] >= outputs.LEAST_SNR:
            total -= math.log(probability)
    return total


def of_fluence(output, batch):
    """Return the negative log-likelihood of the pulses' fluences, log-normal, less a constant."""
    total = 0.0
    for row in range(TRACES):
        if batch["label"][row]:
            deviation = output["log_deviation"][row].item()
            away = output["log_fluence"][row].item() - math.log(batch["fluence"][row].item())
            total += deviation + 0.5 * (away / math.exp(deviation)) ** 2
    return outputs.FLUENCE_WEIGHT * total


TERMS = {
    ("denoised",): of_trace,
    ("logit",): of_logit,
    ("log_fluence", "log_deviation"): of_fluence,
}


@pytest.mark.parametrize("present", range(1, 8))
def test_the_loss_has_a_term_for_each_output_that_is_there(output, batch, present):
    chosen = [keys for bit, keys in enumerate(TERMS) if present >> bit & 1]
    given = {key: output[key] for keys in chosen for key in keys}
    loss, number = PulseSearch().loss(given, batch)
    assert loss.item() == pytest.approx(sum(TERMS[keys](output, batch) for keys in chosen))
    assert number.item() == TRACES


def test_a_fluence_without_deviation_is_not_learned(output, batch):
    loss, _ = PulseSearch().loss({"log_fluence": output["log_fluence"]}, batch)
    assert loss.item() == 0


def test_the_error_is_relative():
    """Traces in another unit have the same error; one of nothing but noise costs its noise."""
    events = traces(20, 1)
    denoised = 0.8 * events["signal"] + 0.1 * (events["trace"] - events["signal"])
    found = relative_error(denoised, events)
    scaled = {name: 30 * events[name] for name in ("signal", "noise_rms")}
    torch.testing.assert_close(relative_error(30 * denoised, scaled), found)
    dark = events["label"] == 0
    cost = torch.full((int(dark.sum()),), 0.01 / outputs.FAINT)
    torch.testing.assert_close(found[dark], cost, rtol=1e-3, atol=0)
    assert not relative_error(events["signal"], events).any()
    # to keep silent of a strong pulse costs all of it
    strong = events["snr"] > 8
    silent = relative_error(0 * denoised, events)[strong]
    assert ((silent > 0.7) & (silent < 1)).all()


def test_the_likelihood_is_lowest_where_deviations_are_as_said():
    """At the mean of the logarithms, and their standard deviation."""
    torch.manual_seed(3)
    fluence = torch.exp(1.2 + 0.4 * torch.randn(500))
    batch = {"label": torch.ones(500), "fluence": fluence}

    def loss(mean, deviation):
        mean, deviation = (torch.full((500,), value, requires_grad=True)
                           for value in (mean, deviation))  # fmt: skip
        total, _ = PulseSearch().loss({"log_fluence": mean, "log_deviation": deviation}, batch)
        total.backward()
        return total.item(), mean.grad.sum().item(), deviation.grad.sum().item()

    logarithm = fluence.log()
    best = logarithm.mean().item(), math.log(logarithm.std(correction=0).item())
    lowest, *slopes = loss(*best)
    assert slopes == pytest.approx([0, 0], abs=1e-3)
    for mean, deviation in ((0.1, 0), (-0.1, 0), (0, 0.2), (0, -0.2)):
        assert loss(best[0] + mean, best[1] + deviation)[0] > lowest


def test_noise_has_no_fluence_to_be_measured(output, batch):
    changed = output | {"log_fluence": output["log_fluence"].clone()}
    changed["log_fluence"][batch["label"] == 0] += 5
    first, second = (PulseSearch().loss(each, batch)[0] for each in (output, changed))
    assert first == second


def test_gross_mistakes_have_finite_losses(batch):
    given = {
        "logit": torch.full((TRACES,), 200.0, requires_grad=True),
        "log_fluence": torch.full((TRACES,), 60.0, requires_grad=True),
        "log_deviation": torch.full((TRACES,), -5.0, requires_grad=True),
    }
    loss, _ = PulseSearch().loss(given, batch)
    loss.backward()
    assert loss.isfinite()
    assert all(values.grad.isfinite().all() for values in given.values())


def described(**changes):
    """Return what a denoiser returns of two traces, the pulse between samples 20 and 21."""
    time = torch.arange(SAMPLES)
    envelope = torch.exp(-((time - 20.4) ** 2) / 18).expand(2, -1)
    return {
        "denoised": envelope * torch.cos(2 * time),
        "envelope": envelope,
        "latent": torch.randn(2, 3),
        "score": torch.tensor([-1.0, 2.0]),
        "log_unit": torch.zeros(2),
        "log_fluence": torch.log(torch.tensor([0.5, 8.0])),
        "calibration": torch.tensor([math.log(0.8), 1.0, 0.0, 1.0], dtype=torch.float64),
        "rate": 200.0,
    } | changes


@pytest.mark.parametrize("logit", [None, torch.tensor([0.5, -3.0])])
def test_predictions_are_the_study_s_columns(logit):
    output = described(**({} if logit is None else {"logit": logit}))
    found = PulseSearch().predict(output)
    assert list(found) == [field.name for field in PREDICTIONS]
    for field in PREDICTIONS:
        assert found[field.name].numpy().dtype == np.dtype(field.dtype)
    expected = [-1.0, 2.0] if logit is None else 1 / (1 + np.exp(-logit.double().numpy()))
    assert found["score"].numpy() == pytest.approx(expected)
    # the calibration says that of all fluences 80 % are found
    assert found["predicted_fluence"].numpy() == pytest.approx([0.625, 10.0])
    assert found["predicted_time"].numpy() == pytest.approx([20.4 * 5.0] * 2, abs=0.05)
    assert torch.equal(found["denoised"], output["denoised"])
    assert torch.equal(found["latent"], output["latent"])


def test_a_classifier_predicts_its_score_alone():
    found = PulseSearch().predict({"logit": torch.tensor([20.0, 21.0])})
    assert list(found) == ["score"]
    assert found["score"].dtype == torch.float64
    assert found["score"][0] < found["score"][1] < 1


def test_validation_says_how_many_pulses_are_found_and_how_well_measured():
    events = traces(400, 1)
    truth = {name: events[name] for name in ("label", "snr", "fluence")}
    rng = np.random.default_rng(1)
    predicted = {"score": rng.normal(2 * truth["snr"].numpy())}
    columns = {name: values.numpy() for name, values in truth.items()}
    found = PulseSearch().monitor(predicted, truth)
    assert found == {
        "validation_auc": metrics.auc(columns | predicted),
        "validation_tpr": metrics.tpr_fpr_2e_3_snr_3(columns | predicted),
    }
    assert 0.5 < found["validation_tpr"] <= 1
    predicted["predicted_fluence"] = columns["fluence"] * rng.normal(1, 0.2, 400)
    found = PulseSearch().monitor(predicted, truth)
    assert found["validation_fluence_resolution"] == pytest.approx(0.2, abs=0.05)
