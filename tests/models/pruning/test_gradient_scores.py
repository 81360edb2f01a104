"""SNIP, FORCE and GraSP against finite differences, a full Hessian and conservation."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.pruning.gradient_scores import force, grasp, snip
from models.pruning.scores import BatchNorm, Loss, ScoreSettings
from models.pruning.trial import values_of
from tests.models.pruning.small_networks import SmallResidual, draw, images, mlp, vectors


def loss_of(network: nn.Module, batches: list[tuple[Tensor, Tensor]], loss: Loss) -> float:
    losses = []
    for inputs, targets in batches:
        logits = network(inputs.double()).detach()
        scores = logits if loss == "neg_logit" else logits.log_softmax(dim=1)
        losses.append(float(-scores[torch.arange(len(targets)), targets].mean()))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("loss", ["cross_entropy", "neg_logit"])
@pytest.mark.parametrize("batch_norm", ["batch", "running"])
@pytest.mark.parametrize("damping", [None, 0.2])
def test_snip_is_the_derivative_with_respect_to_the_mask(
    loss: Loss, batch_norm: BatchNorm, damping: float | None
) -> None:
    """Lee 2019, eq. (5): how the loss moves when one weight is scaled by 1 + e, here by differences."""
    network, batches = SmallResidual(damping=damping).double(), images(2)
    scores = snip(network, {}, batches, ScoreSettings(loss=loss, batch_norm=batch_norm))
    network.eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train(batch_norm == "batch")
            module.momentum = 0.0
    for name, value in values_of(network).items():
        for position in (0, 5, 17):
            flat = value.data.view(-1)
            kept, losses = float(flat[position]), []
            for step in (1e-5, -1e-5):
                flat[position] = kept * (1 + step)
                losses.append(loss_of(network, batches, loss))
            flat[position] = kept
            expected = abs(losses[0] - losses[1]) / 2e-5
            assert float(scores[name].flatten()[position]) == pytest.approx(expected, rel=1e-4, abs=1e-8)


def test_snip_is_conserved_where_all_is_positive() -> None:
    """Every layer's signed scores sum to the mean target logit; with positive weights none cancels."""
    network = mlp().double()
    for module in network:
        if isinstance(module, nn.Linear):
            module.weight.data.abs_()
    (inputs, targets), *_ = vectors()
    batch = (inputs.double().abs(), targets)
    scores = snip(network, {}, [batch], ScoreSettings(loss="neg_logit"))
    expected = -loss_of(network, [batch], "neg_logit")
    assert [float(score.sum()) for score in scores.values()] == pytest.approx([expected] * 6, rel=1e-12)


def test_force_scores_removed_weights_and_snip_does_not() -> None:
    network, masks = mlp(), {"2": draw((100, 100), 9) > 1}
    back, nested = (score(network, masks, vectors(), ScoreSettings()) for score in (force, snip))
    assert bool(back["2"][~masks["2"]].any())
    assert not bool(nested["2"][~masks["2"]].any())
    assert torch.equal(back["2"][masks["2"]], nested["2"][masks["2"]])
    assert torch.equal(back["4"], nested["4"])


def test_grasp_is_the_weight_times_hessian_times_gradient() -> None:
    network = mlp((6, 5, 4), seed=3).double()
    batches = [(draw((7, 6), 1).double(), torch.arange(7) % 4), (draw((7, 6), 2).double(), torch.arange(7) % 4)]
    shapes = [(5, 6), (4, 5)]

    def objective(flat: Tensor) -> Tensor:
        first, second = (part.view(shape) for part, shape in zip(torch.split(flat, [30, 20]), shapes, strict=True))
        logits = [(x @ first.T).relu() @ second.T / 3 for x, _ in batches]
        return torch.stack([functional.cross_entropy(y, t) for y, (_, t) in zip(logits, batches, strict=True)]).sum()

    weights = torch.cat([value.detach().flatten() for value in network.parameters()])
    hessian = torch.autograd.functional.hessian(objective, weights)  # type: ignore[no-untyped-call]
    gradient = torch.autograd.functional.jacobian(objective, weights)  # type: ignore[no-untyped-call]
    expected = weights * (hessian @ gradient)
    scores = grasp(network, {}, batches, ScoreSettings(temperature=3.0))
    torch.testing.assert_close(torch.cat([score.flatten() for score in scores.values()]), expected)
    assert bool((expected < 0).any())
    assert bool((expected > 0).any())


def test_grasp_at_masks_is_grasp_of_the_smaller_network() -> None:
    """Removing hidden units by masks or by leaving them out of the network is the same."""
    network = mlp((6, 5, 4), seed=3).double()
    smaller = mlp((6, 3, 4)).double()
    with torch.no_grad():
        smaller[0].weight.copy_(network[0].weight[:3])  # type: ignore[operator, index]
        smaller[2].weight.copy_(network[2].weight[:, :3])  # type: ignore[operator, index]
    batches = [(draw((7, 6), 1).double(), torch.arange(7) % 4)]
    kept = torch.arange(5) < 3
    masks = {"0": kept.view(5, 1).expand(5, 6), "2": kept.view(1, 5).expand(4, 5)}
    scores = grasp(network, masks, batches, ScoreSettings())
    expected = grasp(smaller, {}, batches, ScoreSettings())
    torch.testing.assert_close(scores["0"][:3], expected["0"])
    torch.testing.assert_close(scores["2"][:, :3], expected["2"])
    assert not bool(scores["0"][3:].any())


def test_dropout_is_off() -> None:
    network = SmallResidual().train()
    first, second = (snip(network, {}, images(), ScoreSettings()) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
