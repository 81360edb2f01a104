"""What each method keeps and how it starts, against the paper's and its public code's rules."""

from typing import Any, get_args

import pytest

from models.network import NetworkSettings
from models.pruning.published import epf_published, epl_published
from models.registry import network_settings
from models.weights.dct import DctSparsity
from models.weights.pruned import PrunedAtStart
from models.weights.sparse import StaticSparsity
from recipes.price2021.methods import Series, Variants, kept_by, start_of, weight_shapes, weights_of

RESNET = network_settings("resnet50")
FIXUP = network_settings("fixup-resnet")
WEIGHTS = 23_467_712
PUBLISHED = Variants(allocation="published", force_loss="neg_logit", fixup_scale="fixup-published")


def weights(series: Series, network: NetworkSettings = RESNET, density: float = 0.01, **more: Any) -> Any:
    given: dict[str, Any] = {"data": "cifar10", "batch_size": 128, "variants": Variants()} | more
    (scheme,) = weights_of(series, network, density, **given)
    return scheme


@pytest.mark.parametrize("series", [name for name in get_args(Series) if name not in ("dense", "Hyperplane")])
def test_every_method_keeps_its_share(series: Series) -> None:
    found = weights(series)
    assert sum(found.kept) == pytest.approx(0.01 * WEIGHTS, abs=1 if series != "Sparse (uniform)" else 54)
    random = DctSparsity if series.startswith("DCTpS") else StaticSparsity
    assert isinstance(found, random if series.startswith(("DCTpS", "Sparse")) else PrunedAtStart)


def test_uniform_counts_are_rounded_down_as_in_the_public_code() -> None:
    shapes = weight_shapes(RESNET)
    kept = dict(zip(shapes, kept_by("Sparse (uniform)", shapes, 0.001, Variants()), strict=True))
    assert next(iter(kept.values())) == 1  # of 1,728
    assert kept["classifier"] == 20  # of 20,480


def test_what_scores_is_table_3s() -> None:
    assert (weights("FORCE").method, weights("SynFlow").method) == ("iter_snip", "synflow")
    assert [weights("FORCE", data=data).examples for data in ("cifar10", "cifar100", "tiny-imagenet")] == [
        128,
        1280,
        2560,
    ]
    assert (weights("SNIP").examples, weights("GraSP").examples) == (128, 100)


def test_a_fixup_resnet_starts_as_fixup_has_it() -> None:
    assert (start_of(RESNET).init, start_of(FIXUP).init) == ("kaiming", "torch")
    assert (weights("DCTpS").scale, weights("DCTpS", FIXUP).scale) == ("one", "fixup")
    assert weights_of("dense", FIXUP, 1.0, "cifar10", 128, Variants()) == ()
    # "only 2000 trainable parameters", with 282 others
    assert sum(weights("DCTpS", FIXUP, 0.001).kept) == 1719


def test_variants_are_the_public_codes() -> None:
    shapes = weight_shapes(RESNET)
    for series in ("DCTpS", "Sparse (EPL)"):
        kept = weights(series, density=0.1, variants=PUBLISHED).kept
        assert kept == tuple(epl_published(shapes, WEIGHTS // 10).values())
        assert sum(kept) < 0.088 * WEIGHTS
    assert weights("DCTpS (EPF)", variants=PUBLISHED).kept == tuple(epf_published(shapes, WEIGHTS // 100).values())
    assert weights("FORCE", variants=PUBLISHED).scoring_loss == "neg_logit"
    assert weights("SynFlow", variants=PUBLISHED).scoring_loss == "cross_entropy"
    assert weights("DCTpS", FIXUP, variants=PUBLISHED).scale == "fixup-published"
