"""Rolling and mixing against numpy, one clip at a time."""

import numpy as np
import torch

from asc.augmentations.mixup import mix
from asc.augmentations.rolling import roll


def test_roll_is_numpys() -> None:
    for shape in ((3, 50), (3, 4, 50)):
        clips, shift = torch.randn(*shape), torch.tensor([7, -13, 0])
        expected = np.stack([np.roll(clip, step, axis=-1) for clip, step in zip(clips.numpy(), shift, strict=True)])
        assert np.array_equal(roll(clips, shift).numpy(), expected)


def test_roll_keeps_float16() -> None:
    assert roll(torch.zeros(1, 2, 5, dtype=torch.float16), torch.tensor([1])).dtype == torch.float16


def test_mix_is_the_weighted_sum() -> None:
    clips, weight = torch.randn(4, 1, 3, 5), torch.tensor([0.5, 0.9, 1.0])
    first, second = torch.tensor([0, 2, 3]), torch.tensor([1, 0, 2])
    mixed = mix(clips, first, second, weight)
    for i in range(3):
        torch.testing.assert_close(mixed[i], weight[i] * clips[first[i]] + (1 - weight[i]) * clips[second[i]])
    assert torch.equal(mixed[2], clips[3])
