"""Augmentation against torchvision with the same parameters, draws against their laws, colours against closed forms."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torchvision.transforms import v2

from common.errors import ConfigError
from data_prep.images.augmentation import AUGMENTATIONS, AugmentationSettings, ImageDraws, draw
from data_prep.images.normalisation import fit_normalisation, standardised
from data_prep.images.transforms import augmented, network_inputs

COUNT = 64


def images(side: int = 32, channels: int = 3, count: int = COUNT) -> Tensor:
    return torch.randint(0, 256, (count, channels, side, side), generator=torch.manual_seed(side), dtype=torch.uint8)


def drawn(settings: AugmentationSettings, side: int = 32, count: int = COUNT, seed: int = 0) -> ImageDraws:
    return draw(settings, np.random.default_rng(seed), count, side)


@pytest.mark.parametrize(("side", "channels", "padding", "crop"), [(32, 3, 4, None), (28, 1, 2, 24), (64, 3, 0, 50)])
def test_random_crops_and_flips_are_torchvisions(side: int, channels: int, padding: int, crop: int | None) -> None:
    settings = AugmentationSettings(crop="random", side=crop, padding=padding, flip=True)
    batch, draws = images(side, channels), drawn(settings, side)
    found = augmented(batch, settings, draws)
    assert found.dtype == torch.uint8
    size = [crop or side] * 2
    for image, result, top, left, flip in zip(batch, found, draws.top, draws.left, draws.flip, strict=True):
        expected = v2.functional.crop(v2.functional.pad(image, [padding] * 4), int(top), int(left), *size)
        assert torch.equal(result, v2.functional.horizontal_flip(expected) if flip else expected)


@pytest.mark.parametrize(("side", "crop"), [(32, 32), (64, 56), (40, 17)])
def test_resized_crops_are_torchvisions(side: int, crop: int) -> None:
    settings = AugmentationSettings(crop="resized", side=crop, flip=True)
    batch, draws = images(side), drawn(settings, side)
    found = augmented(batch, settings, draws)
    for number, image in enumerate(batch):
        box = [int(part[number]) for part in draws[:4]]
        expected = v2.functional.resized_crop(image.float(), *box, [crop, crop], antialias=False)
        expected = v2.functional.horizontal_flip(expected) if draws.flip[number] else expected
        torch.testing.assert_close(found[number], expected, atol=5e-3, rtol=0)


@pytest.mark.parametrize("side", [32, 33])
@pytest.mark.parametrize("crop", [None, 32, 28, 27])
def test_testing_takes_the_middle(side: int, crop: int | None) -> None:
    batch = images(side)
    expected = v2.functional.center_crop(batch, [crop or side] * 2)
    for kind in ("central", "random", "resized"):
        settings = AugmentationSettings(crop=kind, side=crop, padding=4, flip=True, brightness=63, contrast=(0.2, 1.8))
        assert torch.equal(augmented(batch, settings, None), expected)
    central = AugmentationSettings(side=crop)
    assert torch.equal(augmented(batch, central, drawn(central, side)), expected)


def test_brightness_and_contrast_as_tensorflow_defines_them() -> None:
    """x + b, then (x - mean) c + mean with the mean of each channel, and no clipping."""
    settings = AugmentationSettings(brightness=63, contrast=(0.2, 1.8))
    batch, draws = images(), drawn(settings)
    x = batch.double().numpy() + draws.brightness.double().numpy()[:, None, None, None]
    mean = x.mean(axis=(2, 3), keepdims=True)
    expected = (x - mean) * draws.contrast.double().numpy()[:, None, None, None] + mean
    np.testing.assert_allclose(augmented(batch, settings, draws).numpy(), expected, atol=1e-3)
    assert expected.min() < -20
    assert expected.max() > 275


def test_draws_follow_their_laws() -> None:
    count = 20_000
    settings = AUGMENTATIONS["casper2021-alexnet-augmented"]
    draws = drawn(settings, count=count)
    for places in (draws.top, draws.left):
        assert scipy.stats.chisquare(np.bincount(places.numpy(), minlength=5)).pvalue > 1e-4
        assert places.max() == 4
    assert abs(draws.flip.float().mean().item() - 0.5) < 4.5 * 0.5 / count**0.5
    assert scipy.stats.kstest(draws.brightness.numpy(), scipy.stats.uniform(-63, 126).cdf).pvalue > 1e-4
    assert scipy.stats.kstest(draws.contrast.numpy(), scipy.stats.uniform(0.2, 1.6).cdf).pvalue > 1e-4
    assert not drawn(AugmentationSettings()).flip.any()


@pytest.mark.parametrize("scale", [(0.08, 1.0), (0.9, 1.0)])
def test_rectangles_follow_torchvisions_law(scale: tuple[float, float]) -> None:
    """At shares from 0.9 on, most attempts do not fit."""
    count, side = 4_000, 60
    settings = AugmentationSettings(crop="resized", scale=scale)
    found = drawn(settings, side, count)
    torch.manual_seed(1)
    theirs = v2.RandomResizedCrop(side, scale=scale)
    image = torch.zeros(3, side, side)
    parameters = [theirs.make_params([image]) for _ in range(count)]
    for name in ("top", "left", "height", "width"):
        expected = np.array([each[name] for each in parameters])
        assert scipy.stats.ks_2samp(getattr(found, name).numpy(), expected).pvalue > 1e-4, name
    assert (found.top + found.height <= side).all()
    assert (found.left + found.width <= side).all()


def test_the_same_generator_draws_the_same() -> None:
    settings = AUGMENTATIONS["casper2021-alexnet-augmented"]
    for one, again, other in zip(drawn(settings), drawn(settings), drawn(settings, seed=1), strict=True):
        assert torch.equal(one, again)
        assert one.shape == (COUNT,)
        assert torch.equal(one, other) == bool((one == 28).all())  # heights and widths


def test_images_are_cropped_then_normalised_then_resized() -> None:
    """Casper's AlexNet standardises the 28 rows that are left, and is given 32."""
    settings = AUGMENTATIONS["casper2021-alexnet-augmented"]
    batch, draws = images(), drawn(settings)
    by_itself = fit_normalisation("image", batch.numpy(), np.arange(COUNT))
    found = network_inputs(batch, settings, by_itself, draws)
    cropped = standardised(augmented(batch, settings, draws))
    assert torch.equal(found, interpolate(cropped, size=(32, 32), mode="bilinear"))
    assert found.shape == batch.shape
    middle = network_inputs(batch, settings, by_itself)
    expected = v2.functional.resize(standardised(batch[:, :, 2:30, 2:30].float()), [32, 32], antialias=False)
    torch.testing.assert_close(middle, expected)
    assert torch.equal(middle, network_inputs(batch, AUGMENTATIONS["casper2021-alexnet"], by_itself, draws))


