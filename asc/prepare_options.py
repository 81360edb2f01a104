"""The options of `python -m asc.prepare`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from common.errors import ConfigError
from data_prep.containers.acceptance import Acceptance
from data_prep.features import FeatureSettings
from data_prep.identities import normalise_name
from data_prep.layouts import LAYOUTS, Layout
from data_prep.listing import Reading
from data_prep.mixing import MEAN
from data_prep.remotes import RELEASES
from data_prep.simulated_set import REFERENCE
from data_prep.splits import Rule, SplitSettings
from data_prep.workers import count_cores

Dataset = Literal["demo", "simulated", "folder", "tau2019", "tau2020", "tau2022"]
MADE = ("demo", "simulated")


@dataclass(frozen=True, kw_only=True)
class Options:
    """Prepare a data set: read its lists, check its recordings, compute its spectrograms once.

    Any data set in the TAU layout can be prepared (meta.csv, audio/, optionally evaluation_setup/). `demo` makes its
    own recordings, `simulated` passes yours through impulse responses of microphones; both keep them beside the set.
    Stopped anywhere, the same command goes on.
    """

    dataset: Dataset = "folder"
    """What to prepare; `folder` is any data set in the TAU layout, or with one folder of recordings per class."""
    out: Path = Path("prepared")
    """The folder to make the set's folder, <name>-<hash>, in."""
    root: Path | None = None
    """Folder that holds the data set's meta.csv (folder, tau2019, tau2020, tau2022) or class folders (folder)."""
    city: str = ""
    """Where the city is read: `last-hyphen` or `first-hyphen` takes the identifier up to that hyphen; the name of a
    column takes that column of meta.csv; any other name is the city of all recordings, where meta.csv has no
    identifiers. Default: last-hyphen; without meta.csv, places are assigned to made-up cities."""
    device: str = ""
    """The device of all recordings, where meta.csv has no column for it or is missing; `folder` reads it from paths
    <class>/<device>/<file>, without meta.csv."""
    follow_links: bool = False
    """Follow symbolic links that lead out of ROOT."""
    init_meta: Path | None = None
    """Write a first meta.csv into this folder of recordings, to be corrected by hand, and do nothing else."""
    split: Rule = "unseen-city"
    """The set's default split: cities not trained in (the paper's rule), or the data set's own fold 1."""
    test_cities: int = 3
    """With unseen-city, in how many cities each scene is tested."""
    train_devices: tuple[str, ...] = ()
    """Devices to train on, or all; the reference device where not given."""
    reference_device: str = "a"
    """The device that the others are compared with; with simulated, the one whose recordings are played to the others,
    where there are lists (the set calls it a)."""
    seconds: float | None = None
    """Length of every clip; where not given, 10 (tau2019, tau2020), 1 (tau2022), or the commonest one found."""
    fit: bool = False
    """Crop longer recordings and repeat shorter ones, rather than refuse them."""
    channel: str = MEAN
    """The channel that is used where a recording has several: mean (of all), left, right, loudest (in each
    recording), or a number from 1."""
    high_pass: float | None = None
    """Corner in Hz of a high-pass filter, which removes a constant offset; 20 keeps everything audible. Default: no
    filter, as in the paper."""
    sample_rate: int = 22_050
    """Rate in Hz that recordings are resampled to; mel bands reach up to half of it."""
    mels: int = 256
    """Mel bands of the spectrograms."""
    waveforms: bool = False
    """Keep the waveforms too, for training that rolls them before the spectrogram is computed."""
    workers: int = 0
    """Processes, 0 for as many as there are cores; the result does not depend on it."""
    on_error: Literal["stop", "skip"] = "stop"
    """What to do if recordings or rows cannot be used: list them all and make no set, or leave them out."""
    strict: bool = False
    """Refuse files with any irregularity (wrong sizes in headers, tags, FLAC without MD5, ...), even if no sample is
    missing. Default for the tau data sets, whose files are known; --lenient turns it off."""
    lenient: bool = False
    """Read irregular files of a tau data set, with one warning for each kind of irregularity."""
    lossy: bool = False
    """Read MP3 and AAC as well. These codecs remove the upper bands, so a network may learn to tell devices apart by
    their codec."""
    download: bool = False
    """Fetch what is missing of the data set into ROOT first (tau2019, tau2020, tau2022)."""
    verify: bool = False
    """Hash the recordings and the finished set again, and report every difference."""
    report: bool = False
    """Write devices.html into the set's folder: level, band and median spectrum of each device's recordings."""
    dry_run: bool = False
    """Read only the lists, and say what would be made, with the disk and time that it needs."""
    recordings: Path | None = None
    """Folder of the recordings to pass through the responses (simulated)."""
    responses: Path | None = None
    """Folder of impulse responses, one device each (simulated)."""

    def __post_init__(self) -> None:
        tau, made, simulated = self.dataset in RELEASES, self.dataset in MADE, self.dataset == "simulated"
        only = "a folder where the dataset is simulated, and only there"
        for field, value, wrong, allowed in (
            ("root", self.root, not (self.root or made or self.init_meta), f"needed for {self.dataset}: its folder"),
            ("root", self.root, self.root is not None and made, f"{self.dataset} makes its recordings itself"),
            ("download", self.download, self.download and not tau, f"only {', '.join(RELEASES)} can be fetched"),
            ("lenient", self.lenient, self.lenient and (self.strict or not tau), "for tau data sets, without --strict"),
            ("lossy", self.lossy, self.lossy and self.dataset == "demo", "the demo set makes its recordings itself"),
            ("recordings", self.recordings, (self.recordings is not None) != simulated, only),
            ("responses", self.responses, (self.responses is not None) != simulated, only),
            ("city", self.city, self.city and tau, f"{self.dataset} says the cities itself"),
            ("device", self.device, self.device and tau, f"{self.dataset} says the devices itself"),
            ("seconds", self.seconds, self.seconds is not None and self.seconds <= 0, "a length above 0"),
            ("channel", self.channel, self.channel != MEAN and made and not simulated, "demo's recordings have one"),
            ("workers", self.workers, self.workers < 0, "a number of processes, or 0 for every core"),
        ):
            if wrong:
                raise ConfigError(field, value, allowed)

    @property
    def layout(self) -> Layout:
        """What the lists may say."""
        return LAYOUTS.get(self.dataset, LAYOUTS["folder"])

    @property
    def reference(self) -> str:
        """The reference device of the set."""
        return REFERENCE if self.dataset in MADE else normalise_name(self.reference_device)

    @property
    def accept(self) -> Acceptance:
        """Which oddities of recordings are accepted."""
        return Acceptance(strict=self.strict or (self.dataset in RELEASES and not self.lenient), lossy=self.lossy)

    @property
    def reading(self) -> Reading:
        """How to read what lists leave open."""
        return Reading(city=self.city, device=self.device, follow_links=self.follow_links)

    @property
    def processes(self) -> int:
        """How many worker processes to use."""
        return self.workers or count_cores()

    @property
    def set_settings(self) -> dict[str, Any]:
        """Settings of the set but its name and its clips' length."""
        return {
            "features": FeatureSettings(sample_rate=self.sample_rate, mels=self.mels, fmax=self.sample_rate / 2),
            "fit": self.fit,
            "waveforms": self.waveforms,
            "reference_device": self.reference,
            "channel": MEAN if self.dataset in MADE else self.channel,  # what is made has one channel
            "high_pass": self.high_pass,
        }

    @property
    def default_split(self) -> SplitSettings:
        """The split that the set is given."""
        devices = self.train_devices or (self.reference,)
        return SplitSettings(rule=self.split, test_cities=self.test_cities, train_devices=devices)
