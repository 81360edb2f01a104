"""Report on the devices of a prepared set: a table and warnings in the terminal, and an HTML page."""

import sys

import pandas as pd

from common.files import write_text
from data_prep.cautions import cautions
from data_prep.device_facts import DEVICES, DeviceFacts, read_facts
from data_prep.mixing import LOWEST
from data_prep.storage import PreparedSet
from evaluation.grids import MINUS, MISSING, Grid

PAGE = "devices.html"
_HEADINGS = [
    "device",
    "clips",
    "rate, Hz",
    "channels",
    "level, dB",
    "10 to 90 %, dB",
    "band, kHz",
    "clipped, %",
    "silent",
]


def _row(facts: DeviceFacts) -> list[str]:
    sounding = facts.level > LOWEST
    return [
        facts.device,
        f"{facts.clips:,}",
        ", ".join(map(str, facts.rates)),
        ", ".join(map(str, facts.channels)),
        f"{facts.level:.1f}" if sounding else MISSING,
        f"{facts.quiet:.0f} to {facts.loud:.0f}" if sounding else MISSING,
        f"{facts.band / 1000:.1f}" if sounding else MISSING,
        f"{100 * facts.clipped:.2f}",
        str(facts.silent),
    ]


def report_devices(prepared: PreparedSet, *, page: bool) -> None:
    """Print the table of a set's devices and warnings about them; write the HTML page if `page` is set."""
    facts = read_facts(prepared.folder, prepared.manifest.clips)
    if facts is None:
        print(f"{prepared.folder / DEVICES} is missing or damaged; the command without --verify writes it again")
        return
    rows = [_row(each) for each in facts.devices]
    print(pd.DataFrame(rows, columns=_HEADINGS).to_string(index=False))
    warnings = cautions(facts, prepared.reference_device)
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if page:
        from asc.device_page import device_page  # imports matplotlib, which takes a second and is rarely needed

        grid = Grid("Devices", _HEADINGS, [[row[0], *(cell.replace("-", MINUS) for cell in row[1:])] for row in rows])
        write_text(prepared.folder / PAGE, device_page(prepared, facts, grid, warnings))
        print(f"page: {prepared.folder / PAGE}")
