"""The perceptrons that Casper 2021 teaches on uncorrelated data: sizes, initial weights, optimisers, learning rates."""

from collections.abc import Iterable
from dataclasses import dataclass

from asc.presets import image_training
from asc.run import ImageData, Run
from asc.training_settings import Optimizer
from data_prep.images.teacher import TeacherSettings
from models.initialisation import Start
from models.network import NetworkSettings
from models.registry import network_settings
from models.vision.mlp import Deviations
from recipes.casper2021.sizes import SIZES, SizedPoint
from recipes.images import ImageOptions
from recipes.points import Preset

WHOLE = 128  # hidden units at size 1
# The published code tries all five and takes the best; the paper says that it took the best.
RATES: dict[Preset, tuple[float, ...]] = {"paper": (1.0, 0.1, 0.01, 1e-3, 1e-4), "demo": (1.0, 0.1, 0.01)}
SIGMA = 0.01
SIGMAS: dict[Preset, tuple[float, ...]] = {
    "paper": (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5),
    "demo": (1e-3, 1e-2, 1e-1, 1.0),
}
# Adam has its default rate.
OPTIMISERS: dict[str, tuple[Optimizer, float]] = {"momentum": ("sgd", 0.9), "SGD": ("sgd", 0.0), "Adam": ("adam", 0.0)}
_EPOCHS, _BATCH, _DECAY, _ADAM = 50, 128, 0.95, 1e-3


@dataclass(frozen=True, kw_only=True)
class StudentOptions(ImageOptions):
    """Options of figures of perceptrons."""

    deviations: Deviations = "equal"
    """Standard deviations of initial weights. `equal`: σ in both layers, as in the paper; `published-code`: σ / 10 in
    the hidden layer."""


def student_of(size: float, inputs: int) -> NetworkSettings:
    """Return the perceptron of a size factor."""
    return network_settings("mlp", width=int(WHOLE * size), classes=2, inputs=inputs)


def _student(inputs: int, size: float, sigma: float, optimiser: str, rate: float, options: StudentOptions) -> Run:
    name, momentum = OPTIMISERS[optimiser]
    return Run(
        data=ImageData(name="teacher", identity="", teacher=TeacherSettings(inputs=inputs), normalisation="none"),
        network=student_of(size, inputs),
        start=Start(init="student", sigma=sigma, deviations=options.deviations),
        training=image_training(
            epochs=_EPOCHS,
            batch_size=_BATCH,
            optimizer=name,
            learning_rate=rate,
            momentum=momentum,
            schedule="exponential",
            factor=_DECAY,
        ),
        preset=options.preset,
    )


def by_sigma(inputs: int, options: StudentOptions, sigmas: Iterable[float] = ()) -> list[SizedPoint]:
    """Return Figures B4 and B5's points: every initial deviation, size and learning rate, with momentum."""
    return [
        SizedPoint(series=f"σ = {sigma:g}", size=size, run=_student(inputs, size, sigma, "momentum", rate, options))
        for sigma in sigmas or SIGMAS[options.preset]
        for size in SIZES
        for rate in RATES[options.preset]
    ]


def by_optimiser(inputs: int, options: StudentOptions) -> list[SizedPoint]:
    """Return Figure B11's points: every optimiser, size and learning rate."""
    return [
        SizedPoint(series=optimiser, size=size, run=_student(inputs, size, SIGMA, optimiser, rate, options))
        for optimiser in OPTIMISERS
        for size in SIZES
        for rate in ((_ADAM,) if optimiser == "Adam" else RATES[options.preset])
    ]
