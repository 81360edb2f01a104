"""The teacher is fair to both classes, and its data are uncorrelated and seeded."""

import numpy as np
import pytest
import scipy.stats
import torch
from numpy.testing import assert_array_equal

from common.errors import ConfigError
from data_prep.images.teacher import SHARES, Teacher, TeacherSettings, accepted_teacher, teacher_data


@pytest.mark.parametrize("inputs", [10, 200])
@pytest.mark.parametrize("seed", range(8))
def test_accepted_teachers_give_each_class_40_to_60_percent(inputs: int, seed: int) -> None:
    """On inputs that they were not accepted on; 0.012 is 4.5 standard errors of both measurements."""
    x = np.random.default_rng(10**6 + seed).standard_normal((50_000, inputs), dtype=np.float32)
    share = accepted_teacher(inputs, seed).labels(x).mean()
    assert SHARES[0] - 0.012 < share < SHARES[1] + 0.012


@pytest.mark.parametrize("inputs", [5, 32, 100])
def test_the_share_from_few_numbers_is_that_of_real_inputs(inputs: int) -> None:
    """Also where it is far from a half."""
    generator = np.random.default_rng(1)
    teacher = Teacher(generator.standard_normal((inputs, 32)), generator.normal((0.3, 0.0), 1.0, (32, 2)))
    x = generator.standard_normal((50_000, inputs), dtype=np.float32)
    assert teacher.share(generator) == pytest.approx(teacher.labels(x).mean(), abs=0.012)


def test_labels_are_those_of_the_network() -> None:
    teacher = accepted_teacher(12, 3)
    x = np.random.default_rng(0).standard_normal((2_500, 12), dtype=np.float32)  # more than are labelled at a time
    hidden = torch.relu(torch.from_numpy(x).double() @ torch.from_numpy(teacher.hidden))
    assert_array_equal(teacher.labels(x), (hidden @ torch.from_numpy(teacher.classifier)).argmax(1))


def test_weights_are_normal_cut_off_at_two_deviations() -> None:
    """Those of the hidden layer, which acceptance hardly chooses among."""
    teacher = accepted_teacher(500, 0)
    assert teacher.hidden.shape == (500, 32)
    assert teacher.classifier.shape == (32, 2)
    assert scipy.stats.kstest(teacher.hidden.ravel() / 0.01, scipy.stats.truncnorm(-2, 2).cdf).pvalue > 1e-4
    assert np.abs(teacher.classifier).max() <= 0.02


def test_data_are_uncorrelated_and_labelled_by_one_teacher() -> None:
    data = teacher_data(TeacherSettings(train=4_000, validation=300, test=200, seed=4))
    assert {part: (x.shape, y.shape) for part, (x, y) in data.items()} == {
        "train": ((4_000, 10), (4_000,)),
        "validation": ((300, 10), (300,)),
        "test": ((200, 10), (200,)),
    }
    x, _ = data["train"]
    assert x.dtype == np.float32
    assert scipy.stats.kstest(x.ravel(), "norm").pvalue > 1e-4
    correlations = np.corrcoef(x, rowvar=False)[np.triu_indices(10, 1)]
    assert np.abs(correlations).max() < 4.5 / np.sqrt(4_000)
    teacher = accepted_teacher(10, 4)
    for x, y in data.values():
        assert_array_equal(teacher.labels(x), y)
    assert not set(map(tuple, data["test"][0])) & set(map(tuple, data["train"][0]))


def test_parts_begin_alike_whatever_their_size_and_that_of_others() -> None:
    small, large = (teacher_data(TeacherSettings(train=train, seed=1)) for train in (100, 2_000))
    assert_array_equal(small["train"][0], large["train"][0][:100])
    assert_array_equal(small["train"][1], large["train"][1][:100])
    for part in ("validation", "test"):
        assert_array_equal(small[part][0], large[part][0])
    other = teacher_data(TeacherSettings(train=100, seed=2))
    assert not np.array_equal(small["train"][0], other["train"][0])


@pytest.mark.parametrize(
    ("field", "value"), [("inputs", 0), ("train", 0), ("validation", 0), ("test", -1), ("seed", -1)]
)
def test_settings_are_checked(field: str, value: int) -> None:
    with pytest.raises(ConfigError) as caught:
        TeacherSettings(**{field: value})
    assert caught.value.field == field
