"""Registry of networks. A new network is one file, and one line in `NETWORKS`."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from torch import nn

from common.errors import ConfigError
from models.audio.cp_mobile import CpMobile, CpMobileSettings
from models.audio.resnet import AudioResNet, AudioResNetSettings
from models.network import NetworkSettings
from models.vision.alexnet import AlexNet, AlexNetSettings
from models.vision.fixup import FixupResNet, FixupSettings
from models.vision.inception import Inception3, InceptionSettings
from models.vision.lenet import LeNet5, LeNetSettings
from models.vision.mlp import Mlp, MlpSettings
from models.vision.mobilenet import MobileNetSettings, MobileNetV2
from models.vision.resnet import ResNet, ResNet18Settings, ResNet50Settings, ResNet56Settings
from models.vision.vgg import Vgg19, VggSettings

NETWORKS: Mapping[type[NetworkSettings], type[nn.Module]] = {
    AudioResNetSettings: AudioResNet,
    CpMobileSettings: CpMobile,
    MlpSettings: Mlp,
    LeNetSettings: LeNet5,
    AlexNetSettings: AlexNet,
    ResNet18Settings: ResNet,
    ResNet50Settings: ResNet,
    ResNet56Settings: ResNet,
    VggSettings: Vgg19,
    MobileNetSettings: MobileNetV2,
    FixupSettings: FixupResNet,
    InceptionSettings: Inception3,
}


def network_settings(kind: str, **given: Any) -> NetworkSettings:
    """Return the settings of the network of this name; fields that are not given have their defaults.

    Raises
    ------
    ConfigError
        If the network or a field is unknown, or a value is not allowed.

    Examples
    --------
    >>> network_settings("resnet18", classes=100).label
    'resnet18-w64'
    """
    known = {settings.kind: settings for settings in NETWORKS}
    if kind not in known:
        raise ConfigError("network", kind, f"one of {', '.join(known)}")
    names = [field.name for field in fields(known[kind])]
    for name, value in given.items():
        if name not in names:
            raise ConfigError(name, value, f"{kind} is described by {', '.join(names)}")
    return known[kind](**given)


def build(settings: NetworkSettings) -> nn.Module:
    """Return the network with these settings, with the default initialisation of its class.

    Examples
    --------
    >>> network = build(network_settings("audio-resnet", width=32))
    >>> sum(parameter.numel() for parameter in network.parameters())
    159476
    """
    return NETWORKS[type(settings)](settings)
