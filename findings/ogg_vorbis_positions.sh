#!/usr/bin/env bash
# Ogg Vorbis files that FFmpeg transcodes from Ogg Vorbis can lose their last samples when libvorbis decodes them.
#
# FFmpeg 7.0.2 (libvorbis) can write granule positions in intermediate pages that are 448 samples too high (it counts a
# long block where a short one follows); the position of the last page is correct. libvorbis trusts every position and
# therefore cuts off the last packets: libsndfile 1.2.2 (soundfile 0.14.0) returns up to 448 samples fewer than it
# announces, without an error. If the intermediate positions are replaced by "none" (-1) and the checksums of the pages
# are updated, the same packets decode to all samples.
#
# Requires Python 3.11 or newer and a package index. Exits with 0 if the behaviour is as described, 1 if it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.3.5 soundfile==0.14.0 imageio-ffmpeg==0.6.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import io
import struct
import subprocess
import sys

import imageio_ffmpeg
import numpy as np
import soundfile as sf

FRAMES, RATE = 220_544, 44_100
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def noise(seed):
    """Return noise whose level jumps every 512 samples, which makes encoders change between long and short blocks."""
    rng = np.random.default_rng(seed)
    steps = FRAMES // 512 + 1
    envelope = np.where(rng.random(steps) < 0.3, 1.0, 0.01)
    return (rng.normal(0, 0.3, FRAMES) * np.repeat(envelope, 512)[:FRAMES]).clip(-1, 1)


def pages(data):
    start = 0
    while start < len(data):
        segments = data[start + 26]
        end = start + 27 + segments + sum(data[start + 27 : start + 27 + segments])
        yield bytearray(data[start:end])
        start = end


def checksum(page):
    rest = 0
    for byte in page:
        rest ^= byte << 24
        for _ in range(8):
            rest = (rest << 1 ^ 0x04C11DB7 if rest & 0x80000000 else rest << 1) & 0xFFFFFFFF
    return rest


def without_positions(data):
    """Return the file without the positions of all pages except the headers and the last page."""
    changed = list(pages(data))
    for page in changed[2:-1]:
        page[6:14] = b"\xff" * 8
        page[22:26] = bytes(4)
        page[22:26] = struct.pack("<I", checksum(page))
    return b"".join(changed)


print("ffmpeg", imageio_ffmpeg.get_ffmpeg_version(), "soundfile", sf.__version__, sf.__libsndfile_version__)
lost = restored = 0
for seed in range(40):
    sf.write("first.ogg", noise(seed), RATE, format="OGG", subtype="VORBIS")
    command = [FFMPEG, "-loglevel", "error", "-y", "-i", "first.ogg", "-c:a", "libvorbis", "again.ogg"]
    subprocess.run(command, check=True)
    with open("again.ogg", "rb") as file:
        data = file.read()
    with sf.SoundFile(io.BytesIO(data)) as file:
        announced, decoded = file.frames, len(file.read())
    if decoded != announced:
        mended = len(sf.read(io.BytesIO(without_positions(data)))[0])
        print(f"seed {seed}: {announced} announced, {decoded} decoded; {mended} without intermediate positions")
        lost, restored = lost + 1, restored + (mended == announced == FRAMES)
print(f"{lost} of 40 files lose samples, {restored} of them none without intermediate positions")
sys.exit(0 if lost and restored == lost else 1)
PYTHON
