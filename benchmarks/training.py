"""Training samples a second: a plain script beside ours, step by step in turn.

    AURICLE_SPEECH=... python benchmarks/training.py --pairs 3
    AURICLE_SPEECH=... python benchmarks/training.py --pairs 60 --batch 16 --rate 5e-5 --out pair

Needs the extra ``train`` and the recordings of speechocean762. The plain way is that of the public
speech examples of Transformers: float32, every clip padded to 30 s, the labels padded with −100, AdamW.
Ours: silence compressed, bfloat16 where the processor is faster in it. Same weights, same clips, same batch,
same optimiser; steps alternate, so that both see the same machine. The first pair is not counted.
With ``--out`` the rate rises for a tenth of the steps and falls to nothing, both models are written there,
and the test split is heard with each: their error rates, and whether they differ (paired bootstrap).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from auricle.engines.whisper import WhisperTokens
from auricle.models import resolve
from auricle.models.to_huggingface import huggingface_folder
from auricle.verbs.datasets import open_dataset
from auricle.verbs.finetune.batches import WhisperCollator
from auricle.verbs.finetune.examples import Example
from auricle.verbs.finetune.sounds import Sounds
from auricle.verbs.finetune.targets import WhisperTargets, styled
from auricle.verbs.finetune.training import faster_format
from auricle.verbs.finetune.windows import ShortWindows

SPEECHOCEAN = Path(os.environ.get("AURICLE_SPEECH", "")) / "speechocean762" / "manifest.jsonl"


def clips(count: int) -> list[Example]:
    """The first clips of the training split, sorted by length within what is drawn."""
    dataset = open_dataset(str(SPEECHOCEAN), split="train")
    return [
        Example(item, styled(item.text or "", "sentence"), item.duration or 0.0)
        for item in islice(dataset, count)
    ]


def learner(folder: Any, rate: float, *, short: bool) -> tuple[Any, Any]:
    """A model in training and its optimiser."""
    from transformers import WhisperForConditionalGeneration

    model = WhisperForConditionalGeneration.from_pretrained(folder).train()
    model.config.use_cache = False
    model.model.encoder.embed_positions.requires_grad_(False)
    if short:
        ShortWindows(model)
    return model, torch.optim.AdamW([part for part in model.parameters() if part.requires_grad], lr=rate)


def plain(folder: Any, model: Any, optimizer: Any) -> Callable[[list[Example]], float]:
    """A step as in the public example: the processor's features and its tokenizer's labels."""
    from transformers import WhisperProcessor

    processor = WhisperProcessor.from_pretrained(folder)

    def step(batch: list[Example]) -> float:
        sounds = [item.utterance.load(16_000).samples for item in batch]
        inputs = processor.feature_extractor(sounds, sampling_rate=16_000, return_tensors="pt")
        labels = processor.tokenizer([item.text for item in batch], padding=True, return_tensors="pt")
        ids = labels.input_ids.masked_fill(labels.attention_mask.ne(1), -100)[:, 1:]
        return _moved(model(input_features=inputs.input_features, labels=ids).loss, model, optimizer)

    return step


def ours(folder: Any, model: Any, optimizer: Any) -> Callable[[list[Example]], float]:
    """A step as auricle finetune makes it."""
    tokens = WhisperTokens.load(folder)
    collator = WhisperCollator(WhisperTargets(tokens, (tokens.start,)), 80, 0.5, False, 0.0, True)

    def step(batch: list[Example]) -> float:
        sounds = Sounds(batch)
        inputs = collator([sounds[0, place] for place in range(len(batch))])
        with torch.autocast("cpu", torch.bfloat16, enabled=faster_format() == "bfloat16"):
            loss = model(**inputs).loss
        return _moved(loss, model, optimizer)

    return step


def _moved(loss: Any, model: Any, optimizer: Any) -> float:
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return float(loss)


def heard(folder: Any, models: dict[str, Any], out: Path) -> None:
    """Write both models, hear the test split with each, and say whether they differ."""
    from transformers import WhisperProcessor

    processor = WhisperProcessor.from_pretrained(folder)
    for name, model in models.items():
        model.save_pretrained(out / name)
        processor.save_pretrained(out / name)
        asked = ("--dataset", f"{SPEECHOCEAN}", "--split", "test", "--model", f"{out / name}")
        auricle("evaluate", *asked, "--run", f"{out / name}-run", "--overwrite", "--quiet")
    auricle("compare", *(f"{out / name}-run" for name in models))


def auricle(*words: str) -> None:
    """The command, as a user types it."""
    subprocess.run([sys.executable, "-m", "auricle", *words], check=True)


def main() -> None:
    """Alternate, and print samples a second of both and the ratio of each pair."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-5, help="highest learning rate")
    parser.add_argument("--out", type=Path, help="folder for both models, which are heard on the test split")
    arguments = parser.parse_args()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    folder = huggingface_folder(resolve("tiny.en")).path
    size, steps = arguments.batch, arguments.pairs + 1
    rows = sorted(clips(size * steps), key=lambda item: item.seconds)
    made = {name: learner(folder, arguments.rate, short=name == "auricle") for name in ("plain", "auricle")}
    makers = {"plain": plain, "auricle": ours}
    ways = {name: makers[name](folder, *parts) for name, parts in made.items()}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    order = torch.randperm(steps, generator=torch.Generator().manual_seed(0)).tolist()
    print(f"batch {size}, {faster_format()} for ours")
    for number, place in enumerate(order):
        batch = rows[place * size : (place + 1) * size]
        for name, step in ways.items():
            if arguments.out:
                share = min(1.0, 10 * (number + 1) / steps, (steps - number) / (0.9 * steps))
                made[name][1].param_groups[0]["lr"] = arguments.rate * share
            began = time.perf_counter()
            loss = step(batch)
            seconds = time.perf_counter() - began
            print(f"{name}: {size / seconds:.2f} samples/s, loss {loss:.3f}", flush=True)
            if number:
                spent[name].append(seconds)
    ratios = [one / other for one, other in zip(spent["plain"], spent["auricle"], strict=True)]
    for name, all_seconds in spent.items():
        pace = size * len(all_seconds) / sum(all_seconds)
        print(f"{name}: {pace:.2f} samples a second over {len(all_seconds)} steps")
    print(f"ratio: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}")
    if arguments.out:
        heard(folder, {name: model for name, (model, _) in made.items()}, arguments.out)


if __name__ == "__main__":
    main()
