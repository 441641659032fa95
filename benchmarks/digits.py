"""A CTC model trained from nothing on spoken digits, decoded with and without a language model.

    AURICLE_SPEECH=... python benchmarks/digits.py FOLDER --minutes 4

Needs the extra ``transformers`` and the recordings of fsdd. Trains a Wav2Vec2-BERT of 0.2 million
parameters on sequences of one to four digits put together from the training split, writes it to
FOLDER as a checkpoint, and prints the word error rate on sequences of the test split: greedy, by
beam search, and with a language model that ``auricle lm build`` made of the digits' names. No test
recording is trained on, and the sequences of the language model are drawn by another seed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from pathlib import Path
from typing import Any

import numpy as np

from auricle.audio import Audio
from auricle.engines import DecodeOptions, load_engine
from auricle.metrics import wer
from auricle.verbs.lm import build_model

LETTERS = ["<pad>", "<s>", "</s>", "<unk>", "|", *sorted(set("zeroonetwothreefourfivesixseveneightnine"))]
NAMES = "zero one two three four five six seven eight nine".split()
Clip = tuple[str, np.ndarray]
_POOL = 800  # sequences to learn from


def clips(split: str) -> list[Clip]:
    """The name of each digit and its samples at 16 kHz."""
    folder = Path(os.environ["AURICLE_SPEECH"]) / "fsdd"
    rows = map(json.loads, (folder / "manifest.jsonl").read_text("utf-8").splitlines())
    chosen = [row for row in rows if row["split"] == split]
    return [(row["text"], Audio.load(folder / row["audio"]).resample(16_000).samples) for row in chosen]


def sequence(draw: random.Random, known: list[Clip], most: int) -> tuple[str, np.ndarray]:
    """Some digits with short pauses around them, and a little noise."""
    parts = draw.choices(known, k=draw.randint(1, most))
    silences = [np.zeros(draw.randint(800, 4000), np.float32) for _ in range(len(parts) + 1)]
    sound: list[np.ndarray] = [silences[0]]
    for (_, samples), silence in zip(parts, silences[1:], strict=True):
        sound += [samples * draw.uniform(0.5, 1.5), silence]
    noise = np.random.default_rng(draw.randrange(2**31)).standard_normal(sum(map(len, sound)))
    joined = np.concatenate(sound) + draw.uniform(0, 0.003) * noise
    return " ".join(text for text, _ in parts), joined.astype(np.float32)


def examples(extractor: Any) -> list[Clip]:
    """Sequences of one to four digits of the training split, and what the model sees of each."""
    draw, known = random.Random(1), clips("train")
    made = [sequence(draw, known, 4) for _ in range(_POOL)]
    seen = [extractor(sound, sampling_rate=16_000, return_tensors="np") for _, sound in made]
    return [(text, found["input_features"][0]) for (text, _), found in zip(made, seen, strict=True)]


def train(folder: Path, minutes: float) -> int:
    """Train, write the checkpoint, and return the number of steps."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.Wav2Vec2BertConfig(
        vocab_size=len(LETTERS),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        feature_projection_input_dim=160,
        conv_depthwise_kernel_size=15,
        apply_spec_augment=False,
        layerdrop=0.0,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        ctc_loss_reduction="mean",
        ctc_zero_infinity=True,
    )
    model = transformers.Wav2Vec2BertForCTC(config).train()
    extractor = transformers.SeamlessM4TFeatureExtractor(feature_size=80, stride=2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    pool = examples(extractor)
    print(f"{len(pool)} sequences to learn from", flush=True)
    draw = random.Random(5)
    ends, step = time.monotonic() + 60 * minutes, 0
    while (left := ends - time.monotonic()) > 0:
        batch = draw.sample(pool, 16)
        inputs = extractor.pad({"input_features": [frames for _, frames in batch]}, return_tensors="pt")
        ids = [[LETTERS.index(sign) for sign in text.replace(" ", "|")] for text, _ in batch]
        longest = max(map(len, ids))
        labels = torch.tensor([row + [-100] * (longest - len(row)) for row in ids])
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 100, max(left / (30 * minutes), 0.02))
        loss = model(**inputs, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        if step % 50 == 0:
            print(f"step {step}: loss {loss.item():.3f}, {left:.0f} s left", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    model.eval().save_pretrained(folder)
    extractor.save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps({letter: at for at, letter in enumerate(LETTERS)}))
    transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json")).save_pretrained(folder)
    return step


def score(folder: Path) -> None:
    """Print the error rates on 100 sequences of three to five digits of the test split."""
    corpus, arpa = folder / "digits.txt", folder / "digits.arpa"
    draw = random.Random(2)
    corpus.write_text("\n".join(" ".join(draw.choices(NAMES, k=draw.randint(1, 6))) for _ in range(500)))
    arpa.unlink(missing_ok=True)
    build_model(corpus, arpa)
    draw, known = random.Random(3), clips("test")
    tests = [sequence(draw, known, 5) for _ in range(100)]
    engine = load_engine(str(folder))
    ways = {
        "greedy": DecodeOptions(),
        "beam search": DecodeOptions(beam_size=50),
        "beam search with the language model": DecodeOptions(lm=str(arpa), lm_weight=1.0),
    }
    for name, options in ways.items():
        began = time.perf_counter()
        found = [engine.transcribe([Audio(sound, 16_000)], options)[0].text for _, sound in tests]
        rate = wer([text for text, _ in tests], found)
        seconds = time.perf_counter() - began
        print(
            f"{name}: WER {100 * (rate.rate or 0):.2f} % of {rate.reference} words, {seconds:.1f} s",
            flush=True,
        )


def main() -> None:
    """Train where there is no checkpoint yet, then score."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=4.0)
    arguments = parser.parse_args()
    if not (arguments.folder / "model.safetensors").is_file():
        print(f"{train(arguments.folder, arguments.minutes)} steps")
    score(arguments.folder)


if __name__ == "__main__":
    main()
