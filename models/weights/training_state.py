"""Memory of training a network, besides activations."""

from torch import nn


def training_state_bytes(network: nn.Module) -> int:
    """Return the bytes of parameters, their gradients, Adam's two moments, and the schemes' positions and masks.

    Frozen parameters count once. Running statistics of batch norm, and tensors that are recomputed (cosine transforms
    and dense weights of schemes), are not counted.
    """
    stored = network.state_dict().keys()
    return sum(parameter.nbytes * (4 if parameter.requires_grad else 1) for parameter in network.parameters()) + sum(
        buffer.nbytes
        for name, buffer in network.named_buffers()
        if name in stored and "parametrizations" in name.split(".")
    )
