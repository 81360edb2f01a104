"""Optimizers, weight decay and losses, beside torch's own."""

import pytest
import torch
from torch import nn

from asc.augmentations.augmentation import Batch
from asc.fabric import make_fabric
from asc.learners import NetworkLearner, cross_entropy, make_optimizer
from asc.presets import image_training
from asc.run import ImageData, Run
from asc.training_settings import TrainingSettings
from models.vision.mlp import MlpSettings

pytestmark = pytest.mark.trains


def learner_of(network: nn.Module, training: TrainingSettings) -> NetworkLearner:
    """Return what trains `network`; the run's own network is another."""
    run = Run(data=ImageData(name="mnist", identity="none"), network=MlpSettings(), training=training)
    return NetworkLearner(run, network, make_fabric("cpu"))


@pytest.mark.parametrize("name", ["sgd", "nesterov", "adam", "rmsprop"])
def test_a_step_is_torchs(name: str) -> None:
    torch.manual_seed(0)
    network, twin = nn.Linear(5, 3), nn.Linear(5, 3)
    twin.load_state_dict(network.state_dict())
    momentum = 0.0 if name == "adam" else 0.9
    how = {"smoothing": 0.9, "epsilon": 0.5} if name == "rmsprop" else {}
    training = image_training(optimizer=name, learning_rate=0.01, momentum=momentum, weight_decay=0.1, **how)
    reference: torch.optim.Optimizer
    if name == "adam":
        reference = torch.optim.Adam(twin.parameters(), lr=0.01, weight_decay=0.1)
    elif name == "rmsprop":
        reference = torch.optim.RMSprop(twin.parameters(), lr=0.01, alpha=0.9, eps=0.5, momentum=0.9, weight_decay=0.1)
    else:
        reference = torch.optim.SGD(
            twin.parameters(), lr=0.01, momentum=0.9, weight_decay=0.1, nesterov=name == "nesterov"
        )
    learner = learner_of(network, training)
    for _ in range(3):
        inputs, labels = torch.randn(8, 5), torch.randint(3, (8,))
        loss = nn.functional.cross_entropy(twin(inputs), labels)
        reference.zero_grad()
        loss.backward()
        reference.step()
        # Up to rounding: the learner's optimizers go through each weight once.
        torch.testing.assert_close(learner.step(Batch(inputs, labels), [0.01]), loss.detach()[None])
    torch.testing.assert_close(network.state_dict(), twin.state_dict())


def test_weight_decay_is_of_the_parameters_named() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    groups = make_optimizer(network, image_training(weight_decay=0.5, decayed=("1.weight",))).param_groups
    decays = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    found = {name: decays[id(parameter)] for name, parameter in network.named_parameters()}
    assert found == {"0.weight": 0.0, "0.bias": 0.0, "1.weight": 0.5, "1.bias": 0.0}


def test_slowed_parameters_learn_at_a_tenth_of_the_rate() -> None:
    torch.manual_seed(0)
    network = nn.Linear(3, 2)
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    learner = learner_of(network, image_training(slowed=("bias",)))
    inputs, labels = torch.randn(8, 3), torch.randint(2, (8,))
    learner.step(Batch(inputs, labels), [0.5])
    for name, rate in (("weight", 0.5), ("bias", 0.05)):
        parameter = network.get_parameter(name)
        assert torch.allclose(parameter, before[name] - rate * parameter.grad)  # type: ignore[operator]


def test_the_loss_of_mixed_labels_is_the_mixture_of_both_losses() -> None:
    logits, first, second = torch.randn(6, 3), torch.arange(6) % 3, torch.arange(6) % 2
    weight = torch.linspace(0.5, 1, 6)
    losses = [nn.functional.cross_entropy(logits, labels, reduction="none") for labels in (first, second)]
    expected = (weight * losses[0] + (1 - weight) * losses[1]).mean()
    torch.testing.assert_close(cross_entropy(logits, Batch(logits, first, second, weight)), expected)
    one_hot = weight[:, None] * torch.eye(3)[first] + (1 - weight)[:, None] * torch.eye(3)[second]
    torch.testing.assert_close(expected, nn.functional.cross_entropy(logits, one_hot))
    assert torch.equal(cross_entropy(logits, Batch(logits, first)), nn.functional.cross_entropy(logits, first))


def test_a_network_that_is_only_tested_has_no_optimizer() -> None:
    network = nn.Linear(3, 2)
    learner = learner_of(network, image_training())
    assert learner.logits(torch.randn(5, 3)).shape == (1, 5, 2)
    assert "_trained" not in vars(learner)
