"""Batch augmentation on the training device: what a plan says, done to tensors. Nothing here is random."""

import torch
from torch import Tensor


def roll(clips: Tensor, shift: Tensor) -> Tensor:
    """Roll each clip circularly along its last axis.

    Parameters
    ----------
    clips
        Waveforms (batch, sample) or spectrograms (batch, mel, frame).
    shift
        Places to shift each clip towards later times; shape (batch,).
    """
    length = clips.shape[-1]
    source = (torch.arange(length, device=clips.device) - shift[:, None]) % length
    return clips.gather(-1, source.view(len(clips), *[1] * (clips.dim() - 2), length).expand_as(clips))


def mix(clips: Tensor, first: Tensor, second: Tensor, weight: Tensor) -> Tensor:
    """Return weight * clips[first] + (1 - weight) * clips[second], shape (mixture, ...)."""
    factor = weight.view(-1, *[1] * (clips.dim() - 1)).to(clips.dtype)
    return torch.lerp(clips[second], clips[first], factor)
