"""Freq-MixStyle: statistics of each band as its definition has them, and its draws."""

import doctest
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import torch

from asc.augmentations.augmentation import Batch, draw_all, share_of
from asc.augmentations.freq_mixstyle import FreqMixStyle, mix_statistics
from asc.augmentations.mixup import Mixup
from asc.batches import batch_generator
from common.errors import ConfigError
from tests.asc.conftest import Trained, same_weights
from tests.conftest import ROOT

GENERATOR = np.random.default_rng(0)
SPECTROGRAMS = GENERATOR.normal(2, 3, (6, 5, 40)).astype(np.float32) * np.arange(1, 6, dtype=np.float32)[:, None]


def test_it_is_the_definition() -> None:
    """Of each band: (x - mean) / deviation * (l d + (1 - l) d') + (l m + (1 - l) m'), as Kim et al. 2022 have it."""
    partner, weight = np.array([3, 0, 5, 2, 4, 1]), GENERATOR.random(6).astype(np.float32)
    x = SPECTROGRAMS.astype(np.float64)
    mean, deviation = x.mean(axis=2, keepdims=True), np.sqrt(x.var(axis=2, ddof=1, keepdims=True) + 1e-6)
    own = weight[:, None, None]
    mixed = own * deviation + (1 - own) * deviation[partner], own * mean + (1 - own) * mean[partner]
    expected = (x - mean) / deviation * mixed[0] + mixed[1]
    batch, places = torch.from_numpy(SPECTROGRAMS), torch.arange(6)
    for inputs in (batch, batch[:, None]):  # spectrograms, and network inputs of one channel
        found = mix_statistics(inputs, places, torch.from_numpy(partner), torch.from_numpy(weight))
        np.testing.assert_allclose(found.numpy().reshape(x.shape), expected, rtol=1e-4, atol=1e-4)


def test_channels_share_their_statistics() -> None:
    inputs = torch.randn(2, 3, 4, 50)
    found = mix_statistics(inputs, torch.tensor([0]), torch.tensor([1]), torch.tensor([0.0]))
    for expected, value in zip(inputs[1].transpose(0, 1).flatten(1), found[0].transpose(0, 1).flatten(1), strict=True):
        torch.testing.assert_close(value.mean(), expected.mean(), rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(value.std(), expected.std(), rtol=1e-3, atol=1e-4)


def test_a_weight_of_one_leaves_an_example_as_it_is() -> None:
    inputs = torch.from_numpy(SPECTROGRAMS)
    found = mix_statistics(inputs, torch.arange(6), torch.tensor([1, 2, 3, 4, 5, 0]), torch.ones(6))
    torch.testing.assert_close(found, inputs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("probability", [0.0, 0.4, 1.0])
def test_a_share_of_the_batches_is_augmented(probability: float) -> None:
    entry = FreqMixStyle(probability=probability)
    drawn = [entry.draw(batch_generator(0, 0, step), 8)["weight"] for step in range(400)]
    augmented = np.mean([bool((weight != 1).any()) for weight in drawn])
    assert abs(augmented - probability) <= 4 * np.sqrt(probability * (1 - probability) / 400)


def test_processes_make_together_what_one_makes() -> None:
    entries = (FreqMixStyle(probability=1), Mixup())
    drawn = draw_all(entries, batch_generator(3, 1, 2), 6)
    inputs, labels = torch.from_numpy(SPECTROGRAMS)[:, None], torch.arange(6)

    def shared(places: Any) -> torch.Tensor:
        needed, draws = share_of(drawn, places)
        batch = Batch(inputs[needed], labels[needed])
        for entry, one in zip(entries, draws, strict=True):
            batch = entry.apply(batch, {name: torch.from_numpy(np.asarray(value)) for name, value in one.items()})
        return batch.inputs

    whole = shared(np.arange(6))
    torch.testing.assert_close(torch.cat([shared(np.arange(3)), shared(np.arange(3, 6))]), whole)


@pytest.mark.parametrize(("field", "value"), [("probability", 1.5), ("alpha", 0), ("of", "waveform")])
def test_settings_that_make_no_sense(field: str, value: object) -> None:
    with pytest.raises(ConfigError, match=field):
        FreqMixStyle(**{field: value})  # type: ignore[arg-type]


@pytest.mark.trains
@pytest.mark.parametrize("of", ["spectrogram", "input"])
def test_it_trains_and_is_drawn_from_the_seed(trained: Trained, of: Literal["spectrogram", "input"]) -> None:
    entries = (FreqMixStyle(of=of, probability=1), Mixup())
    first, again = (trained(name, augmentations=entries, epochs=2) for name in ("first", "again"))
    assert same_weights(first, again)
    other = trained("other", augmentations=(replace(entries[0], alpha=2.0), Mixup()), epochs=2)
    assert not same_weights(first, other)


def test_the_pages_example_prints_what_it_shows() -> None:
    failures, examples = doctest.testfile(str(ROOT / "docs" / "adding-an-augmentation.md"), module_relative=False)
    assert (failures, examples > 0) == (0, True)
