"""What a run's network costs: counted as the run ends, or from the weights of one that ended before."""

from dataclasses import asdict
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load

from asc.description import RunDescription
from asc.module import build_network
from asc.run_folder import RunFolder
from common.errors import RunError
from models.complexity import complexity
from models.resnet import AudioResNet


def run_complexity(network: AudioResNet, description: RunDescription, input_shape: tuple[int, ...]) -> dict[str, Any]:
    """Return the numbers of `models.complexity.Complexity` for a run's network.

    Parameters
    ----------
    network
        With the run's weights; it is left as it is.
    description
        The run.
    input_shape
        (channel, mel, frame) of the set's clips.
    """
    features = description.features
    frames = 1 + features.sample_rate // features.hop_length
    return asdict(complexity(network, input_shape, (*input_shape[:2], frames)))


def recount(folder: RunFolder, input_shape: tuple[int, ...]) -> dict[str, Any]:
    """Count what a finished run's network costs by its description and its final weights.

    Raises
    ------
    RunError
        If they cannot be used.
    """
    description = folder.description()
    network = build_network(description)
    try:
        state = load(folder.weights_file.read_bytes())
        prefix = "network."
        network.load_state_dict({n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix)})
    except (OSError, SafetensorError, RuntimeError) as error:
        raise RunError(
            f"{folder.weights_file} cannot be used: {error}; move the run's folder away and train it again"
        ) from error
    return run_complexity(network, description, input_shape)
