"""Learning rates, optimisers and weight decay, beside torch's own."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from asc.images.description import Learning
from asc.images.learners import NetworkLearner, learning_rate, make_optimiser

pytestmark = pytest.mark.trains


@pytest.mark.parametrize(
    ("learning", "scheduler"),
    [
        (Learning(schedule="constant"), lambda o: torch.optim.lr_scheduler.ConstantLR(o, 1.0)),
        (
            Learning(schedule="steps", milestones=(3, 5), factor=0.1),
            lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [3, 5], 0.1),
        ),
        (Learning(schedule="exponential", factor=0.95), lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.95)),
        (Learning(schedule="cosine", epochs=8), lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 8)),
    ],
)
def test_learning_rates_are_those_of_torchs_schedulers(learning: Learning, scheduler: Callable[[Any], Any]) -> None:
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=learning.learning_rate)
    reference = scheduler(optimiser)
    for epoch in range(8):
        assert learning_rate(epoch, learning) == pytest.approx(optimiser.param_groups[0]["lr"], abs=1e-12)
        optimiser.step()
        reference.step()


@pytest.mark.parametrize("name", ["sgd", "nesterov", "adam", "rmsprop"])
def test_a_step_is_torchs(name: str) -> None:
    torch.manual_seed(0)
    network, twin = nn.Linear(5, 3), nn.Linear(5, 3)
    twin.load_state_dict(network.state_dict())
    momentum = 0.0 if name == "adam" else 0.9
    how = {"smoothing": 0.9, "epsilon": 0.5} if name == "rmsprop" else {}
    learning = Learning(optimiser=name, learning_rate=0.01, momentum=momentum, weight_decay=0.1, **how)  # type: ignore[arg-type]
    reference: torch.optim.Optimizer
    if name == "adam":
        reference = torch.optim.Adam(twin.parameters(), lr=0.01, weight_decay=0.1)
    elif name == "rmsprop":
        reference = torch.optim.RMSprop(twin.parameters(), lr=0.01, alpha=0.9, eps=0.5, momentum=0.9, weight_decay=0.1)
    else:
        reference = torch.optim.SGD(
            twin.parameters(), lr=0.01, momentum=0.9, weight_decay=0.1, nesterov=name == "nesterov"
        )
    learner = NetworkLearner(network, learning)
    for _ in range(3):
        inputs, labels = torch.randn(8, 5), torch.randint(3, (8,))
        loss = nn.functional.cross_entropy(twin(inputs), labels)
        reference.zero_grad()
        loss.backward()
        reference.step()
        # Up to rounding: the learner's optimisers go through each weight once.
        torch.testing.assert_close(learner.step(inputs, labels, [0.01]), loss.detach()[None])
    torch.testing.assert_close(network.state_dict(), twin.state_dict())


def test_weight_decay_is_of_the_parameters_named() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    groups = make_optimiser(network, Learning(weight_decay=0.5, decayed=("1.weight",))).param_groups
    decays = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    found = {name: decays[id(parameter)] for name, parameter in network.named_parameters()}
    assert found == {"0.weight": 0.0, "0.bias": 0.0, "1.weight": 0.5, "1.bias": 0.0}


def test_slowed_parameters_learn_at_a_tenth_of_the_rate() -> None:
    torch.manual_seed(0)
    network = nn.Linear(3, 2)
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    learner = NetworkLearner(network, Learning(slowed=("bias",)))
    inputs, labels = torch.randn(8, 3), torch.randint(2, (8,))
    learner.step(inputs, labels, [0.5])
    for name, rate in (("weight", 0.5), ("bias", 0.05)):
        parameter = network.get_parameter(name)
        assert torch.allclose(parameter, before[name] - rate * parameter.grad)  # type: ignore[operator]
