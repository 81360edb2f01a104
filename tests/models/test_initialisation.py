"""Initial weights by name, for any network: by the seed alone, or an error that says for which networks they are."""

import pytest
import torch
from torch import nn

from common.errors import ConfigError
from models.initialisation import INITIALISATIONS, Start, initialise
from models.prunable import prunable
from models.registry import NETWORKS
from models.vision.initialisation import initialise_by_fan_in
from models.vision.mlp import Mlp, MlpSettings, initialise_mlp
from models.vision.named_initialisers import initialise_named, initialise_truncated
from tests.networks import built

KINDS = {"audio-resnet": {"width": 4}, "mlp": {"width": 6}, "lenet5": {"width": 3}, "resnet18": {"width": 2}}
OF_PERCEPTRONS = ("fan-in-normal", "fan-in-uniform", "student")
ALLOWED = {
    (kind, init)
    for kind in KINDS
    for init in INITIALISATIONS
    if (init not in OF_PERCEPTRONS or kind == "mlp") and (init != "fixup" or kind == "audio-resnet")
}
EVERY = [(kind, init) for kind in KINDS for init in INITIALISATIONS]


def weights(network: nn.Module) -> list[torch.Tensor]:
    return [layer.weight for layer in prunable(network).values()]


@pytest.mark.parametrize(("kind", "init"), [pair for pair in EVERY if pair in ALLOWED and pair[1] != "torch"])
def test_weights_start_by_the_seed_alone(kind: str, init: str) -> None:
    first, again, other = (built(kind, **KINDS[kind]) for _ in range(3))
    initialise(first, init, seed=3)
    torch.rand(7)
    initialise(again, Start(init=init), seed=3)
    initialise(other, init, seed=4)
    assert all(torch.equal(*pair) for pair in zip(weights(first), weights(again), strict=True))
    assert not torch.equal(weights(first)[0], weights(other)[0])


@pytest.mark.parametrize(("kind", "init"), [pair for pair in EVERY if pair not in ALLOWED])
def test_a_network_that_an_initialisation_is_not_for_is_named(kind: str, init: str) -> None:
    with pytest.raises(ConfigError, match=f"init = '{init}' is not allowed: for "):
        initialise(built(kind, **KINDS[kind]), init, seed=0)


@pytest.mark.parametrize("kind", KINDS)
def test_torchs_own_weights_are_left(kind: str) -> None:
    network = built(kind, **KINDS[kind])
    before = [weight.detach().clone() for weight in weights(network)]
    initialise(network, "torch", seed=0)
    assert all(torch.equal(*pair) for pair in zip(before, weights(network), strict=True))


def test_names_lead_to_the_functions_of_the_papers() -> None:
    def twin(init: Start) -> tuple[Mlp, Mlp]:
        first, second = (Mlp(MlpSettings(parametrisation="ntk")) for _ in range(2))
        second.load_state_dict(first.state_dict())
        initialise(first, init, seed=7)
        return first, second

    for start, function in (
        (Start(init="he-normal"), lambda network: initialise_named(network, "he-normal", 7)),
        (Start(init="truncated-normal", sigma=0.3), lambda network: initialise_truncated(network, 0.3, 7)),
        (Start(init="fan-in-uniform"), lambda n: initialise_by_fan_in(n, "uniform", 7, parametrisation="ntk")),
        (
            Start(init="student", sigma=0.2, deviations="published-code"),
            lambda network: initialise_mlp(network, 0.2, 7, "published-code"),
        ),
    ):
        ours, theirs = twin(start)
        function(theirs)
        assert all(torch.equal(*pair) for pair in zip(ours.parameters(), theirs.parameters(), strict=True)), start


def test_an_unknown_initialisation_is_named() -> None:
    with pytest.raises(ConfigError, match="init = 'xavier' is not allowed: one of torch, fixup, kaiming"):
        Start(init="xavier")
    with pytest.raises(ConfigError, match="init"):
        initialise(built("mlp"), "xavier", seed=0)


def test_every_network_starts_as_its_settings_say() -> None:
    for settings in NETWORKS:
        assert settings.initial in INITIALISATIONS
