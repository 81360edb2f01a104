"""What each method keeps and how it starts, against the paper's and its public code's rules."""

from typing import Any, get_args

import pytest

from asc.images.description import ImageNetwork
from models.pruning.published import epf_published, epl_published
from recipes.price2021.methods import Series, Variants, kept_by, weight_shapes, weights_of

RESNET = ImageNetwork.of("resnet50")
FIXUP = ImageNetwork.of("fixup-resnet110")
WEIGHTS = 23_467_712
PUBLISHED = Variants(allocation="published", force_loss="neg_logit", fixup_scale="fixup-published")


def weights(series: Series, network: ImageNetwork = RESNET, density: float = 0.01, **more: Any) -> Any:
    given: dict[str, Any] = {"data": "cifar10", "batch_size": 128, "variants": Variants()} | more
    return weights_of(series, network, density, **given)


@pytest.mark.parametrize("series", [name for name in get_args(Series) if name not in ("dense", "Hyperplane")])
def test_every_method_keeps_its_share(series: Series) -> None:
    found = weights(series)
    assert sum(found.kept) == pytest.approx(0.01 * WEIGHTS, abs=1 if series != "Sparse (uniform)" else 54)
    assert found.scheme == ("dct" if series.startswith("DCTpS") else "sparse")
    assert found.start == "kaiming"


def test_uniform_counts_are_rounded_down_as_in_the_public_code() -> None:
    shapes = weight_shapes(RESNET)
    kept = dict(zip(shapes, kept_by("Sparse (uniform)", shapes, 0.001, Variants()), strict=True))
    assert next(iter(kept.values())) == 1  # of 1,728
    assert kept["classifier"] == 20  # of 20,480


def test_what_scores_is_table_3s() -> None:
    assert (weights("FORCE").pruning, weights("SynFlow").pruning) == ("iter_snip", "synflow")
    assert [weights("FORCE", data=data).examples for data in ("cifar10", "cifar100", "tiny-imagenet")] == [
        128,
        1280,
        2560,
    ]
    assert (weights("SNIP").examples, weights("GraSP").examples) == (128, 100)


def test_a_fixup_resnet_starts_as_fixup_has_it() -> None:
    assert weights("Sparse (EPL)", FIXUP).start == "torch"
    assert weights("Sparse (EPL)", FIXUP).scale == "one"
    assert weights("DCTpS", FIXUP).scale == "fixup"
    assert weights("dense", FIXUP).kept == ()
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
