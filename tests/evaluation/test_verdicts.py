"""Verdicts: corrected for their number, absent where nothing is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame, Series
from scipy import stats

from evaluation.verdicts import device_family, holm, judged, least_difference, verdict


def test_holms_own_rule_by_hand() -> None:
    # Sorted: 0.005 x 4, 0.01 x 3, 0.03 x 2, 0.04 x 1, never falling.
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjusted_p_values_lie_between_the_raw_ones_and_bonferronis(values: list[float]) -> None:
    p = np.array(values)
    adjusted = holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(p * len(p), 1) + 1e-12).all()
    assert adjusted.min() == pytest.approx(min(1, p.min() * len(p)))


def test_what_has_no_p_value_does_not_count() -> None:
    adjusted = holm(np.array([0.03, np.nan]))
    assert adjusted[0] == 0.03
    assert np.isnan(adjusted[1])
    assert np.isnan(holm(np.array([np.nan]))).all()


@pytest.mark.parametrize(
    ("estimate", "p", "said"),
    [(0.1, 0.04, "higher"), (-0.1, 0.04, "lower"), (0.1, 0.05, "none"), (0.1, float("nan"), "")],
)
def test_a_verdict_needs_a_p_value_below_one_in_twenty(estimate: float, p: float, said: str) -> None:
    assert verdict(estimate, p) == said


def test_families_are_corrected_apart() -> None:
    indices = [("part", "unseen"), ("part", "seen"), ("all", "all"), ("device", "b"), ("device", "c")]
    table = DataFrame({"estimate": 0.1, "p": [0.04, 0.04, 0.9, 0.04, 0.02]})
    found = judged(table, Series([device_family(index) for index in indices]))
    assert found.p_holm.tolist() == pytest.approx([0.04, 0.08, 0.9, 0.04, 0.04])
    assert found.verdict.tolist() == ["higher", "none", "none", "higher", "higher"]


def test_the_least_difference_is_students() -> None:
    generator = np.random.default_rng(0)
    samples = generator.normal(size=(2, 3, 4000))
    tests = stats.ttest_ind(*samples)
    # At the stated half-width, in units of the pooled deviation, a difference is just significant.
    deviation = np.sqrt(samples.var(axis=1, ddof=1).mean(axis=0))
    shown = np.abs(samples[0].mean(axis=0) - samples[1].mean(axis=0)) / deviation > float(
        least_difference([3]).split(" ")[0]
    )
    assert (shown == (tests.pvalue < 0.05)).mean() > 0.99
