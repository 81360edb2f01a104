"""The controls: counts and values are kept, places are not."""

import torch

from models.pruning.controls import reinitialise, shuffled_within_layers
from models.pruning.masks import counts_of, random_masks
from tests.models.pruning.small_networks import SmallResidual, mlp


def test_shuffling_keeps_every_layers_count_and_moves_the_weights() -> None:
    masks = random_masks(mlp(), {"0": 4000, "2": 1000, "10": 10}, 0)
    shuffled = shuffled_within_layers(masks, 0)
    assert counts_of(shuffled) == counts_of(masks)
    for name, mask in masks.items():
        kept = int(mask.sum())
        chance = kept * kept / mask.numel()
        assert abs(int((mask & shuffled[name]).sum()) - chance) <= 5 * chance**0.5 + 1
    assert all(torch.equal(mask, shuffled_within_layers(masks, 0)[name]) for name, mask in shuffled.items())


def test_reinitialising_deals_the_same_values_to_other_places() -> None:
    network = SmallResidual(damping=0.2)
    before = {name: value.clone() for name, value in network.named_parameters()}
    reinitialise(network, 5)
    for name, value in network.named_parameters():
        if name.endswith("original") or name in ("shortcut.weight", "classifier.weight"):
            assert not torch.equal(value, before[name])
            assert torch.equal(value.flatten().sort().values, before[name].flatten().sort().values)
        else:
            assert torch.equal(value, before[name])
    other = SmallResidual(damping=0.2)
    reinitialise(other, 5)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))
