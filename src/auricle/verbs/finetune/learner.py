"""The model that learns: opened by its family, its trainable parts chosen, and how it is fed and heard.

Knows models of Transformers. Refuses to know datasets, recipes' files and the loop of training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.engines import Engine, LoadOptions
from auricle.engines.transformers import opening
from auricle.engines.whisper import WhisperTokens
from auricle.errors import ModelError, OptionError, missing_extra, nearest
from auricle.models import ModelFolder, resolve
from auricle.models.folders import read_json
from auricle.models.kinds import Kind, kind_of
from auricle.models.languages import LANGUAGES
from auricle.models.relatives import relatives
from auricle.options import changed
from auricle.verbs.finetune.batches import ModelCollator, WhisperCollator
from auricle.verbs.finetune.distilling import Distilling
from auricle.verbs.finetune.recipe import BaseOptions, Recipe
from auricle.verbs.finetune.targets import WhisperTargets
from auricle.verbs.finetune.windows import ShortWindows

_AUTO: dict[Kind, str] = {
    "whisper": "WhisperForConditionalGeneration",
    "seq2seq": "AutoModelForSpeechSeq2Seq",
    "ctc": "AutoModelForCTC",
}
_LORA_PARTS = {
    "whisper": ("q_proj", "v_proj", "k_proj", "out_proj", "fc1", "fc2"),
    "seq2seq": ("q_proj", "v_proj"),
    "ctc": ("q_proj", "v_proj", "k_proj", "out_proj", "linear_q", "linear_v"),
}


@dataclass(frozen=True, slots=True)
class Learner:
    """A model ready to be trained. ``folder`` is where its files besides the weights come from."""

    model: Any
    kind: Kind
    folder: ModelFolder
    base: ModelFolder
    collator: Callable[[Sequence[Any]], dict[str, Any]]
    rate: int
    longest: float

    @property
    def trained(self) -> tuple[int, int]:
        """How many weights move, and how many there are."""
        sizes = [(part.numel(), part.requires_grad) for part in self.model.parameters()]
        return sum(size for size, moves in sizes if moves), sum(size for size, _ in sizes)

    def engine(self) -> Engine:
        """An engine that decodes with the weights as they are now, in the process of training."""
        options = LoadOptions(engine="transformers", model=str(self.folder.path))
        inner = unwrapped(self.model)
        if self.kind == "whisper":
            from auricle.engines.transformers.whisper import WhisperEngine

            return WhisperEngine(self.folder, options, model=inner)
        if self.kind == "ctc":
            from auricle.engines.transformers.ctc import CTCEngine

            return CTCEngine(self.folder, options, model=inner)
        from auricle.engines.transformers.seq2seq import Seq2SeqEngine

        return Seq2SeqEngine(self.folder, options, model=inner)


def require() -> None:
    """Raises MissingExtraError where the packages of training are not installed."""
    opening.require()
    try:
        import accelerate
        import tensorboard
        import yaml

        _ = accelerate, tensorboard, yaml
    except ImportError as error:
        raise missing_extra("fine-tuning", "train") from error


def base_folder(options: BaseOptions) -> tuple[ModelFolder, ModelFolder]:
    """The base as it was found, and as a Hugging Face checkpoint. Raises ModelError, OutputError."""
    from auricle.models.to_huggingface import huggingface_folder

    found = resolve(options.model, revision=options.revision)
    return found, huggingface_folder(found)


def with_token(base: ModelFolder, folder: ModelFolder, options: BaseOptions, out: Path) -> ModelFolder:
    """The checkpoint with a token for a language it lacks, written into ``out``, where that is asked for.

    Raises OptionError where the language has a token, or that one it is to begin as has none.
    """
    from auricle.models.new_language import with_language

    tokens = WhisperTokens.load(folder.path)
    known = tokens.languages()
    like, language = options.token_like or "", options.language or ""
    if not tokens.is_multilingual():
        raise _english_only(base)
    if language in known:
        raise OptionError(f"{base.name} has a token for {language!r}. Leave base.token_like out.")
    if like not in known:
        raise _no_token(like, known, base)
    return with_language(folder, language, tokens.language_token(like), out)


def open_learner(recipe: Recipe, base: ModelFolder, folder: ModelFolder) -> Learner:
    """Load the weights and choose which of them move. Raises ModelError, OptionError."""
    kind = kind_of(read_json(folder.path / "config.json"), folder.path)
    model = _load(kind, folder)
    if recipe.base.method == "frozen-encoder":
        _freeze_encoder(model)
    elif recipe.base.method == "lora":
        model = _with_lora(model, kind, recipe.base)
    elif recipe.base.method == "adapter":
        _adapter_only(model, folder)
    _freeze(model, recipe.base.freeze)
    if kind == "whisper":
        return _whisper(recipe, model, base, folder)
    return _other(recipe, model, kind, base, folder)


def open_distilling(recipe: Recipe, learner: Learner) -> Distilling | None:
    """The base beside the learner, as it was and stays; None where nothing is to stay with it."""
    if not recipe.training.distil:
        return None
    teacher = _load(learner.kind, learner.folder).eval().requires_grad_(False)
    ShortWindows(teacher, recipe.training.stride)
    return Distilling(teacher, recipe.training.distil, recipe.training.distil_states)


def unwrapped(model: Any) -> Any:
    """The model itself, without what trains it around it."""
    inner = getattr(model, "module", model)
    return inner.get_base_model() if hasattr(inner, "peft_config") else inner


def _load(kind: Kind, folder: ModelFolder) -> Any:
    import torch
    import transformers

    with opening.quiet(), opening.explained(folder):
        return getattr(transformers, _AUTO[kind]).from_pretrained(
            str(folder.path), dtype=torch.float32, local_files_only=True, use_safetensors=True
        )


def _whisper(recipe: Recipe, model: Any, base: ModelFolder, folder: ModelFolder) -> Learner:
    ShortWindows(unwrapped(model), recipe.training.stride)
    # Sinusoids, which the library leaves open to training once weights have been loaded.
    unwrapped(model).get_encoder().embed_positions.requires_grad_(False)
    tokens = WhisperTokens.load(folder.path)
    targets = WhisperTargets(tokens, prompt(tokens, recipe.base, folder))
    training = recipe.training
    collator = WhisperCollator(
        targets,
        bands=unwrapped(model).config.num_mel_bins,
        tail=training.tail,
        full=training.window == "full",
        timestamps=training.timestamps,
        mask=recipe.data.mask,
        replay=training.distil > 0,
    )
    return Learner(model, "whisper", folder, base, collator, 16_000, 30.0)


def prompt(tokens: WhisperTokens, options: BaseOptions, folder: ModelFolder) -> tuple[int, ...]:
    """What a Whisper is told before it writes. Raises OptionError for a language or task it lacks."""
    if not tokens.is_multilingual():
        if options.language not in (None, "en") or options.task != "transcribe":
            raise _english_only(folder)
        return (tokens.start,)
    if options.language is None:
        raise OptionError(
            f"{folder.name} knows several languages. Say which it learns: --set base.language=en"
        )
    if options.language not in tokens.languages():
        raise _no_token(options.language, tokens.languages(), folder)
    return (tokens.start, tokens.language_token(options.language), tokens.task_token(options.task))


def _english_only(folder: ModelFolder) -> OptionError:
    return OptionError(
        f"{folder.name} writes English only. Name a model that knows more: --set base.model=tiny"
    )


def _no_token(language: str, known: Sequence[str], folder: ModelFolder) -> OptionError:
    """The error for a language without a token, with the languages whose token is the best start."""
    said = f"{folder.name} has no token for the language {language!r}."
    near = relatives(language, known)
    if not near:
        return OptionError(f"{said} Take that of its nearest relative. {nearest(language, known)}")
    names = ", ".join(LANGUAGES[code] for code in near)
    return OptionError(
        f"{said} Near to it: {names}. Take that token: --set base.language={near[0]}, or give it one of its "
        f"own that begins as that: --set base.token_like={near[0]}"
    )


def _other(recipe: Recipe, model: Any, kind: Kind, base: ModelFolder, folder: ModelFolder) -> Learner:
    from transformers import AutoFeatureExtractor, AutoTokenizer

    if useless := {"window", "tail", "stride", "timestamps", "distil", "distil_states"} & changed(
        recipe.training
    ):
        raise OptionError(f"training.{min(useless)} is for Whisper, and {base.name} is none. Leave it out.")
    with opening.quiet(), opening.explained(folder):
        extractor = AutoFeatureExtractor.from_pretrained(str(folder.path), local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(str(folder.path), local_files_only=True)
    rate = int(getattr(extractor, "sampling_rate", 16_000))
    end = None if kind == "ctc" else unwrapped(model).config.eos_token_id

    def encode(text: str) -> list[int]:
        ids: list[int] = tokenizer(text, add_special_tokens=False).input_ids
        return ids if end is None else [*ids, end]

    collator = ModelCollator(extractor, encode, rate, recipe.data.mask)
    return Learner(model, kind, folder, base, collator, rate, 30.0)


def _freeze_encoder(model: Any) -> None:
    """All but the decoder; of a CTC model, the layers that hear the samples."""
    if hasattr(model, "freeze_feature_encoder"):
        model.freeze_feature_encoder()
        return
    encoder = model.get_encoder() if hasattr(model, "get_encoder") else None
    if encoder is None or encoder is model:
        raise OptionError(
            f"{type(model).__name__} has no encoder that could be frozen. Name parts: base.freeze"
        )
    encoder.requires_grad_(False)


def _freeze(model: Any, names: Sequence[str]) -> None:
    """Keep every weight whose name begins with one of ``names``."""
    for name in names:
        held = [part for key, part in model.named_parameters() if key.startswith(name)]
        if not held:
            heads = {".".join(key.split(".")[:3]) for key, _ in model.named_parameters()}
            raise OptionError(f"no weight begins with {name!r}. {nearest(name, heads)}")
        for part in held:
            part.requires_grad_(False)


def _with_lora(model: Any, kind: Kind, options: BaseOptions) -> Any:
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise missing_extra("LoRA", "train") from error
    there = {name.rsplit(".", 1)[-1] for name, _ in model.named_modules()}
    targets = [name for name in _LORA_PARTS[kind] if name in there]
    if not targets:
        raise OptionError(f"{type(model).__name__} has no projections for LoRA. Type: --set base.method=full")
    config = LoraConfig(
        r=options.lora_rank, lora_alpha=options.lora_alpha, lora_dropout=0.05, target_modules=targets
    )
    with opening.quiet():
        return get_peft_model(model, config)


def _adapter_only(model: Any, folder: ModelFolder) -> None:
    """The adapter layers of a language and its letters, as in MMS."""
    if not hasattr(model, "_get_adapters") or not getattr(model.config, "adapter_attn_dim", None):
        raise ModelError(f"{folder.name} has no adapters of languages. Type: --set base.method=lora")
    model.requires_grad_(False)
    for part in model._get_adapters().values():
        part.requires_grad_(True)


def side_files(folder: Path) -> list[Path]:
    """The files of a checkpoint besides weights and configuration: tokenizer, extractor, vocabulary."""
    skipped = ("config.json", "generation_config.json", "README.md", "auricle.json")
    kinds = (".json", ".txt", ".model", ".jinja")
    return [
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix in kinds and path.name not in skipped and "index" not in path.name
    ]
