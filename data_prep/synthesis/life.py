"""Sound sources other than machines: voices, announcements, footsteps, luggage, music, dishes, birds, water.

A source is a function of a random generator and a city. It returns samples of shape (LENGTH,) with arbitrary level.
"""

import numpy as np

from data_prep.synthesis.cities import City
from data_prep.synthesis.machines import SECONDS
from data_prep.synthesis.signals import LENGTH, RATE, Curve, Samples, add, drift, fading, noise, oscillate, table, unit

_VOWELS = (  # first three formants in Hz: a, e, i, o, u
    (750, 1250, 2600),
    (450, 1900, 2600),
    (300, 2300, 3000),
    (450, 850, 2500),
    (320, 750, 2400),
)
_HISS: Curve = ((1500, -30), (4000, -3), (6500, 0), (9000, -6), (16000, -30))
PAVEMENT: Curve = ((80, -10), (300, 0), (1500, -4), (5000, -16))
MARBLE: Curve = ((150, -12), (900, -2), (2600, 0), (6000, -8), (12000, -24))
GRAVEL: Curve = ((300, -20), (1500, -4), (4000, 0), (9000, -4))


def _vowel(formants: tuple[float, ...], pitch: float, rng: np.random.Generator) -> Samples:
    """Return one period of a vowel: a glottal spectrum of -5 dB per octave filtered by three resonances."""
    hertz = pitch * np.arange(1, int(4500 / pitch))
    gain = np.sum([1 / (1 + ((hertz - formant) / (60 + 0.05 * formant)) ** 2) for formant in formants], axis=0)
    return table(gain * (hertz / pitch) ** -0.8 + 1e-3, rng)


def voice(rng: np.random.Generator, city: City) -> Samples:
    """Return a talking voice: syllables with random vowels and pitch, hissing consonants and pauses."""
    pitch = city.voice * rng.choice([115.0, 205.0]) * rng.lognormal(0, 0.12)
    wave = np.stack([_vowel(formants, pitch, rng) for formants in _VOWELS])
    count = int(SECONDS * city.tempo) + 2
    start = (np.arange(count) + rng.uniform(-0.2, 0.2, count) - rng.random()) / city.tempo
    spoken = rng.random(count) < 0.8
    vowel = rng.integers(0, len(_VOWELS), count)
    time = np.arange(LENGTH) / RATE
    syllable = np.clip(np.searchsorted(start, time, side="right") - 1, 0, count - 1)
    melody = pitch * np.interp(time, start, rng.lognormal(0, 0.12, count))
    # The envelope of a syllable is a power of a half sine.
    within = np.clip((time - start[syllable]) * city.tempo, 0, 1)
    opening = np.sin(np.pi * within) ** 1.5 * (spoken * rng.lognormal(0, 0.3, count))[syllable]
    hissing = np.exp(-((within / 0.12) ** 2)) * (spoken & (rng.random(count) < 0.5))[syllable]
    speech: Samples = opening * oscillate(melody, wave, vowel[syllable]) + 0.12 * hissing * noise(rng, _HISS)
    return speech


def babble(rng: np.random.Generator, city: City, voices: int, spread: float = 4.0) -> Samples:
    """Return `voices` people talking at once, with levels spread by `spread` dB (standard deviation)."""
    gains = 10 ** (spread * rng.standard_normal(voices) / 20)
    talk: Samples = np.sum([gain * unit(voice(rng, city)) for gain in gains], axis=0)
    return talk


def announcement(rng: np.random.Generator, city: City) -> Samples:
    """Return the city's chime followed by a voice from a loudspeaker, starting at a random time."""
    out = np.zeros(LENGTH)
    begin = rng.uniform(-1.5, 2.5)
    for index, note in enumerate(city.chime):
        time = np.arange(int(0.9 * RATE)) / RATE
        tone = np.sin(2 * np.pi * note * time) + 0.25 * np.sin(4 * np.pi * note * time)
        add(out, 1.5 * tone * fading(0.9, 1.2), begin + 0.42 * index)
    # The difference of successive samples adds 6 dB per octave, like a small loudspeaker.
    spoken = np.diff(voice(rng, city), prepend=0.0)
    add(out, 2 * unit(spoken), begin + 0.42 * len(city.chime) + 0.6)
    return out


