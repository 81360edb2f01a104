"""Runs on images: what identifies them, and what cannot be described."""

from dataclasses import replace
from typing import Any

import pytest

from asc.images.description import ImageNetwork, ImageRun, ImageWeights, Learning, Stack
from common.errors import ConfigError
from common.identity import from_plain, plain


def test_a_description_comes_back_from_its_json_form(run: ImageRun) -> None:
    sparse = replace(run, weights=ImageWeights(start="fan-in-uniform", scheme="sparse", kept=(20, 10)))
    for one in (run, sparse):
        assert from_plain(ImageRun, plain(one)) == one


def test_seeds_share_an_identity_and_nothing_else_does(run: ImageRun) -> None:
    others = [
        replace(run, network=ImageNetwork.of("mlp", width=7, classes=4, inputs=36)),
        replace(run, network=ImageNetwork.of("mlp", width=6, classes=4, inputs=36, activation="linear")),
        replace(run, training=replace(run.training, learning_rate=0.2)),
        replace(run, weights=ImageWeights(scheme="sparse", kept=(30,))),
        replace(run, data=replace(run.data, labels="random")),
    ]
    assert replace(run, seed=5).identity == run.identity
    assert len({one.identity for one in [run, *others]}) == len(others) + 1
    assert "sparse" in others[3].title
    assert "random-labels" in others[4].title


def test_what_a_network_is_not_given_is_written_down() -> None:
    assert dict(ImageNetwork.of("mlp", inputs=5).size)["activation"] == "relu"
    assert ImageNetwork.of("mlp", inputs=5) == ImageNetwork.of("mlp", inputs=5, activation="relu")


def test_a_stack_is_known_by_its_runs(run: ImageRun) -> None:
    wider = replace(run, network=ImageNetwork.of("mlp", width=7, classes=4, inputs=36))
    assert Stack((run, wider)).identity != Stack((run,)).identity
    assert Stack((run, wider)).title == "stack-of-2"


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        (ImageWeights, {"scheme": "sparse"}, "kept"),
        (ImageWeights, {"kept": (5,)}, "kept"),
        (ImageWeights, {"scheme": "hyperplane-dense"}, "dimension"),
        (ImageWeights, {"scheme": "bottleneck"}, "base_width"),
        (ImageWeights, {"start": "fixup"}, "start"),
        (ImageWeights, {"scheme": "sparse", "kept": (5,), "pruning": "guess"}, "pruning"),
        (Learning, {"epochs": 0}, "epochs"),
        (Learning, {"learning_rate": 0.0}, "learning_rate"),
        (Learning, {"optimiser": "lion"}, "optimiser"),
        (Learning, {"patience": 3}, "patience"),
    ],
)
def test_what_cannot_be(kind: Any, values: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        kind(**values)
