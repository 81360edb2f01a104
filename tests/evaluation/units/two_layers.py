"""Networks whose units are known: the constructions of Casper 2021, section 2.3."""

import torch
from torch import Tensor, nn

INPUTS, UNITS, CLASSES = 24, 12, 4
SITE = "1"


def layered(incoming: Tensor, outgoing: Tensor) -> nn.Sequential:
    """Return relu(x incoming) outgoing in float64, (input, unit) and (unit, class); its units are at site `1`."""
    network = nn.Sequential(nn.Linear(*incoming.shape, bias=False), nn.ReLU(), nn.Linear(*outgoing.shape, bias=False))
    network.double().load_state_dict({"0.weight": incoming.T, "2.weight": outgoing.T})
    return network


def uncorrelated(first: int) -> Tensor:
    """Return incoming weights of units that each look at one input of their own."""
    return torch.eye(INPUTS, dtype=torch.float64)[:, first : first + UNITS]


def constructions() -> dict[str, nn.Sequential]:
    """Return the narrow network `S` and wide ones that compute the same function, by what their layers hold."""
    # The paper's constant eta is for a single output: added to all classes alike it would change no label.
    w = torch.randn(UNITS, CLASSES, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    u, v, nothing = uncorrelated(0), uncorrelated(UNITS), torch.zeros_like(w)
    eta = 2 * torch.randn(UNITS, CLASSES, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    return {
        "S": layered(u, w),
        "[u,u],[w,0]": layered(torch.cat([u, u], 1), torch.cat([w, nothing])),
        "[u,0]": layered(torch.cat([u, torch.zeros_like(u)], 1), torch.cat([w, w])),
        "[u,v],[w,0]": layered(torch.cat([u, v], 1), torch.cat([w, nothing])),
        "[u,u],[w/2+eta,w/2-eta]": layered(torch.cat([u, u], 1), torch.cat([w / 2 + eta, w / 2 - eta])),
    }


def inputs(count: int, seed: int = 0) -> Tensor:
    return torch.randn(count, INPUTS, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
