"""A network's functions intercepted, so that their backward pass carries relevance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdKeyDictionary

from cascade.errors import CascadeError
from cascade.introspection import relevance_operations as operations
from cascade.introspection.relevance_layers import NORMALISATIONS
from cascade.introspection.relevance_operations import Call
from cascade.introspection.relevance_rules import Rule, enhanced, hand_on, share
from cascade.introspection.settings import RelevanceSettings

LOWER, UPPER = 7 / 16, 3 / 16
"""Shares of the layers that the composite rule gives to γ and to 0."""


class Propagation(TorchFunctionMode):
    """While it is entered, functions of torch get a backward pass that carries relevance.

    Attributes
    ----------
    kept
        Relevance that went to no input, by the operation that kept it.
    """

    def __init__(self, settings: RelevanceSettings):
        super().__init__()
        self.settings = settings
        self.kept: Counter[str] = Counter()
        self._layers = 0
        self._known: set[Node] = set()
        self._gates = WeakIdKeyDictionary()

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        """Call a function of torch, with a rule if it is given carriers of relevance."""
        kwargs = kwargs or {}
        name, in_place = operations.name_of(function)
        call = Call(function, args, kwargs)
        if not call.places or not torch.is_grad_enabled():
            return function(*args, **kwargs)
        if in_place and name not in operations.MOVING_IN_PLACE:
            target, *rest = args
            plain = getattr(torch.Tensor, name)
            out = self.__torch_function__(plain, types, (target.clone(), *rest), kwargs)
            target.copy_(out)
            self._mark(name, call, target)
            return target
        out = self._shared(name, call)
        if out is None:
            self._check(call.carriers)
            out = function(*args, **kwargs)
            self._check(_all(out), name)
        self._mark(name, call, out)
        return out

    def check(self, score: Tensor) -> None:
        """Check that nothing went past, on the way from the inputs to the score.

        Raises
        ------
        CascadeError
            Something did: its gradient would be taken for relevance.
        """
        self._check([score])

    def forget(self) -> None:
        """Let go of the graph of a batch: its nodes hold rules, and these hold what knows them."""
        self._known.clear()

    def _check(self, found: list[Any], name: str | None = None) -> None:
        """Check what lies behind carriers, all in the function of this name if there is one."""
        foreign = operations.foreign(operations.nodes_of(found), self._known)
        if foreign is not None:
            raise _no_rule(name or foreign)

    def _shared(self, name: str, call: Call) -> Tensor | None:
        """Return what a function gives, if a rule is needed for it to carry relevance."""
        if name in operations.PRODUCTS:
            return self._product(name, call)
        if name in operations.QUOTIENTS:
            return self._quotient(name, call)
        if name in operations.HELD:
            return call.held(call.places).replaced({})
        if name in NORMALISATIONS:
            operation = NORMALISATIONS[name](call)
            return self._share(name, operation, call.carriers, Rule)
        pointwise = operations.is_pointwise(name, call)
        if operations.is_hidden(name, call) or (pointwise and len(call.places) > 1):
            raise _no_rule(name)
        if pointwise:
            return hand_on(call.operation(), *call.carriers)
        if operations.is_shift(name, call):
            place = self._layers
            # behind the last layer the score itself is moved, and its origin is no input's share
            rule = lambda: Rule() if place == self._layers else None  # noqa: E731
            return self._share(name, call.operation(), call.carriers, rule)
        if operations.is_homogeneous(name, call):
            return self._share(name, call.operation(), call.carriers, Rule)
        return None

    def _product(self, name: str, call: Call) -> Tensor:
        gates = [place for place in call.places if call.leaves[place] in self._gates]
        if len(gates) < len(call.places):
            call = call.held(gates)
        factors = len(call.places)
        if operations.has_bias(name) and max(call.places) > 1:
            raise _no_rule(f"{name} with a bias that is computed")
        layer = None if name in operations.SCALINGS else call.layer(name)
        if layer is None:
            return self._share(name, call.operation(), call.carriers, Rule, factors)
        # how many layers there are is known once relevance goes backward
        place, self._layers = self._layers, self._layers + 1
        return self._share(name, enhanced(*layer), call.carriers, lambda: self._rule(place))

    def _quotient(self, name: str, call: Call) -> Tensor:
        """Let the numerator take all; the reciprocal of a carrier is a function of it alone."""
        denominator = 0 if name.startswith("r") else 1
        if call.places == [denominator]:
            return hand_on(call.operation(), *call.carriers)
        call = call.held([denominator] if denominator in call.places else [])
        return self._share(name, call.operation(), call.carriers, Rule)

    def _share(
        self,
        name: str,
        operation: Callable[..., Tensor],
        carriers: list[Tensor],
        rule: Callable[[], Rule | None],
        factors: int = 1,
    ) -> Tensor:
        def keep(relevance: Tensor) -> None:
            self.kept[name] += float(relevance)

        return share(operation, rule, keep, factors, carriers)

    def _rule(self, place: int) -> Rule:
        kind = self.settings.rule
        match composite(place, self._layers) if kind == "composite" else kind:
            case "epsilon":
                return Rule(epsilon=self.settings.epsilon)
            case "gamma":
                return Rule(gamma=self.settings.gamma)
            case _:
                return Rule()

    def _mark(self, name: str, call: Call, out: Any) -> None:
        """Remember what is a gate: also once it is moved about, scaled or shifted."""
        through = name not in operations.MIXING and all(x in self._gates for x in call.carriers)
        if name in operations.GATES or through:
            for x in _all(out):
                if operations.is_carrier(x):
                    self._gates[x] = True


def composite(place: int, layers: int) -> str:
    """Return the rule of a layer by its place, from 0, among those with weights.

    Examples
    --------
    >>> [composite(place, 5) for place in range(5)]
    ['gamma', 'gamma', 'epsilon', 'epsilon', 'zero']
    """
    if place >= layers - max(1, round(UPPER * layers)):
        return "zero"
    return "gamma" if place < round(LOWER * layers) else "epsilon"


def _all(out: Any) -> list[Any]:
    return list(out) if isinstance(out, tuple | list) else [out]


def _no_rule(name: str) -> CascadeError:
    return CascadeError(f"layer-wise relevance propagation has no rule for torch's {name}")
