"""Figure 4's grid: what every cell has to have, and its counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import ConfigError
from recipes.golubeva2021.mlp_grid import WIDTHS, figure4_grid


def test_forty_networks_of_3970_weights() -> None:
    grid = {width: figure4_grid(width) for width in WIDTHS}
    assert tuple(grid) == (5, 10, 20, 40, 80, 160, 320, 640)
    assert [len(cells) for cells in grid.values()] == [1, 6, 6, 6, 6, 6, 6, 3]
    assert {first + last for cells in grid.values() for first, last in cells} == {3970}
    assert grid[5] == [(3920, 50)]


def test_connectivities_of_the_last_layer() -> None:
    for width in WIDTHS[1:-1]:
        assert [last / (10 * width) for _, last in figure4_grid(width)] == pytest.approx(
            [1, 0.82, 0.64, 0.46, 0.28, 0.1]
        )
    assert figure4_grid(640) == [(1026, 2944), (2178, 1792), (3330, 640)]


@given(st.integers(6, 2000))
def test_cells_of_any_width(width: int) -> None:
    for first, last in figure4_grid(width):
        assert first + last == 3970
        assert 1 <= first <= 784 * width
        assert width <= last <= 10 * width


def test_too_narrow() -> None:
    with pytest.raises(ConfigError, match="at least 5"):
        figure4_grid(4)
