"""`python -m recipes.paper_costs`: what each figure costs at its paper's settings, on TAU 2020 Mobile.

Everything is counted, nothing is trained or measured: parameters and multiply-accumulates of the networks, times the
clips that the default split puts on either side (audio paper, Sec. 3; 10 s clips), times epochs and seeds.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from common.command import run_command
from common.identity import digest
from data_prep.features import FeatureSettings
from data_prep.layouts import LAYOUTS
from data_prep.splits import SplitSettings
from recipes.cost import Examples, RunCost, run_cost
from recipes.points import SceneChanges, describe_point
from recipes.registry import matching

# Version 2 under the split `unseen-city`: trains on 10,092 clips of device a; tests on 4,308 of it and 8 x 323 others.
_SIZE = Examples(shape=(1, 256, 431), parts={"train": 10_092, "test": 4_308 + 8 * 323})
_CHANGES = SceneChanges(precision="bf16-mixed")
_TERA = 1e12


@dataclass(frozen=True, kw_only=True)
class CostOptions:
    """Print, as a Markdown table, what the figures' runs cost at the preset `paper`."""

    tmacs: float = 100.0
    """10^12 multiply-accumulates a second that the GPU sustains in training. An H200 can at most do 495 in bfloat16."""


class _Tau2020:
    """Stand-in for the prepared set of TAU 2020 Mobile, with the properties that costs depend on."""

    name = "tau2020"
    identity = digest("any")
    split_defaults = SplitSettings()
    features = FeatureSettings()
    scenes: tuple[str, ...] = LAYOUTS["tau2020"].scenes or ()


def cost_table(tmacs: float) -> pd.DataFrame:
    """Return one row per recipe, and a last row of all runs, without duplicates."""
    counted: dict[str, RunCost] = {}  # by identity: seeds cost the same, and figures share runs
    everything: dict[tuple[str, int], RunCost] = {}
    rows = []
    for recipe in matching("koutini2021/"):
        if recipe.points is None:
            continue
        options = recipe.options(data=Path(), runs=Path(), out=Path(), preset="paper")
        runs: dict[tuple[str, int], RunCost] = {}
        for point in recipe.points(options):
            for run in describe_point(point, _Tau2020(), options.seeds, _CHANGES):
                if run.identity not in counted:
                    counted[run.identity] = run_cost(run, _SIZE)
                runs[run.identity, run.seed] = counted[run.identity]
        everything |= runs
        rows.append((recipe.name.split("/")[1], runs))
    rows.append(("all of them, shared runs once", everything))
    table = []
    for name, costs in rows:
        parameters = sorted({cost.parameters for cost in costs.values()})
        macs = sum(cost.macs for cost in costs.values())
        table.append(
            {
                "figure": name,
                "runs": len(costs),
                "parameters": " to ".join(f"{count:,}" for count in {parameters[0]: 0, parameters[-1]: 0}),
                "10^15 MAC": f"{macs / 1e15:,.0f}",
                "GPU hours": f"{macs / (tmacs * _TERA) / 3600:,.1f}",
                "final weights, MB": f"{sum(cost.weight_bytes for cost in costs.values()) / 1e6:,.0f}",
            }
        )
    return pd.DataFrame(table)


def _print(options: CostOptions) -> None:
    table = cost_table(options.tmacs)
    print("| " + " | ".join(table.columns) + " |")
    print("|---" * len(table.columns) + "|")
    for row in table.itertuples(index=False):
        print("| " + " | ".join(map(str, row)) + " |")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(CostOptions, _print, arguments)


if __name__ == "__main__":
    sys.exit(main())
