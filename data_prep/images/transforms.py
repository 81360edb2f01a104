"""Augmentation of batches of images on their device, with parameters drawn by `data_prep.images.augmentation`."""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate, pad

from data_prep.images.augmentation import AugmentationSettings, ImageDraws
from data_prep.images.normalisation import Normalisation


def windows(images: Tensor, top: Tensor, left: Tensor, side: int) -> Tensor:
    """Return a crop (channel, side, side) of each image, with the first row `top` and the first column `left`."""
    views = images.unfold(2, side, 1).unfold(3, side, 1)
    return views[torch.arange(len(images), device=images.device), :, top, left]


def _sampled(start: Tensor, length: Tensor, side: int, whole: int) -> Tensor:
    """Return the coordinates of `side` pixels spread over intervals, (image, side), in the units of grid_sample."""
    steps = torch.arange(side, device=start.device) + 0.5
    inside = (steps * (length / side)[:, None] - 0.5).clamp_min(0).minimum(length[:, None] - 1)
    return (2 * (start[:, None] + inside) + 1) / whole - 1


def resized_windows(images: Tensor, draws: ImageDraws, side: int) -> Tensor:
    """Return the drawn rectangle of each image, resized bilinearly to (channel, side, side)."""
    rows, columns = images.shape[2:]
    y = _sampled(draws.top, draws.height, side, rows)
    x = _sampled(draws.left, draws.width, side, columns)
    shape = (len(images), side, side)
    grid = torch.stack((x[:, None].expand(shape), y[:, :, None].expand(shape)), dim=-1)
    return grid_sample(images.float(), grid, align_corners=False)


def recoloured(images: Tensor, brightness: Tensor, contrast: Tensor) -> Tensor:
    """Change brightness, then the contrast of each channel about its mean, as TensorFlow does, without clipping."""
    images = images.float() + brightness.view(-1, 1, 1, 1)
    mean = images.mean(dim=(2, 3), keepdim=True)
    return mean + (images - mean) * contrast.view(-1, 1, 1, 1)


def _middle(images: Tensor, side: int) -> Tensor:
    start = round((images.shape[-1] - side) / 2)
    return images[:, :, start : start + side, start : start + side]


def augmented(images: Tensor, settings: AugmentationSettings, draws: ImageDraws | None) -> Tensor:
    """Crop, mirror and recolour images (image, channel, row, column) as drawn; without draws, crop centrally."""
    side = settings.crop_side(images.shape[-1])
    if draws is None:
        return _middle(images, side)
    if settings.crop == "resized":
        images = resized_windows(images, draws, side)
    elif settings.crop == "random":
        images = windows(pad(images, 4 * (settings.padding,)), draws.top, draws.left, side)
    else:
        images = _middle(images, side)
    if settings.flip:
        images = torch.where(draws.flip.view(-1, 1, 1, 1), images.flip(-1), images)
    if settings.brightness or settings.contrast != (1, 1):
        images = recoloured(images, draws.brightness, draws.contrast)
    return images


def network_inputs(
    batch: Tensor, settings: AugmentationSettings, normalisation: Normalisation, draws: ImageDraws | None = None
) -> Tensor:
    """Augment and normalise a batch for a network.

    Parameters
    ----------
    batch
        Images, bytes (example, channel, row, column), or vectors (example, input), which are only normalised.
    settings
        Settings of the augmentation.
    normalisation
        Normalisation, on the device of the batch.
    draws
        Parameters drawn for these images, on their device; None for testing.

    Returns
    -------
    Tensor
        Float32 with the dimensions of `batch`.
    """
    if batch.dim() < 4:
        return normalisation(batch)
    images = normalisation(augmented(batch, settings, draws))
    if settings.resize is None:
        return images
    return interpolate(images, size=(settings.resize, settings.resize), mode="bilinear", align_corners=False)
