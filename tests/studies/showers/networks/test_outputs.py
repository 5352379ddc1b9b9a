import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli, Normal

from cascade.studies.showers import PREDICTIONS
from cascade.studies.showers.networks.outputs import (
    AXIS,
    CORE,
    LG_ENERGY,
    LIMIT,
    LOGIT,
    OUTPUTS,
    UNCERTAINTIES,
    UNITS,
    X_MAX,
    Reconstruction,
    assemble,
)

EVENTS = 24


@pytest.fixture
def truth():
    torch.manual_seed(4)
    axis = torch.nn.functional.normalize(torch.randn(EVENTS, 3, dtype=torch.float64), dim=1)
    return {
        "axis": axis,
        "core": 500 * torch.randn(EVENTS, 2, dtype=torch.float64),
        "lg_energy": 19 + torch.rand(EVENTS, dtype=torch.float64),
        "x_max": 750 + 60 * torch.randn(EVENTS, dtype=torch.float64),
        "mass_number": torch.tensor([1, 4, 14, 56]).repeat(EVENTS // 4),
    }


@pytest.fixture
def output(truth):
    """Return the truth, badly measured."""
    torch.manual_seed(5)
    columns = [truth[name].reshape(EVENTS, -1) for name in ("axis", "core", "lg_energy", "x_max")]
    exact = torch.cat([*columns, torch.zeros(EVENTS, 5, dtype=torch.float64)], dim=1)
    errors = torch.tensor([0.02] * 3 + [15.0] * 2 + [0.03, 30.0] + [0.5] * 5)
    return exact + errors * torch.randn(exact.shape)


def loss(output, truth):
    losses, events = Reconstruction().loss(output, truth)
    assert events == len(output)
    return losses


def test_likelihoods_are_normal_distributions(output, truth):
    """They differ from torch's by the same constant for all events."""
    uncertainty = torch.exp(output[:, UNCERTAINTIES]) * torch.tensor(UNITS, dtype=torch.float64)
    found = Reconstruction().log_likelihoods(output, truth)
    columns = (AXIS, CORE, slice(LG_ENERGY, LG_ENERGY + 1), slice(X_MAX, X_MAX + 1))
    for number, (name, column) in enumerate(
        zip(("axis", "core", "lg_energy", "x_max"), columns, strict=True)
    ):
        error = output[:, column] - truth[name].reshape(EVENTS, -1)
        if name == "axis":
            # an axis is off in two directions: by all of the distance in one, not in the other
            error = torch.stack([error.norm(dim=1), torch.zeros(EVENTS)], dim=1)
        expected = Normal(0.0, uncertainty[:, number, None]).log_prob(error).sum(dim=1)
        constant = expected - found[number]
        directions = error.shape[1]
        shift = -directions * np.log(UNITS[number] * np.sqrt(2 * np.pi))
        torch.testing.assert_close(constant, torch.full_like(constant, shift))


def test_the_loss_adds_the_entropy_of_proton_and_iron(output, truth):
    mass = truth["mass_number"]
    known = (mass == 1) | (mass == 56)
    entropy = -Bernoulli(logits=output[known, LOGIT]).log_prob((mass[known] == 56).double()).sum()
    likelihoods = sum(part.sum() for part in Reconstruction().log_likelihoods(output, truth))
    torch.testing.assert_close(loss(output, truth), entropy - likelihoods)


def test_helium_and_nitrogen_leave_the_classification_alone(output, truth):
    output.requires_grad_()
    loss(output, truth).backward()
    others = (truth["mass_number"] == 4) | (truth["mass_number"] == 14)
    assert others.sum() == EVENTS // 2
    assert (output.grad[others, LOGIT] == 0).all()
    assert (output.grad[~others, LOGIT] != 0).all()
    nitrogen = {**truth, "mass_number": torch.full((EVENTS,), 14)}
    assert loss(output.detach(), nitrogen).isfinite()


def test_nothing_is_better_than_the_truth(output, truth):
    best = output.clone()
    for name, column in (("axis", AXIS), ("core", CORE), ("lg_energy", 5), ("x_max", 6)):
        best[:, column] = truth[name]
    best.requires_grad_()
    loss(best, truth).backward()
    assert (best.grad[:, : UNCERTAINTIES.start] == 0).all()
    for column in range(UNCERTAINTIES.start):
        for sign in (-1, 1):
            worse = best.detach().clone()
            worse[:, column] += sign * 0.01
            assert loss(worse, truth) > loss(best, truth)


def test_the_best_uncertainty_is_the_error(output, truth):
    with torch.no_grad():
        errors = (
            ((output[:, AXIS] - truth["axis"]) ** 2).sum(dim=1) / 2,
            ((output[:, CORE] - truth["core"]) ** 2).sum(dim=1) / 2,
            (output[:, LG_ENERGY] - truth["lg_energy"]) ** 2,
            (output[:, X_MAX] - truth["x_max"]) ** 2,
        )
        for number, (square, unit) in enumerate(zip(errors, UNITS, strict=True)):
            output[:, 7 + number] = torch.log(square.sqrt() / unit)
    output.requires_grad_()
    loss(output, truth).backward()
    torch.testing.assert_close(
        output.grad[:, UNCERTAINTIES], torch.zeros(EVENTS, 4, dtype=torch.float64)
    )


def test_no_uncertainty_runs_away(output, truth):
    output[:, UNCERTAINTIES] = 50 * torch.randn(EVENTS, 4)
    predicted = Reconstruction().predict(output)
    assert loss(output, truth).isfinite()
    for name, unit in zip(("axis", "core", "lg_energy", "x_max"), UNITS, strict=True):
        ratio = torch.log(predicted[f"{name}_uncertainty"] / unit).abs()
        assert ratio.max().item() == pytest.approx(LIMIT)


def test_predictions_are_the_columns_of_the_study(output, truth):
    predicted = Reconstruction().predict(output)
    assert list(predicted) == [field.name for field in PREDICTIONS]
    shapes = {"predicted_axis": (EVENTS, 3), "predicted_core": (EVENTS, 2)}
    for name, values in predicted.items():
        assert values.shape == shapes.get(name, (EVENTS,)), name
    norm = predicted["predicted_axis"].norm(dim=1)
    torch.testing.assert_close(norm, torch.ones_like(norm))
    # in the units of the truth: errors are about as large as was drawn
    for name, error in (("core", 15), ("lg_energy", 0.03), ("x_max", 30)):
        deviation = (predicted[f"predicted_{name}"] - truth[name]).std().item()
        assert deviation == pytest.approx(error, rel=0.5)
    assert ((predicted["score"] > 0) & (predicted["score"] < 1)).all()
    order = output[:, LOGIT].argsort()
    assert (predicted["score"][order].diff() > 0).all()


def test_outputs_of_zero_are_a_typical_shower():
    axis, core = torch.tensor([[0.0, 0.0, 1.0]]), torch.tensor([[10.0, 20.0]])
    output = assemble(axis, core, torch.zeros(1), torch.zeros(1), torch.zeros(1, 5))
    assert output.shape == (1, OUTPUTS)
    assert output[0, :7].tolist() == [0, 0, 1, 10, 20, 19.25, 750]


def test_resolutions_are_monitored(output, truth):
    columns = {name: column.numpy() for name, column in Reconstruction().predict(output).items()}
    monitored = Reconstruction().monitor(columns, truth)
    assert 0.5 < monitored["validation_angular_resolution"] < 4
    assert 5 < monitored["validation_core_resolution"] < 50
    assert monitored["validation_x_max_resolution"] == pytest.approx(30, rel=0.5)
    assert monitored["validation_energy_resolution"] == pytest.approx(0.07, rel=0.5)