def test_brightness_is_undone_by_standardising_each_image() -> None:
    batch = images()
    by_itself = fit_normalisation("image", batch.numpy(), np.arange(COUNT))
    brighter = AugmentationSettings(brightness=63)
    plain = network_inputs(batch, AugmentationSettings(), by_itself)
    torch.testing.assert_close(network_inputs(batch, brighter, by_itself, drawn(brighter)), plain, atol=1e-4, rtol=1e-4)


def test_padding_is_black_before_normalisation() -> None:
    settings = AUGMENTATIONS["golubeva2021"]
    batch = images()
    normalisation = fit_normalisation("channel", batch.numpy(), np.arange(COUNT))
    zeros = torch.zeros(COUNT, dtype=torch.int64)
    draws = drawn(settings)._replace(top=zeros, left=zeros, flip=zeros.bool())
    found = network_inputs(batch, settings, normalisation, draws)
    black = normalisation(torch.zeros(1, 3, 1, 1)).expand(COUNT, 3, 4, 32)
    assert torch.equal(found[:, :, :4], black)
    assert torch.equal(found[:, :, 4:, 4:], normalisation(batch)[:, :, :28, :28])


def test_vectors_are_only_normalised() -> None:
    x = np.random.default_rng(0).normal(3, 2, (50, 6)).astype(np.float32)
    normalisation = fit_normalisation("pixel", x, np.arange(50))
    settings = AugmentationSettings()
    batch = torch.from_numpy(x)
    assert torch.equal(network_inputs(batch, settings, normalisation, drawn(settings, 6, 50)), normalisation(batch))


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_presets_train_and_test_on_images_of_one_size(name: str) -> None:
    settings = AUGMENTATIONS[name]
    side = 256 if settings.crop == "resized" else 32
    batch = images(side, count=3)
    normalisation = fit_normalisation("imagenet", batch.numpy(), np.arange(3))
    trained = network_inputs(batch, settings, normalisation, drawn(settings, side, 3))
    assert trained.shape == network_inputs(batch, settings, normalisation).shape
    assert trained.dtype == torch.float32
    assert trained.shape[-1] == (224 if settings.crop == "resized" else 32)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("crop", "five"),
        ("side", 0),
        ("padding", -1),
        ("scale", (0.0, 1.0)),
        ("scale", (0.5, 1.1)),
        ("ratio", (1.1, 2.0)),
        ("brightness", -1),
        ("contrast", (1.8, 0.2)),
        ("resize", 0),
    ],
)
def test_settings_are_checked(field: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        AugmentationSettings(**{**asdict(AugmentationSettings()), field: value})
    assert caught.value.field == field


def test_images_smaller_than_the_crop() -> None:
    settings = AugmentationSettings(crop="random", side=33, padding=4)
    with pytest.raises(ConfigError, match="at most 32"):
        drawn(settings)
    with pytest.raises(ConfigError, match="at most 32"):
        augmented(images(), settings, None)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_same_on_a_gpu(name: str) -> None:
    settings = AUGMENTATIONS[name]
    side = 256 if settings.crop == "resized" else 32
    batch, draws = images(side, count=9), drawn(settings, side, 9)
    normalisation = fit_normalisation("channel", batch.numpy(), np.arange(9))
    device = torch.device("cuda")
    there = ImageDraws(*(part.to(device) for part in draws))
    found = network_inputs(batch.to(device), settings, normalisation.to(device), there)
    torch.testing.assert_close(found.cpu(), network_inputs(batch, settings, normalisation, draws), atol=1e-3, rtol=1e-3)
