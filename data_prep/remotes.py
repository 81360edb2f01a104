"""Addresses and checksums of the TAU Urban Acoustic Scenes development sets.

They are taken from Zenodo's records, as listed by soundata 1.0.1 (a test compares them). The publisher gives MD5 sums,
which detect damage but not forgery.
"""

from dataclasses import dataclass

LICENCE = """\
{title}, (c) {year} Tampere University and its licensors.
In short: free for experimental and non-commercial use; every copy keeps the copyright notice; publications name the
Audio Research Group of Tampere University as the source; any commercial use, of results too, is prohibited.
The full text is in the archive {doc} and at {page}"""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A published file: name, URL and MD5 sum."""

    name: str
    url: str
    md5: str


@dataclass(frozen=True, kw_only=True)
class Release:
    """A published data set: title, Zenodo record, top folder of its archives, and their MD5 sums by part."""

    title: str
    year: int
    record: int
    folder: str
    sums: dict[str, str]

    @property
    def page(self) -> str:
        """URL of the page that describes the data set."""
        return f"https://zenodo.org/record/{self.record}"

    @property
    def licence(self) -> str:
        """Summary of the licence, and where its text is."""
        doc = f"{self.folder}.doc.zip"
        return LICENCE.format(title=self.title, year=self.year, doc=doc, page=self.page)

    @property
    def remotes(self) -> list[Remote]:
        """The archives: lists and documentation first."""
        names = {part: f"{self.folder}.{part}.zip" for part in self.sums}
        return [
            Remote(name=name, url=f"{self.page}/files/{name}?download=1", md5=self.sums[part])
            for part, name in names.items()
        ]


RELEASES = {
    "tau2019": Release(
        title="TAU Urban Acoustic Scenes 2019",
        year=2019,
        record=2589280,
        folder="TAU-urban-acoustic-scenes-2019-development",
        sums={
            "meta": "09782f2097e4735687af73c44919329c",
            "doc": "1f6879544e80da70099a191613e7e51f",
            "audio.1": "aca4ebfd9ed03d5f747d6ba8c24bc728",
            "audio.2": "c4f170408ce77c8c70c532bf268d7be0",
            "audio.3": "c7214a07211f10f3250290d05e72c37e",
            "audio.4": "a6a62110f6699cf4432072acb1dffda6",
            "audio.5": "091a0b6d3c84b8e60e46940aa7d4a8a0",
            "audio.6": "114f4ca13e074391b98a1cfd8140de65",
            "audio.7": "5951dd2968f7a514e2afbe279c4f060d",
            "audio.8": "b0b63dc95b327e1509857c8d8a663cc3",
            "audio.9": "3c32a693a6b111ffb957be3c1dd22e9b",
            "audio.10": "0ffbf60006da520cc761fb74c878b98b",
            "audio.11": "599055d93b4c11057c29be2df54538d4",
            "audio.12": "98b8d162ff3665695c4c910e6c372cc8",
            "audio.13": "a356c08b1a5a21d433eba37ef87587f4",
            "audio.14": "f8969771e7faf7dd471d1cf78b0cf011",
            "audio.15": "4758c4b0fb7484faa632266e78850820",
            "audio.16": "a18acad9ede8ea76574216feb887f0bc",
            "audio.17": "1af7703484632f340da5c33662dc9632",
            "audio.18": "b67402bf3e08f4da394a7c18756c0fd2",
            "audio.19": "035db315f19106eb848b6f9b32bcc47c",
            "audio.20": "9cb28c74911bf8a3eadcf53f50a5b5d6",
            "audio.21": "0e44ed85c88ec036a9725b4dd1dfaea0",
        },
    ),
    "tau2020": Release(
        title="TAU Urban Acoustic Scenes 2020 Mobile",
        year=2020,
        record=3819968,
        folder="TAU-urban-acoustic-scenes-2020-mobile-development",
        sums={
            "meta": "6eae9db553ce48e4ea246e34e50a3cf5",
            "doc": "175f40dc3fec144347abad4d2962b7ae",
            "audio.1": "b1e85b8a908d3d6a6ab73268f385d5c8",
            "audio.2": "4310a13cc2943d6ce3f70eba7ba4c784",
            "audio.3": "ed38956c4246abb56190c1e9b602b7b8",
            "audio.4": "97ab8560056b6816808dedc044dcc023",
            "audio.5": "b50f5e0bfed33cd8e52cb3e7f815c6cb",
            "audio.6": "fbf856a3a86fff7520549c899dc94372",
            "audio.7": "0dbffe7b6e45564da649378723284062",
            "audio.8": "bb6f77832bf0bd9f786f965beb251b2e",
            "audio.9": "a65596a5372eab10c78e08a0de797c9e",
            "audio.10": "2ad595819ffa1d56d2de4c7ed43205a6",
            "audio.11": "0ad29f7040a4e6a22cfd639b3a6738e5",
            "audio.12": "e5f4400c6b9697295fab4cf507155a2f",
            "audio.13": "8855ab9f9896422746ab4c5d89d8da2f",
            "audio.14": "092ad744452cd3e7de78f988a3d13020",
            "audio.15": "4b5eb85f6592aebf846088d9df76b420",
            "audio.16": "2e0a89723e58a3836be019e6996ae460",
        },
    ),
    "tau2022": Release(
        title="TAU Urban Acoustic Scenes 2022 Mobile",
        year=2022,
        record=6337421,
        folder="TAU-urban-acoustic-scenes-2022-mobile-development",
        sums={
            "meta": "419b6ff6570f1030730352dc80cd8d15",
            "doc": "9c4f610bdb5d3e3e72a17d393a26452a",
            "audio.1": "8be14bdbd844481dce059ab31fbd2239",
            "audio.2": "e821abda49b069248bb75eab39df7575",
            "audio.3": "9c7897f78bb42ca0008936daddf3f8f3",
            "audio.4": "53ec3e37c0fc0be75f53c5abbc5300b8",
            "audio.5": "528422c33c5d10263203d2c61cb1f3be",
            "audio.6": "4759a9465c903e13e57d5e82e791fc28",
            "audio.7": "6d545fc83a55a17856a9ccc1ac9aff6b",
            "audio.8": "3a2916a9b5d3f43cc7a22a62b180b0d9",
            "audio.9": "071f664c86639ad730f7be4e3c39d886",
            "audio.10": "e0839d019e9b77ecbcbb0eff85965530",
            "audio.11": "fc60f1c83726be3963ae14fbcb95eeb4",
            "audio.12": "02246547f86c0a814dc63ec65d7033bb",
            "audio.13": "88ae9ef884665140d1572d8061725e00",
            "audio.14": "c3f400d74ae90e5190dc518cde43de47",
            "audio.15": "85594c6fe4f91c10aa2a410f748103b8",
            "audio.16": "6e2df8438c69f6789414aeba8cbad9d8",
        },
    ),
}
