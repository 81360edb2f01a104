"""The cost of the paper's figures, counted."""

import pytest

from recipes.paper_costs import cost_table, main
from recipes.registry import matching


def test_figure_three_is_the_sum_of_its_runs_counted_by_hand() -> None:
    table = cost_table(tmacs=100.0).set_index("figure")
    row = table.loc["fig03_width"]
    assert row["runs"] == 42
    assert row["parameters"] == "159,476 to 39,906,836"
    # Spec of the audio paper: these many parameters by width, four bytes each, base and damped, three seeds; the rest
    # is batch norm's running statistics.
    weights = 4 * 6 * (159_476 + 630_228 + 2_505_620 + 5_626_196 + 9_991_956 + 22_459_028 + 39_906_836) / 1e6
    assert float(row["final weights, MB"].replace(",", "")) == pytest.approx(weights, rel=0.01)


def test_shared_runs_are_counted_once() -> None:
    table = cost_table(tmacs=100.0)
    assert len(table) == sum(recipe.points is not None for recipe in matching("koutini2021/")) + 1
    assert max(table["runs"].iloc[:-1]) < table["runs"].iloc[-1] < table["runs"].iloc[:-1].sum()


def test_a_faster_gpu_takes_less_time(capsys: pytest.CaptureFixture[str]) -> None:
    slow, fast = (float(cost_table(tmacs).set_index("figure").loc["fig03_width", "GPU hours"]) for tmacs in (50, 100))
    assert slow == pytest.approx(2 * fast, abs=0.2)
    assert main(["--tmacs", "100"]) == 0
    assert capsys.readouterr().out.startswith("| figure | runs |")
