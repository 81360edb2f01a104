"""A finished run on images back in memory: its description, its network with the weights kept, its examples."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import nn

from asc.images.batches import ImageBatches, open_set
from asc.images.description import ImageRun
from asc.images.networks import build_network
from asc.run_folder import RunFolder
from common.errors import RunError


@dataclass(frozen=True)
class LoadedImageRun:
    """A finished run: its network in evaluation mode, and the examples as it saw them."""

    run: ImageRun
    network: nn.Module
    batches: ImageBatches


def load_image_run(folder: RunFolder, images: Path, accelerator: str) -> LoadedImageRun:
    """Load a finished run on `cpu` or `cuda`.

    Raises
    ------
    RunError
        If the run is not finished, or its weights cannot be used.
    DataError
        If its image set is not in `images`, or is another one.
    """
    if not folder.done:
        raise RunError(f"{folder.path} is not finished; train it to the end first")
    run, device = folder.description_as(ImageRun), torch.device(accelerator)
    batches = ImageBatches(run, open_set(run.data, images), device)
    network = build_network(run, batches.scoring(run))
    try:
        network.load_state_dict(load(folder.weights_file.read_bytes()))
    except (OSError, SafetensorError, RuntimeError) as error:
        raise RunError(
            f"{folder.weights_file} cannot be used: {error}; move the run's folder away and train it again"
        ) from error
    return LoadedImageRun(run, network.to(device).eval(), batches)
