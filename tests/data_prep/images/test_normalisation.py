"""Normalisations against torchvision, TensorFlow's definition and numpy; fit to the training rows and nothing else."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torchvision.transforms import v2

from common.errors import ConfigError
from data_prep.images.normalisation import NormalisationName, fit_normalisation, standardised

ROWS = np.arange(2_500)  # more than are added up at a time


def images(channels: int = 3, count: int = 3_000) -> NDArray[np.uint8]:
    rng = np.random.default_rng(channels)
    level = rng.integers(0, 200, (1, channels, 6, 5))
    return (level + rng.integers(0, 56, (count, channels, 6, 5))).astype(np.uint8)


def test_unit_and_none() -> None:
    x = images()
    batch = torch.from_numpy(x[:40])
    expected = v2.functional.to_dtype(batch, torch.float32, scale=True)
    torch.testing.assert_close(fit_normalisation("unit", x, ROWS)(batch), expected)
    as_it_is = fit_normalisation("none", x, ROWS)(batch)
    assert as_it_is.dtype == torch.float32
    assert torch.equal(as_it_is, batch.float())


def test_imagenets_constants() -> None:
    x = images()
    batch = torch.from_numpy(x[:40])
    published = v2.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])
    expected = published(v2.functional.to_dtype(batch, torch.float32, scale=True))
    torch.testing.assert_close(fit_normalisation("imagenet", x, ROWS)(batch), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("name", "axes"), [("channel", (0, 2, 3)), ("pixel", (0,))])
@pytest.mark.parametrize("channels", [1, 3])
def test_statistics_of_the_training_rows(name: NormalisationName, axes: tuple[int, ...], channels: int) -> None:
    x = images(channels)
    train = x[ROWS].astype(np.float64)
    expected = (x - train.mean(axes, keepdims=True)) / train.std(axes, keepdims=True)
    normalisation = fit_normalisation(name, x, ROWS)
    np.testing.assert_allclose(normalisation(torch.from_numpy(x)).numpy(), expected, atol=2e-5)
    elsewhere = x.copy()
    elsewhere[len(ROWS) :] = 0
    again = fit_normalisation(name, elsewhere, ROWS)
    assert torch.equal(again.mean, normalisation.mean)
    assert torch.equal(again.scale, normalisation.scale)


def test_pixels_that_never_change_in_training_are_zero() -> None:
    """Whatever they are elsewhere; also where floating point leaves a trace of variance."""
    x = images()
    x[: len(ROWS), :, 0] = 7
    normalised = fit_normalisation("pixel", x, ROWS)(torch.from_numpy(x))
    assert (normalised[:, :, 0] == 0).all()
    assert (normalised[:, :, 1:] != 0).any()
    vectors = np.random.default_rng(0).normal(5, 3, (3_000, 4)).astype(np.float32)
    vectors[: len(ROWS), 2] = 0.1
    normalised = fit_normalisation("pixel", vectors, ROWS)(torch.from_numpy(vectors))
    assert (normalised[:, 2] == 0).all()
    np.testing.assert_allclose(normalised[: len(ROWS)].std(0, correction=0).numpy(), [1, 1, 0, 1], atol=1e-5)


def test_each_image_by_itself_as_tensorflow_defines_it() -> None:
    """(x - mean) / max(deviation, 1/sqrt(N)), over all N values of an image."""
    x = images()
    x[3], x[4] = 9, 9
    x[4, 0, 0, 0] = 10  # deviation below 1/sqrt(N)
    values = x.reshape(len(x), -1).astype(np.float64)
    deviation = np.maximum(values.std(axis=1), 1 / math.sqrt(values.shape[1]))
    expected = ((values - values.mean(axis=1, keepdims=True)) / deviation[:, None]).reshape(x.shape)
    found = fit_normalisation("image", x, ROWS)(torch.from_numpy(x))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)
    assert (found[3] == 0).all()


def test_standardised_images_do_not_know_their_brightness_and_contrast() -> None:
    x = torch.from_numpy(images()[:20]).float()
    torch.testing.assert_close(standardised(1.7 * x - 60), standardised(x), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["unit", "channel", "imagenet", "image"])
def test_vectors_have_no_channels(name: NormalisationName) -> None:
    with pytest.raises(ConfigError, match="vectors"):
        fit_normalisation(name, np.zeros((9, 4), np.float32), np.arange(9))


def test_names() -> None:
    with pytest.raises(ConfigError, match="none, unit, channel"):
        fit_normalisation("zca", images(), ROWS)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="have 1"):
        fit_normalisation("imagenet", images(1), ROWS)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_the_same_on_a_gpu() -> None:
    x = images()
    normalisation = fit_normalisation("pixel", x, ROWS)
    found = normalisation.to(torch.device("cuda"))(torch.from_numpy(x).cuda())
    torch.testing.assert_close(found.cpu(), normalisation(torch.from_numpy(x)))
