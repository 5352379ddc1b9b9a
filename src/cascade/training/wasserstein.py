"""A network that refines one sample until a critic cannot tell it from another.

Wasserstein distance by a critic f of limited slope (Arjovsky, Chintala, Bottou, arXiv:1701.07875):

    W(data, refined) = max_f ⟨f(data)⟩ − ⟨f(refined)⟩,    |∇f| ≤ 1,

where the slope is held by a penalty λ ⟨max(0, |∇f| − 1)²⟩ on straight lines between data and
refined events (Gulrajani et al., arXiv:1704.00028; one-sided as in Petzka, Fischer, Lukovnikov,
arXiv:1709.08894), or by the critic's own normalisation (Miyato et al.,
arXiv:1802.05957). The critic learns at every step, the refiner at every ``critic_steps``-th one, to
bring W down. What is kept of the refiner is a moving average of its weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from cascade.errors import CascadeError
from cascade.training.batches import Values
from cascade.training.scaling import Scaled
from cascade.training.settings import Adversary, Optimiser
from cascade.training.tasks import Supervised, as_array

WARM_UP = 10
"""Steps of the refiner; the average reaches back over about a tenth of all so far, at most."""


class RefinerWithCritic(Protocol):
    """What this task asks of a network, which is called with the input fields.

    It returns the first of them refined: by ``refiner`` while it learns, else by ``averaged``.
    """

    adversary: Adversary
    refiner: nn.Module
    averaged: nn.Module
    """The refiner that is kept; starts as a copy."""
    critic: nn.Module
    """(B, features) → (B,)"""

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Return the first input refined."""

    def views(self, *inputs: Tensor) -> Tensor:
        """Return what the critic sees of events (B, features)."""


class WassersteinRefinement(Supervised):
    """Refiner and critic on the batches of the roles ``simulation`` and ``data``.

    The objective has a method ``distance(refined, data) -> (loss, numbers)`` that compares the
    input fields of both validation splits as arrays; its loss selects the epoch.
    """

    in_turns = True

    def __init__(self, network: Scaled, objective: Any, inputs: tuple[str, ...], *others: Any):
        if inputs[0] in network.scalers:
            raise CascadeError(
                f"training.scaling.{inputs[0]}: is what is refined, and stays in its own unit; "
                "only other fields can be scaled"
            )
        super().__init__(network, objective, inputs, *others)

    @property
    def pair(self) -> RefinerWithCritic:
        """Return the networks behind the scalers."""
        return self.network.network

    def events(self, batch: dict[str, dict[str, Values]]) -> dict[str, Values]:
        """Return the events that are refined."""
        return batch["simulation"]

    def training_step(
        self, batch: dict[str, dict[str, Tensor]], number: int
    ) -> tuple[Tensor, Tensor]:
        """Let the critic learn, and every so often the refiner; return the critic's estimate."""
        pair = self.pair
        refiner_optimiser, critic_optimiser = self.optimisers
        simulation, data = (self._inputs(batch[role]) for role in ("simulation", "data"))
        shared = min(len(simulation[0]), len(data[0]))
        simulation, data = ([x[:shared] for x in role] for role in (simulation, data))
        with torch.no_grad():
            real, fake = pair.views(*data), self._refined_views(simulation)
        estimate, steepness = self._criticise(real, fake)
        self.descend(pair.adversary.penalty * steepness - estimate, critic_optimiser)
        if number % pair.adversary.critic_steps == pair.adversary.critic_steps - 1:
            score = pair.critic(self._refined_views(simulation))
            self.descend(-score.mean(), refiner_optimiser)
            self._average(number // pair.adversary.critic_steps)
        self.follow_schedules("step")
        return estimate.detach() * shared, torch.tensor(float(shared))

    def _criticise(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return the critic's estimate of the distance, and how far its slope is above 1."""
        if not self.pair.adversary.penalty:
            real, fake = self.pair.critic(torch.cat([real, fake])).split(len(real))
            return real.mean() - fake.mean(), torch.zeros((), device=real.device)
        share = torch.rand(len(real), 1, device=real.device)
        between = (share * real + (1 - share) * fake).requires_grad_()
        scores = self.pair.critic(torch.cat([real, fake, between]))
        real, fake, between_score = scores.split(len(real))
        (slope,) = torch.autograd.grad(between_score.sum(), between, create_graph=True)
        norm = (slope.square().sum(dim=1) + 1e-12).sqrt()
        return real.mean() - fake.mean(), (norm - 1).clamp(min=0).square().mean()

    @torch.no_grad()
    def _average(self, steps: int) -> None:
        # the first steps count little, for they are still far away
        keep = min(self.pair.adversary.averaging, (steps + 1) / (steps + WARM_UP))
        for kept, now in zip(
            self.pair.averaged.parameters(), self.pair.refiner.parameters(), strict=True
        ):
            kept.lerp_(now, 1 - keep)

    def _inputs(self, events: dict[str, Tensor]) -> list[Tensor]:
        return self.network.scaled(*(events[name] for name in self.inputs))

    def _refined_views(self, inputs: Sequence[Tensor]) -> Tensor:
        return self.pair.views(self.pair(*inputs), *inputs[1:])

    def validation_step(self, batch: dict[str, dict[str, Tensor]]) -> dict[str, Any]:
        """Return refined events and data, and what the critic says of them."""
        simulation, data = (batch[role] for role in ("simulation", "data"))
        first, *others = self.inputs
        refined = {first: self(simulation), **{name: simulation[name] for name in others}}
        data = {name: data[name] for name in self.inputs}
        scores = [
            self.pair.critic(self.pair.views(*self._inputs(events))) for events in (refined, data)
        ]
        return {"refined": refined, "data": data, "scores": scores}

    def judge(
        self, outputs: list[dict[str, Any]], truth: dict[str, Values]
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the objective's distance, and the critic's estimate beside its numbers."""
        refined, data = (
            {name: as_array([output[key][name] for output in outputs]) for name in self.inputs}
            for key in ("refined", "data")
        )
        loss, numbers = self.objective.distance(refined, data)
        refined_score, data_score = (
            torch.cat([output["scores"][i] for output in outputs]).mean().item() for i in (0, 1)
        )
        estimate = {"validation_wasserstein": data_score - refined_score}
        return torch.tensor(loss), {**estimate, **numbers}

    def learners(self) -> list[tuple[nn.Module, Optimiser, str]]:
        """Return refiner and critic, each with its optimiser."""
        critic = self.pair.adversary.critic
        return [
            (self.pair.refiner, self.training_settings.optimiser, "training.optimiser"),
            (self.pair.critic, critic, "settings.adversary.critic"),
        ]
