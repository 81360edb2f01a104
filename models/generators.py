"""Random generators per layer, independent of earlier draws."""

import torch

from common.identity import digest


def layer_generator(seed: int, purpose: str, position: int) -> torch.Generator:
    """Return the generator of one layer: the same seed, purpose and position give the same draws on any machine.

    Parameters
    ----------
    seed
        Seed of the run.
    purpose
        Name of the random quantity, such as `mask`.
    position
        Index of the layer in the network.
    """
    return torch.Generator().manual_seed(int(digest([seed, purpose, position])[:8], 16))
