"""The cost of a run's network for one clip and for one second, as `models.complexity` counts it."""

from dataclasses import asdict
from typing import Any

from torch import nn

from asc.run import Run
from asc.scenes.sides import scene_data
from models.complexity import complexity


def run_complexity(network: nn.Module, run: Run, input_shape: tuple[int, ...]) -> dict[str, Any]:
    """Return the numbers of `models.complexity.Complexity` for a run's network.

    Parameters
    ----------
    network
        With the run's weights; it is left as it is.
    run
        On acoustic scenes: its features say how many frames a second has.
    input_shape
        (channel, mel, frame) of the set's clips.
    """
    features = scene_data(run).features
    frames = 1 + features.sample_rate // features.hop_length
    return asdict(complexity(network, input_shape, (*input_shape[:2], frames)))
