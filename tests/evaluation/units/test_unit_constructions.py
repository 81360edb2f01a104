"""The four wide networks of Casper 2021, section 2.3: what the two measures say of them, and what they do not."""

import numpy as np
import pytest
import torch
from pandas import Series

from evaluation.units.removability import ablation_curves, areas
from evaluation.units.repetition import repetition_table, unit_correlations
from evaluation.units.settings import CODE_REPETITION, RemovabilitySettings
from tests.evaluation.units.two_layers import SITE, UNITS, constructions, inputs

WIDE = ["[u,u],[w,0]", "[u,0]", "[u,v],[w,0]", "[u,u],[w/2+eta,w/2-eta]"]
INERT = WIDE[:3]


@pytest.fixture(scope="module")
def removability() -> dict[str, Series]:
    """Return the areas under many curves of each network."""
    settings = RemovabilitySettings(repetitions=60)
    batches = inputs(300).split(150)
    return {name: areas(ablation_curves(net, batches, [SITE], settings)) for name, net in constructions().items()}


@pytest.mark.parametrize("name", WIDE)
def test_they_compute_what_the_narrow_network_does(name: str) -> None:
    made, x = constructions(), inputs(100)
    torch.testing.assert_close(made[name](x), made["S"](x))


@pytest.mark.parametrize(
    ("name", "units", "dead", "similarity"),
    [
        ("S", UNITS, 0, 0),
        ("[u,u],[w,0]", 2 * UNITS, 0, 1),
        ("[u,0]", 2 * UNITS, UNITS, 0),
        ("[u,v],[w,0]", 2 * UNITS, 0, 0),
        ("[u,u],[w/2+eta,w/2-eta]", 2 * UNITS, 0, 1),
    ],
)
def test_repetition(name: str, units: int, dead: int, similarity: float) -> None:
    table = repetition_table(unit_correlations(constructions()[name], inputs(1000).split(300), [SITE]))
    assert (table[["units", "dead", "similarity", "deviation"]] == [units, dead, similarity, 0]).all(axis=None)


def test_published_code_gives_dead_units_minus_one() -> None:
    correlations = unit_correlations(constructions()["[u,0]"], inputs(1000).split(300), [SITE], CODE_REPETITION)
    table = repetition_table(correlations, CODE_REPETITION)
    assert (table[["dead", "similarity", "deviation"]] == [UNITS, -0.5, 0.5]).all(axis=None)


@pytest.mark.parametrize("name", INERT)
def test_units_that_nothing_depends_on_can_be_removed_in_theory(name: str) -> None:
    """Without the second half of the units, no label changes."""
    network, x = constructions()[name], inputs(500)
    hidden = network[:2](x)
    hidden[:, UNITS:] = 0
    torch.testing.assert_close(network[2](hidden), network(x))


@pytest.mark.parametrize("name", INERT)
def test_but_the_area_by_share_does_not_tell(name: str, removability: dict[str, Series]) -> None:
    """A share of all units removes the same share of those that count: the area stays what the narrow network's is."""
    narrow, wide = removability["S"], removability[name]
    noise = np.sqrt(narrow.var() / len(narrow) + wide.var() / len(wide))
    assert abs(wide.mean() - narrow.mean()) < 4.5 * noise
    assert noise < 0.02


def test_repeated_units_that_balance_each_other_are_not_removable(removability: dict[str, Series]) -> None:
    """As in the paper's last construction, whose area is lower: its units are repeated and none can go."""
    assert removability[WIDE[3]].mean() < removability["S"].mean() - 0.05