def footsteps(rng: np.random.Generator, city: City, walkers: int, floor: Curve, decay: float) -> Samples:
    """Return the steps (heel and toe) of people walking over a floor with spectrum `floor`."""
    out = np.zeros(LENGTH)
    length = 1.5 * decay
    for _ in range(walkers):
        period = 1.1 / (0.5 * city.tempo) * rng.uniform(0.9, 1.25)
        loud = 10 ** (rng.normal(0, 4) / 20)
        steps = [noise(rng, floor, int(length * RATE)) * fading(length, decay) for _ in range(2)]
        for index, start in enumerate(np.arange(rng.uniform(-period, 0), SECONDS, period)):
            heel = loud * steps[index % 2] * rng.uniform(0.7, 1.2)
            add(out, heel, start + rng.normal(0, 0.01))
            add(out, 0.5 * heel, start + 0.09 + rng.normal(0, 0.01))
    return out


def luggage(rng: np.random.Generator, city: City) -> Samples:
    """Return a rolling suitcase: noise that pulses as the wheels cross the joints of the floor."""
    beat = city.tempo * rng.uniform(1.5, 2.5)
    time = np.arange(LENGTH) / RATE
    pulse = np.exp(-6 * ((time * beat + rng.random()) % 1))
    swell = np.exp(-(((time - rng.uniform(0, SECONDS)) / rng.uniform(1, 2.5)) ** 2))
    return swell * (0.35 + pulse) * noise(rng, ((120, -8), (500, -2), (1400, 0), (3500, -6), (8000, -24)))


def music(rng: np.random.Generator, city: City) -> Samples:
    """Return background music: chords with a bass note, alternating with notes of a melody."""
    out = np.zeros(LENGTH)
    key = 130.8 * 2 ** (rng.integers(0, 12) / 12)
    beat = 0.5 * rng.uniform(0.85, 1.2)
    wave = table(np.array([1, 0.5, 0.3, 0.2, 0.1, 0.06]), rng)
    scale, root = np.array([0, 2, 4, 5, 7, 9, 11]), 0
    for index, start in enumerate(np.arange(-rng.random() * beat, SECONDS, beat)):
        root = int(rng.integers(0, 6)) if index % 4 == 0 else root
        degrees = [root - 7, root, root + 2, root + 4] if index % 2 == 0 else [root + 7 + int(rng.integers(0, 6))]
        envelope = fading(1.2, 1.0)
        for degree in degrees:
            semitone = scale[degree % 7] + 12 * (degree // 7)
            add(out, envelope * oscillate(np.full(len(envelope), key * 2 ** (semitone / 12)), wave), start)
    return out


def dishes(rng: np.random.Generator, city: City, per_second: float) -> Samples:
    """Return dishes and cutlery: short high pings at random times, `per_second` on average."""
    out = np.zeros(LENGTH)
    time = np.arange(int(0.3 * RATE)) / RATE
    for start in rng.uniform(0, SECONDS, rng.poisson(per_second * SECONDS)):
        pitches = rng.uniform(1800, 7000, 3)
        ping = np.sum([np.sin(2 * np.pi * pitch * time) for pitch in pitches], axis=0)
        add(out, rng.lognormal(0, 0.6) * ping * fading(0.3, rng.uniform(0.06, 0.25)), start)
    return out


def birds(rng: np.random.Generator, city: City, singers: int) -> Samples:
    """Return birdsong: phrases of gliding notes, with the city's pitch range and tempo."""
    lowest, octaves, per_second = city.bird
    out = np.zeros(LENGTH)
    for _ in range(singers):
        loud, base = rng.lognormal(0, 0.5), lowest * rng.lognormal(0, 0.06)
        start = rng.uniform(-1.0, 1.0)
        while start < SECONDS:
            glide, note = rng.uniform(-octaves, octaves), base * 2 ** rng.uniform(0, octaves)
            for _ in range(int(rng.integers(3, 9))):
                length = rng.uniform(0.5, 0.8) / per_second
                sweep = np.linspace(0, 1, int(length * RATE))
                phase = np.cumsum(note * 2 ** (glide * sweep)) * (2 * np.pi / RATE)
                add(out, loud * np.sin(phase) * np.sin(np.pi * sweep) ** 2, start)
                start += 1 / per_second
            start += rng.exponential(0.9)
    return out


def water(rng: np.random.Generator, city: City, drops: float) -> Samples:
    """Return a fountain or rain: bright noise and `drops` audible drops per second on average."""
    out = noise(rng, ((300, -18), (1200, -6), (4000, 0), (12000, -5))) * drift(rng, 3, 0.7)
    drop = fading(0.02, 0.015)
    for start in rng.uniform(0, SECONDS, rng.poisson(drops * SECONDS)):
        pitch = rng.uniform(900, 5000)
        wave = np.sin(np.arange(len(drop)) * (2 * np.pi * pitch / RATE))
        add(out, 3 * rng.lognormal(0, 0.5) * drop * wave, start)
    return out
