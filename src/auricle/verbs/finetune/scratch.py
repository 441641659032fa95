"""A CTC model from nothing: a small Conformer whose letters, or whose words, are those of the data.

The build is that of Parakeet (Gulati et al. 2020, "Conformer"; Rekesh et al. 2023, "Fast Conformer"),
with a frame every 20 ms in the place of 80: short words have more letters than 80 ms frames. Where words
are written whole, 40 ms are enough. It hears at the rate of the recordings where that is 8 kHz, so that
no empty bands are learnt.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from auricle.audio import open_audio
from auricle.engines.transformers import opening
from auricle.errors import DatasetError
from auricle.models import ModelFolder
from auricle.verbs.datasets.text import is_empty
from auricle.verbs.finetune.examples import opened
from auricle.verbs.finetune.recipe import Recipe
from auricle.verbs.finetune.targets import styled

BLANK, UNKNOWN, SPACE = "<pad>", "<unk>", "|"
BEGIN = "▁"  # of a word that is one output
_MOST = 2000  # letters or words; more are no alphabet, and no closed vocabulary
_LOOKED = 20  # recordings whose rate is looked at
_MELS = 80


def scratch_folder(recipe: Recipe, folder: Path) -> ModelFolder:
    """A checkpoint of random weights for the recipe's data; the one that is there already, if any.

    Raises DatasetError where the texts have no letters, or more than an alphabet has.
    """
    if not (folder / "model.safetensors").is_file():
        made = (words if recipe.base.units == "words" else letters)(_texts(recipe))
        rate = _rate(recipe)
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".base-"))
        try:
            _write(recipe, temporary, made, rate)
            shutil.rmtree(folder, ignore_errors=True)
            temporary.rename(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return ModelFolder(folder, "huggingface", f"new {recipe.base.scratch}")


def letters(texts: Iterable[str]) -> list[str]:
    """The vocabulary of some texts: the blank first, then the unknown, the space and the letters."""
    found = sorted({sign for text in texts for sign in text if not sign.isspace()})
    if not found:
        raise DatasetError("the texts have no letters, so there is nothing to learn. Check data.text_column")
    if len(found) > _MOST:
        raise DatasetError(
            f"the texts have {len(found)} different letters, too many for CTC: {_MOST} at most."
        )
    return [BLANK, UNKNOWN, SPACE, *(sign for sign in found if sign != SPACE)]


def words(texts: Iterable[str]) -> list[str]:
    """The vocabulary of some texts word by word: the blank first, then the unknown and the words."""
    found = sorted({word for text in texts for word in text.split()})
    if not found:
        raise DatasetError("the texts have no words, so there is nothing to learn. Check data.text_column")
    if len(found) > _MOST:
        raise DatasetError(
            f"the texts have {len(found)} different words; a model that writes whole words takes {_MOST} "
            "at most. Type: --set base.units=letters"
        )
    return [BLANK, UNKNOWN, *(BEGIN + word for word in found)]


def _texts(recipe: Recipe) -> Iterable[str]:
    for spec in recipe.data.train:
        for item in opened(spec, recipe.data):
            if item.text and not is_empty(item.text):
                yield styled(item.text, recipe.data.text)


def _rate(recipe: Recipe) -> int:
    """8,000 Hz where all the recordings looked at are telephone sound, 16,000 otherwise."""
    rates = set()
    for item in islice(opened(recipe.data.train[0], recipe.data), _LOOKED):
        with open_audio(item.audio.source, channel=item.audio.channel) as stream:
            rates.add(stream.info.rate)
    return 8_000 if rates and max(rates) <= 8_000 else 16_000


def _write(recipe: Recipe, folder: Path, vocabulary: list[str], rate: int) -> None:
    import torch
    import transformers

    torch.manual_seed(recipe.training.seed)
    width = recipe.base.width
    encoder = transformers.ParakeetEncoderConfig(
        hidden_size=width,
        num_hidden_layers=recipe.base.layers,
        num_attention_heads=max(1, width // 32),
        intermediate_size=4 * width,
        subsampling_factor=4 if recipe.base.units == "words" else 2,
        subsampling_conv_channels=32,
        num_mel_bins=_MELS,
        layerdrop=0.0,
    )
    config = transformers.ParakeetCTCConfig(
        vocab_size=len(vocabulary), pad_token_id=0, encoder_config=encoder.to_dict()
    )
    with opening.quiet():
        transformers.ParakeetForCTC(config).save_pretrained(folder)
    transformers.ParakeetFeatureExtractor(
        feature_size=_MELS,
        sampling_rate=rate,
        hop_length=rate // 100,
        win_length=rate // 40,
        n_fft=256 if rate == 8_000 else 512,
    ).save_pretrained(folder)
    (_word_tokenizer if recipe.base.units == "words" else _letter_tokenizer)(vocabulary, folder)


def _letter_tokenizer(vocabulary: list[str], folder: Path) -> None:
    import transformers

    (folder / "vocab.json").write_text(
        json.dumps({sign: at for at, sign in enumerate(vocabulary)}, ensure_ascii=False), "utf-8"
    )
    transformers.Wav2Vec2CTCTokenizer(
        str(folder / "vocab.json"),
        bos_token=None,
        eos_token=None,
        pad_token=BLANK,
        unk_token=UNKNOWN,
        word_delimiter_token=SPACE,
    ).save_pretrained(folder)


def _word_tokenizer(vocabulary: list[str], folder: Path) -> None:
    """Words between spaces, each with the mark that begins it."""
    import tokenizers
    import transformers

    ids = {word: at for at, word in enumerate(vocabulary)}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(ids, unk_token=UNKNOWN))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(BEGIN)
    made.decoder = tokenizers.decoders.Metaspace(BEGIN)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token=BLANK, unk_token=UNKNOWN
    ).save_pretrained(folder)
