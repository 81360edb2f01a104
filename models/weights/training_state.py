"""What training a network must hold besides activations."""

from torch import nn


def training_state_bytes(network: nn.Module) -> int:
    """Return the bytes of parameters, their gradients, Adam's two moments, and the schemes' positions and masks.

    Parameters that are not trained count once. Batch norm's running statistics, and what is computed anew instead of
    stored (the cosine transform, the weight that a layer forms for its pass), are not counted.
    """
    stored = network.state_dict().keys()
    return sum(parameter.nbytes * (4 if parameter.requires_grad else 1) for parameter in network.parameters()) + sum(
        buffer.nbytes
        for name, buffer in network.named_buffers()
        if name in stored and "parametrizations" in name.split(".")
    )
