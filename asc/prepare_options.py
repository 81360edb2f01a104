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
class PrepareOptions:
    """Prepare a data set: read its lists, check its recordings, and compute their spectrograms.

    Any data set in the TAU layout (meta.csv, audio/, optionally evaluation_setup/) or with one folder per class can be
    prepared. `demo` synthesises recordings; `simulated` applies impulse responses of microphones to your recordings.
    Both write their recordings beside the prepared set. After an interruption, the same command continues.
    """

    dataset: Dataset = "folder"
    """Data set to prepare; `folder` is any data set in the TAU layout, or with one folder of recordings per class."""
    out: Path = Path("prepared")
    """Parent of the prepared set's folder, which is named <name>-<hash>."""
    root: Path | None = None
    """Folder that holds the data set's meta.csv (folder, tau2019, tau2020, tau2022) or class folders (folder)."""
    city: str = ""
    """How the city is read: `last-hyphen` or `first-hyphen` takes the identifier up to that hyphen; the name of a
    column takes that column of meta.csv; any other name is the city of all recordings, if meta.csv has no identifiers.
    Default: last-hyphen; without meta.csv, places are assigned to made-up cities."""
    device: str = ""
    """Device of all recordings, if meta.csv has no column for it or is missing. Without meta.csv, `folder` reads the
    device from paths <class>/<device>/<file>."""
    follow_links: bool = False
    """Follow symbolic links that lead out of ROOT."""
    init_meta: Path | None = None
    """Only write a first meta.csv, to be corrected by hand, into this folder of recordings."""
    split: Rule = "unseen-city"
    """Default split of the set: test in cities without training clips (the paper's rule), or the data set's fold 1."""
    test_cities: int = 3
    """With unseen-city, the number of cities in which each scene is tested."""
    train_devices: tuple[str, ...] = ()
    """Devices to train on, or `all`. Default: the reference device."""
    reference_device: str = "a"
    """Device that the others are compared with. With simulated and a list, the device whose recordings are used; the
    set names it a."""
    seconds: float | None = None
    """Length of every clip. Default: 10 (tau2019, tau2020), 1 (tau2022), or the commonest length found."""
    fit: bool = False
    """Crop longer recordings and repeat shorter ones instead of rejecting them."""
    channel: str = MEAN
    """Channel used of recordings with several channels: mean (of all), left, right, loudest (in each recording), or
    a number from 1."""
    high_pass: float | None = None
    """Corner frequency in Hz of a high-pass filter, which removes a constant offset; 20 keeps all audible frequencies.
    Default: no filter, as in the paper."""
    sample_rate: int = 22_050
    """Sample rate in Hz to which recordings are resampled; the mel bands extend to half of it."""
    mels: int = 256
    """Number of mel bands of the spectrograms."""
    waveforms: bool = False
    """Store the waveforms too, which training needs to roll them before the spectrogram is computed."""
    workers: int = 0
    """Number of worker processes, 0 for the number of cores; it does not affect the result."""
    on_error: Literal["stop", "skip"] = "stop"
    """If recordings or rows cannot be used: `stop` lists them all and writes no set, `skip` leaves them out."""
    strict: bool = False
    """Reject files with any irregularity (wrong sizes in headers, tags, FLAC without MD5, ...), even if no samples are
    missing. Default for the tau data sets, whose files are known; --lenient turns it off."""
    lenient: bool = False
    """Read irregular files of a tau data set, with one warning per kind of irregularity."""
    lossy: bool = False
    """Read MP3 and AAC too. These codecs remove high frequencies, by which a network may learn to tell devices
    apart."""
    download: bool = False
    """Download missing archives of the data set into ROOT first (tau2019, tau2020, tau2022)."""
    verify: bool = False
    """Hash the recordings and the finished set again, and report every difference."""
    report: bool = False
    """Write devices.html into the set's folder: level, band and median spectrum of each device's recordings."""
    dry_run: bool = False
    """Only read the lists, and print the content, disk space and time of the set."""
    recordings: Path | None = None
    """Folder of the recordings to which impulse responses are applied (simulated)."""
    responses: Path | None = None
    """Folder of impulse responses, one per device (simulated)."""

    def __post_init__(self) -> None:
        tau, made, simulated = self.dataset in RELEASES, self.dataset in MADE, self.dataset == "simulated"
        only = "a folder if the dataset is simulated, otherwise not given"
        for field, value, wrong, allowed in (
            ("root", self.root, not (self.root or made or self.init_meta), f"{self.dataset} needs its folder"),
            ("root", self.root, self.root is not None and made, f"{self.dataset} generates its recordings"),
            ("download", self.download, self.download and not tau, f"only {', '.join(RELEASES)} can be downloaded"),
            ("lenient", self.lenient, self.lenient and (self.strict or not tau), "for tau data sets, without --strict"),
            ("lossy", self.lossy, self.lossy and self.dataset == "demo", "the demo set generates its recordings"),
            ("recordings", self.recordings, (self.recordings is not None) != simulated, only),
            ("responses", self.responses, (self.responses is not None) != simulated, only),
            ("city", self.city, self.city and tau, f"the lists of {self.dataset} define the cities"),
            ("device", self.device, self.device and tau, f"the lists of {self.dataset} define the devices"),
            ("seconds", self.seconds, self.seconds is not None and self.seconds <= 0, "a length above 0"),
            ("channel", self.channel, self.channel != MEAN and made and not simulated, "demo's recordings are mono"),
            ("workers", self.workers, self.workers < 0, "a number of processes, or 0 for the number of cores"),
        ):
            if wrong:
                raise ConfigError(field, value, allowed)

    @property
    def layout(self) -> Layout:
        """Layout of the data set."""
        return LAYOUTS.get(self.dataset, LAYOUTS["folder"])

    @property
    def reference(self) -> str:
        """Reference device of the set."""
        return REFERENCE if self.dataset in MADE else normalise_name(self.reference_device)

    @property
    def accept(self) -> Acceptance:
        """Accepted irregularities of recordings."""
        return Acceptance(strict=self.strict or (self.dataset in RELEASES and not self.lenient), lossy=self.lossy)

    @property
    def reading(self) -> Reading:
        """How cities and devices are read if the lists do not define them."""
        return Reading(city=self.city, device=self.device, follow_links=self.follow_links)

    @property
    def processes(self) -> int:
        """Number of worker processes."""
        return self.workers or count_cores()

    @property
    def set_settings(self) -> dict[str, Any]:
        """Settings of the set except its name and the length of its clips."""
        return {
            "features": FeatureSettings(sample_rate=self.sample_rate, mels=self.mels, fmax=self.sample_rate / 2),
            "fit": self.fit,
            "waveforms": self.waveforms,
            "reference_device": self.reference,
            "channel": MEAN if self.dataset in MADE else self.channel,  # generated recordings are mono
            "high_pass": self.high_pass,
        }

    @property
    def default_split(self) -> SplitSettings:
        """Default split of the set."""
        devices = self.train_devices or (self.reference,)
        return SplitSettings(rule=self.split, test_cities=self.test_cities, train_devices=devices)
