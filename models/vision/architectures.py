"""The image networks by name, for run descriptions: which network, and in plain numbers and words how large."""

from dataclasses import fields
from typing import Any, Literal, get_args

from torch import nn

from common.errors import ConfigError
from models.vision.alexnet import AlexNet, AlexNetSettings
from models.vision.fixup import FixupResNet, FixupSettings
from models.vision.inception import Inception3, InceptionSettings
from models.vision.lenet import LeNet5, LeNetSettings
from models.vision.mlp import Mlp, MlpSettings
from models.vision.mobilenet import MobileNetSettings, MobileNetV2
from models.vision.resnet import ResNet, ResNet56Settings, ResNetSettings
from models.vision.settings import VisionSettings
from models.vision.vgg import Vgg19

Architecture = Literal[
    "mlp",
    "lenet5",
    "alexnet",
    "resnet18",
    "resnet50",
    "resnet56",
    "vgg19",
    "mobilenetv2",
    "fixup-resnet110",
    "inception3",
]

# What it is built of, its network, and the settings that its name fixes.
_ENTRIES: dict[str, tuple[type[VisionSettings], type[nn.Module], dict[str, Any]]] = {
    "mlp": (MlpSettings, Mlp, {}),
    "lenet5": (LeNetSettings, LeNet5, {}),
    "alexnet": (AlexNetSettings, AlexNet, {}),
    "resnet18": (ResNetSettings, ResNet, {"depth": 18}),
    "resnet50": (ResNetSettings, ResNet, {"depth": 50}),
    "resnet56": (ResNet56Settings, ResNet, {"depth": 56}),
    "vgg19": (VisionSettings, Vgg19, {}),
    "mobilenetv2": (MobileNetSettings, MobileNetV2, {}),
    "fixup-resnet110": (FixupSettings, FixupResNet, {"depth": 110}),
    "inception3": (InceptionSettings, Inception3, {}),
}


def network_settings(architecture: Architecture, **given: Any) -> VisionSettings:
    """Return the settings of a network, complete and checked.

    `architecture` and what `common.identity.plain` makes of them, given again, give them again.

    Parameters
    ----------
    architecture
        Its name.
    given
        `width`, `classes` and whatever else this network's settings have; what is missing has its default.

    Raises
    ------
    ConfigError
        If the architecture or a setting is unknown, a value is not allowed, or another than the name stands for.
    """
    if architecture not in get_args(Architecture):
        raise ConfigError("architecture", architecture, f"one of {', '.join(get_args(Architecture))}")
    kind, _, fixed = _ENTRIES[architecture]
    known = [field.name for field in fields(kind)]
    for field, value in given.items():
        if field not in known:
            raise ConfigError(field, value, f"{architecture} is described by {', '.join(known)}")
        if value != fixed.get(field, value):
            raise ConfigError(field, value, f"{fixed[field]}, which {architecture} stands for")
    return kind(**fixed | given)


def build(architecture: Architecture, **given: Any) -> nn.Module:
    """Return a network as its class starts it; parameters and errors are those of `network_settings`."""
    settings = network_settings(architecture, **given)
    _, network, _ = _ENTRIES[architecture]
    return network(settings)


def unit_sites(network: nn.Module) -> tuple[str, ...]:
    """Return the names of the modules whose units Casper 2021 measures, from input to output.

    Raises
    ------
    ConfigError
        If it measures none of such a network.
    """
    sites: tuple[str, ...] = getattr(network, "sites", ())
    if not sites:
        raise ConfigError("sites", type(network).__name__, "a network with sites; name modules of this one yourself")
    return sites
