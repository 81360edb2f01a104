"""All batch augmentations. A new one is a file of its own and a line here."""

from asc.augmentations.augmentation import Augmentation
from asc.augmentations.freq_mixstyle import FreqMixStyle
from asc.augmentations.mixup import Mixup
from asc.augmentations.rolling import RolledFrames, RolledWaveforms

AUGMENTATIONS: tuple[type[Augmentation], ...] = (
    RolledWaveforms,
    RolledFrames,
    FreqMixStyle,
    Mixup,
)
