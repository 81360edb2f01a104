"""Random hyperplanes: the projections against scipy's Hadamard matrix and their own laws, and training on one."""

from copy import deepcopy

import numpy as np
import pytest
import scipy.linalg
import torch
from torch import Tensor, nn

from common.errors import ConfigError
from models.audio.resnet import AudioResNet
from models.vision.initialisation import initialise_kaiming
from models.weights.damping import damp
from models.weights.hyperplane import (
    DenseProjection,
    FastfoodProjection,
    Hyperplane,
    Projection,
    SparseProjection,
    lay_hyperplane,
    walsh_hadamard,
)

pytestmark = pytest.mark.trains

KINDS: tuple[Projection, ...] = ("dense", "sparse", "fastfood")


def plane_of(network: nn.Module) -> Hyperplane:
    (plane,) = (module for module in network.modules() if isinstance(module, Hyperplane))
    return plane


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def matrix(projection: nn.Module, dimension: int) -> Tensor:
    return torch.stack([projection(basis) for basis in torch.eye(dimension)], 1)


def vector(parameters: object) -> Tensor:
    return torch.cat([p.detach().flatten() for p in parameters])  # type: ignore[attr-defined]


@pytest.mark.parametrize("exponent", range(8))
def test_walsh_hadamard(exponent: int) -> None:
    x = torch.randn(2**exponent, dtype=torch.float64)
    np.testing.assert_allclose(walsh_hadamard(x).numpy(), scipy.linalg.hadamard(2**exponent) @ x.numpy(), atol=1e-12)


def test_fastfood_is_its_formula() -> None:
    projection = FastfoodProjection(50, 7, generator())
    hadamard = torch.from_numpy(scipy.linalg.hadamard(64)).float()
    signs = torch.cat((projection.signs, torch.ones(57)))
    permutation = torch.eye(64)[projection.order]
    formed = hadamard @ projection.gains.diag() @ permutation @ hadamard @ signs.diag()
    torch.testing.assert_close(matrix(projection, 7), formed[:50, :7], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("kind", "tolerance"), [(DenseProjection, 1e-5), (SparseProjection, 1e-5)])
def test_columns_have_norm_one(kind: type[nn.Module], tolerance: float) -> None:
    p = matrix(kind(2500, 60, generator()), 60)
    torch.testing.assert_close(p.norm(dim=0), torch.ones(60), atol=tolerance, rtol=0)
    gram = p.T @ p - torch.eye(60)
    assert gram.abs().max() < 6 / 2500**0.5


def test_fastfood_columns_have_norm_one_at_the_size_of_lenet() -> None:
    columns = torch.eye(400)[::40]
    projection = FastfoodProjection(62006, 400, generator())
    norms = torch.stack([projection(column).norm() for column in columns])
    torch.testing.assert_close(norms, torch.ones(10), atol=0.005, rtol=0)


def test_sparse_entries_are_independent_trials() -> None:
    size, dimension = 10000, 300
    projection = SparseProjection(size, dimension, generator(3))
    cells = projection.columns.long() * size + projection.rows
    assert len(cells.unique()) == len(cells)
    expected = size * dimension / 100
    assert abs(len(cells) - expected) < 5 * expected**0.5
    by_row = projection.rows.bincount(minlength=size).double()  # binomial(300, 1 / 100)
    assert by_row.mean() == pytest.approx(3, abs=0.1)
    assert by_row.var() == pytest.approx(3 * 0.99, rel=0.1)
    assert abs(projection.entries.sign().sum()) < 5 * len(cells) ** 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_moves_in_the_plane_only(audio: AudioResNet, kind: Projection) -> None:
    start, dimension = vector(audio.parameters()), 5
    x, names = torch.randn(2, 1, 40, 40), [name for name, _ in audio.named_parameters()]
    before = audio.eval()(x)
    lay_hyperplane(audio, dimension, kind=kind, seed=1)
    assert torch.equal(audio(x), before)
    trained = [p for p in audio.parameters() if p.requires_grad]
    assert [p.shape for p in trained] == [(dimension,)]
    optimiser = torch.optim.Adam(audio.parameters(), lr=1e-2)
    for _ in range(3):
        optimiser.zero_grad()
        audio(x).square().sum().backward()
        optimiser.step()
    now = torch.cat([_present(audio, name).flatten() for name in names])
    p = matrix(plane_of(audio).projection, dimension)
    assert trained[0].abs().min() > 0
    torch.testing.assert_close(now, start + p @ trained[0].detach(), atol=1e-6, rtol=1e-5)


