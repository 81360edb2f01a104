"""A stack of perceptrons against its members, each trained alone by torch."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from asc.stack import PerceptronStack
from common.errors import ConfigError
from models.vision.mlp import Mlp, MlpSettings
from models.weights.masked import lay_masks, masks_of
from models.weights.sparse import lay_sparse

pytestmark = pytest.mark.trains

INPUTS, CLASSES = 7, 3
KINDS = [
    {"activation": activation, "bias": bias, "parametrisation": parametrisation}
    for activation, bias, parametrisation in product(("relu", "linear"), (True, False), ("standard", "ntk"))
]
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(str(value) for value in kind.values()))
Batch = tuple[Tensor, Tensor]


def perceptron(width: int, masks: dict[str, Tensor], **kind: Any) -> Mlp:
    network = Mlp(MlpSettings(width=width, classes=CLASSES, inputs=INPUTS, **kind))
    lay_sparse(network, masks)
    return network


def mixed(**kind: Any) -> list[Mlp]:
    """Return dense and sparse members; in two of them some unit has no weight left on one side or on both."""
    torch.manual_seed(0)
    hidden, classifier = torch.rand(12, INPUTS) < 0.4, torch.rand(CLASSES, 12) < 0.5
    hidden[4] = False
    classifier[:, [4, 5]] = False
    return [
        perceptron(5, {}, **kind),
        perceptron(12, {"hidden": hidden, "classifier": classifier}, **kind),
        perceptron(1, {}, **kind),
        perceptron(12, {"hidden": hidden}, **kind),
        perceptron(12, {"classifier": classifier}, **kind),
        perceptron(6, {"hidden": torch.zeros(6, INPUTS, dtype=torch.bool)}, **kind),
    ]


def batches(count: int, size: int = 10, dtype: torch.dtype = torch.float32) -> list[Batch]:
    generator = torch.Generator().manual_seed(1)
    return [
        (
            torch.randn(size, INPUTS, generator=generator, dtype=dtype),
            torch.randint(CLASSES, (size,), generator=generator),
        )
        for _ in range(count)
    ]


def train_alone(network: Mlp, learning_rate: float, steps: Sequence[Batch]) -> list[float]:
    optimizer, losses = torch.optim.SGD(network.parameters(), lr=learning_rate), []
    for inputs, labels in steps:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def train_stacked(networks: list[Mlp], learning_rates: Sequence[float], steps: Sequence[Batch]) -> Tensor:
    """Return the losses (step, member)."""
    stack, rates = PerceptronStack(networks), torch.tensor(learning_rates, dtype=torch.float64)
    losses = [stack.step(inputs, labels, rates.to(inputs)) for inputs, labels in steps]
    stack.write_back()
    return torch.stack(losses)


def assert_same(networks: list[Mlp], others: list[Mlp], **tolerance: float) -> None:
    for network, other in zip(networks, others, strict=True):
        for (name, ours), theirs in zip(network.named_parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(ours, theirs, msg=lambda text, name=name: f"{name}: {text}", **tolerance)


@kinds
def test_members_train_as_if_alone(kind: dict[str, Any]) -> None:
    together, rates, steps = mixed(**kind), [0.1, 0.3, 1.0, 0.05, 0.5, 0.0], batches(50)
    alone = deepcopy(together)
    losses = train_stacked(together, rates, steps)
    expected = [train_alone(network, rate, steps) for network, rate in zip(alone, rates, strict=True)]
    assert_same(together, alone, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(losses, torch.tensor(expected).T, rtol=1e-4, atol=1e-5)
    assert not torch.equal(losses[0], losses[-1])


@st.composite
def members(draw: Callable[..., Any]) -> list[Mlp]:
    kind, networks = draw(st.sampled_from(KINDS)), []
    torch.manual_seed(draw(st.integers(0, 2**31)))
    for width in draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)):
        shapes = {"hidden": (width, INPUTS), "classifier": (CLASSES, width)}
        masks = {
            name: torch.rand(shape) < draw(st.floats(0, 1)) for name, shape in shapes.items() if draw(st.booleans())
        }
        networks.append(perceptron(width, masks, **kind).double())
    return networks


@given(members(), st.integers(1, 40), st.data())
@settings(max_examples=40, deadline=None)
def test_any_members_in_double_precision(together: list[Mlp], size: int, data: st.DataObject) -> None:
    rates = data.draw(st.lists(st.floats(0, 1), min_size=len(together), max_size=len(together)))
    alone, steps = deepcopy(together), batches(10, size, torch.float64)
    train_stacked(together, rates, steps)
    for network, rate in zip(alone, rates, strict=True):
        train_alone(network, rate, steps)
    assert_same(together, alone, rtol=1e-7, atol=1e-9)


@kinds
def test_a_step_at_rate_one_is_the_gradient(kind: dict[str, Any]) -> None:
    after = [network.double() for network in mixed(**kind)]
    before, (inputs, labels) = deepcopy(after), batches(1, dtype=torch.float64)[0]
    losses = train_stacked(after, [1.0] * len(after), [(inputs, labels)])[0]
    for network, moved, loss in zip(before, after, losses, strict=True):
        expected = nn.functional.cross_entropy(network(inputs), labels)
        torch.testing.assert_close(loss, expected)
        gradients = torch.autograd.grad(expected, list(network.parameters()))
        for old, new, gradient in zip(network.parameters(), moved.parameters(), gradients, strict=True):
            torch.testing.assert_close(old - new, gradient, rtol=1e-10, atol=1e-14)


@kinds
@pytest.mark.parametrize("shape", [(5, INPUTS), (16, 1, 1, INPUTS)])
def test_logits(kind: dict[str, Any], shape: tuple[int, ...]) -> None:
    networks, inputs = mixed(**kind), torch.randn(shape)
    torch.testing.assert_close(
        PerceptronStack(networks).logits(inputs), torch.stack([network(inputs) for network in networks])
    )


def test_what_is_not_kept_stays_zero() -> None:
    networks = mixed()
    masks = [masks_of(network) for network in networks]
    train_stacked(networks, [0.5] * len(networks), batches(20))
    assert sum(len(kept) for kept in masks) == 5
    for network, kept in zip(networks, masks, strict=True):
        for name, mask in kept.items():
            assert not network.get_submodule(name).weight[~mask].any()
            assert network.get_submodule(name).weight[mask].all()


def test_a_diverged_member_disturbs_no_other() -> None:
    together, steps = mixed(), batches(20)
    alone = deepcopy(together)
    train_stacked(together, [0.1, 1e38, *[0.1] * 4], steps)
    assert not together[1].hidden.bias.isfinite().all()
    for network in alone:
        train_alone(network, 0.1, steps)
    del together[1], alone[1]
    assert_same(together, alone, rtol=1e-4, atol=1e-5)


def test_going_on_with_what_was_written_back_is_exact() -> None:
    once, steps = mixed(), batches(20)
    twice, rates = deepcopy(once), [0.3] * len(once)
    train_stacked(once, rates, steps)
    train_stacked(twice, rates, steps[:8])
    train_stacked(twice, rates, steps[8:])
    assert_same(once, twice, rtol=0, atol=0)


def test_members_keep_their_weights_until_written_back() -> None:
    networks = mixed()
    before = deepcopy(networks)
    stack = PerceptronStack(networks)
    stack.step(*batches(1)[0], torch.ones(len(networks)))
    assert_same(networks, before, rtol=0, atol=0)


@pytest.mark.parametrize(
    "networks", [[], [perceptron(3, {}), perceptron(3, {}, bias=False)]], ids=["none", "different kinds"]
)
def test_members_must_be_of_one_kind(networks: list[Mlp]) -> None:
    with pytest.raises(ConfigError, match="differ only in width"):
        PerceptronStack(networks)


def test_other_schemes_of_weights_are_refused() -> None:
    network = perceptron(3, {})
    lay_masks(network)
    with pytest.raises(ConfigError, match="MaskedWeight"):
        PerceptronStack([network])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@kinds
def test_on_a_gpu(kind: dict[str, Any]) -> None:
    together, rates, steps = mixed(**kind), [0.1, 0.3, 1.0, 0.05, 0.5, 0.0], batches(20)
    alone = deepcopy(together)
    train_stacked(
        [network.cuda() for network in together], rates, [(inputs.cuda(), labels.cuda()) for inputs, labels in steps]
    )
    for network, rate in zip(alone, rates, strict=True):
        train_alone(network, rate, steps)
    assert_same([network.cpu() for network in together], alone, rtol=1e-3, atol=1e-4)
