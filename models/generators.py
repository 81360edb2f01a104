"""Random numbers of a layer: decided by the seed and by what they are for, never by what was drawn before."""

import torch

from common.identity import digest


def layer_generator(seed: int, purpose: str, position: int) -> torch.Generator:
    """Return the generator of one layer: the same seed, purpose and position give the same draws, on any machine."""
    return torch.Generator().manual_seed(int(digest([seed, purpose, position])[:8], 16))