def _present(network: nn.Module, name: str) -> Tensor:
    owner, _, tensor = name.rpartition(".")
    return getattr(network.get_submodule(owner), tensor).detach()  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_of_the_coordinates(kind: Projection) -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).double()
    free = deepcopy(network)
    lay_hyperplane(network, 4, kind=kind, seed=2)
    x = torch.randn(5, 3, dtype=torch.float64)
    for module in (network, free):
        module(x).pow(3).sum().backward()
    full = torch.cat([p.grad.flatten() for p in free.parameters()])  # type: ignore[union-attr]
    plane = plane_of(network)
    p = torch.stack([plane.projection(basis) for basis in torch.eye(4).double()], 1)
    torch.testing.assert_close(plane.coordinates.grad, p.T @ full)


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_is_taken_up_by_the_same_seed(audio: AudioResNet, kind: Projection) -> None:
    other, x = deepcopy(audio), torch.randn(1, 1, 40, 40)
    for network in (audio, other):
        lay_hyperplane(network.eval(), 3, kind=kind, seed=7)
    nn.init.normal_(plane_of(audio).coordinates)
    assert not torch.equal(other(x), audio(x))
    other.load_state_dict(audio.state_dict())
    assert torch.equal(other(x), audio(x))


def test_one_projection_serves_a_whole_pass_and_is_then_forgotten(audio: AudioResNet) -> None:
    lay_hyperplane(audio, 3, kind="fastfood", seed=0)
    calls = []
    plane_of(audio).projection.register_forward_hook(lambda *_: calls.append(1))
    x = torch.randn(2, 1, 40, 40)
    for _ in range(2):
        audio(x).sum().backward()
    assert len(calls) == 2
    with pytest.raises(RuntimeError):
        audio(torch.randn(2, 9, 40, 40))
    nn.init.normal_(plane_of(audio).coordinates)
    audio.eval()
    torch.testing.assert_close(audio.class_map(x).mean(dim=(2, 3)), audio(x))


def test_the_trained_vector_is_stored_once(audio: AudioResNet) -> None:
    names = list(audio.state_dict())
    lay_hyperplane(audio, 3, kind="sparse", seed=0)
    assert len(audio.state_dict()) == len(names) + 1


def test_a_copy_moves_on_its_own(audio: AudioResNet) -> None:
    lay_hyperplane(audio.eval(), 3, kind="dense", seed=0)
    x = torch.randn(1, 1, 40, 40)
    before, copy = audio(x), deepcopy(audio)
    nn.init.normal_(plane_of(copy).coordinates)
    assert torch.equal(audio(x), before)
    assert not torch.equal(copy(x), before)


def test_what_cannot_be_is_named(audio: AudioResNet) -> None:
    with pytest.raises(ConfigError, match="kind"):
        lay_hyperplane(audio, 3, kind="spars", seed=0)  # type: ignore[arg-type]
    for dimension in (0, 10**7):
        with pytest.raises(ConfigError, match="dimension"):
            lay_hyperplane(audio, dimension, kind="dense", seed=0)
    damp(audio, 0.1)
    with pytest.raises(ConfigError, match="lay damping last"):
        lay_hyperplane(audio, 3, kind="dense", seed=0)


def test_directions_are_not_the_weights_drawn_from_the_same_seed() -> None:
    network = nn.Linear(60, 50, bias=False)
    initialise_kaiming(network, seed=3)
    start = network.weight.detach().flatten().clone()
    lay_hyperplane(network, 1, kind="dense", seed=3)
    direction = plane_of(network).projection(torch.ones(1))
    assert abs(float(torch.corrcoef(torch.stack((start, direction)))[0, 1])) < 4 / len(start) ** 0.5
