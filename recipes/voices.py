"""English by machines, for the replay of recipes/accent.yaml: 1,800 sentences, many voices and rooms.

    apt install flite espeak-ng wordnet-base    # synthesizers, and sentences with every word there is
    python recipes/voices.py other/voices       # three minutes, and five to hear which are understood

Whoever learns an accent from short sentences forgets long words. These have them: the examples of WordNet
of 6 to 16 words, one of at least eight letters. Each is spoken by a voice of flite or espeak-ng, higher or
lower, through an equalizer drawn at random, with pink noise 15 to 45 dB below it. What tiny.en takes for
something else in more than three words of ten is left out: nothing can be kept where nothing was known.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import wave
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from auricle import Audio, Transcriber, Transcript
from auricle.metrics import wer

RATE = 16_000  # Hz
WORDNET = Path("/usr/share/wordnet")
FLITE = {"awb": 3.0, "rms": 3.0, "slt": 3.0, "kal16": 0.7}  # voices, and how often
ESPEAK = ("en-gb", "en-us", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-029")
VARIANTS = ("f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8")
UNDERSTOOD = 0.3  # words of ten that may be taken for something else

Floats = npt.NDArray[np.float32]


def sentences() -> list[str]:
    """The examples in WordNet's glosses that have a long word, in an order of their own."""
    found = set()
    for part in ("noun", "verb", "adj", "adv"):
        for quoted in re.findall(r'"([^"]+)"', (WORDNET / f"data.{part}").read_text("utf-8")):
            text = quoted.strip(" ;,")
            words = text.split()
            if 6 <= len(words) <= 16 and re.fullmatch(r"[A-Za-z' ,-]+", text) and max(map(len, words)) >= 8:
                found.add(f"{text[0].upper()}{text[1:]}.")
    return sorted(found)


def spoken(text: str, draw: random.Random, path: Path) -> tuple[Floats, int, str]:
    """Samples, their rate and whose voice it is."""
    voices = [*FLITE, "espeak"]
    voice = draw.choices(voices, [*FLITE.values(), 3.0])[0]
    if voice == "espeak":
        voice = f"{draw.choice(ESPEAK)}+{draw.choice(VARIANTS)}"
        pace, pitch = draw.randint(135, 190), draw.randint(20, 75)
        command = ["espeak-ng", "-v", voice, "-s", str(pace), "-p", str(pitch), "-w", str(path), text]
    else:
        stretch = f"duration_stretch={draw.uniform(0.9, 1.25):.2f}"
        command = ["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    with wave.open(str(path)) as file:
        heard = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return heard.astype(np.float32) / np.float32(32768), file.getframerate(), voice


def elsewhere(samples: Floats, rate: int, draw: random.Random) -> Floats:
    """The same, by somebody of another size, in another room, over another microphone."""
    size = draw.uniform(0.86, 1.18)
    samples = Audio(samples, round(rate * size)).resample(RATE).samples
    random_numbers = np.random.default_rng(draw.randrange(1 << 30))
    spectrum = np.fft.rfft(samples)
    bands = np.interp(
        np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, 7) ** 1.5, random_numbers.normal(0, 4, 7)
    )
    sound = np.fft.irfft(spectrum * 10 ** (bands / 20), len(samples))
    sound *= draw.uniform(0.15, 0.8) / (np.abs(sound).max() + 1e-6)
    white = np.fft.rfft(random_numbers.standard_normal(len(sound)))
    pink = np.fft.irfft(white / np.sqrt(1 + np.arange(len(white))), len(sound))
    level = np.sqrt(np.square(sound).mean() / np.square(pink).mean())
    sound += pink * level * 10 ** (-draw.uniform(15, 45) / 20)
    before, after = np.zeros(draw.randint(800, 6000)), np.zeros(draw.randint(800, 6000))
    whole: Floats = np.clip(np.concatenate([before, sound, after]), -1, 1).astype(np.float32)
    return whole


def made(number: int, text: str, folder: Path) -> dict[str, object]:
    """Write one clip, whose voice and room depend on its number alone; its row of the manifest."""
    draw = random.Random(number)
    with tempfile.TemporaryDirectory() as aside:
        samples, rate, voice = spoken(text, draw, Path(aside) / "spoken.wav")
    sound = elsewhere(samples, rate, draw)
    path = folder / "clips" / f"{number:05d}.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return {
        "audio": f"clips/{path.name}",
        "text": text,
        "language": "en",
        "speaker": voice,
        "duration_s": round(len(sound) / RATE, 3),
        "source": "synthetic",
        "license": "none needed",
    }


def main(folder: Path, count: int) -> int:
    """Write the clips and the manifest."""
    texts = sentences()
    random.Random(5).shuffle(texts)
    (folder / "clips").mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = list(pool.map(made, range(count), texts, repeat(folder)))
    transcriber = Transcriber(language="en")
    heard = transcriber.transcribe_all([folder / str(row["audio"]) for row in rows])
    kept = [
        row
        for row, found in zip(rows, heard, strict=True)
        if isinstance(found, Transcript)
        and (wer(plain(str(row["text"])), plain(found.text)).rate or 0) <= UNDERSTOOD
    ]
    lines = [json.dumps(row) + "\n" for row in kept]
    (folder / "manifest.jsonl").write_text("".join(lines), "utf-8")
    print(f"{len(kept)} of {len(rows)} sentences are understood: {folder / 'manifest.jsonl'}")
    return 0


def plain(text: str) -> str:
    """Words alone, in small letters."""
    return " ".join(re.findall(r"[a-z']+", text.lower()))


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit("usage: python recipes/voices.py FOLDER [SENTENCES]")
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) == 3 else 1800))
