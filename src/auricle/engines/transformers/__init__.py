"""Checkpoints of the Transformers library: Whisper, other sequence-to-sequence models, and CTC models.

``load`` reads config.json and picks the engine of its kind; ``describe`` says what that engine will
be, so that what it cannot do is refused before any weights are read. Everything heavy loads inside.
"""

from __future__ import annotations

from auricle.engines import Described, Engine, EngineInfo, LoadOptions
from auricle.engines.transformers import opening
from auricle.models import ModelFolder, resolve
from auricle.models.folders import is_pickled, read_json, weights
from auricle.models.kinds import Kind, kind_of

WHISPER = frozenset(
    {
        "language", "task", "beam_size", "length_penalty", "best_of", "prompt", "hotwords", "words",
        "seed", "temperature", "previous",
    }
)  # fmt: skip
SEQ2SEQ = frozenset({"language", "task", "beam_size", "length_penalty", "best_of", "temperature", "seed"})
CTC = frozenset(
    {"language", "task", "beam_size", "hotwords", "words", "lm", "lm_weight", "word_bonus", "hotword_weight"}
)
ACCEPTS = WHISPER | SEQ2SEQ | CTC


def load(options: LoadOptions) -> Engine:
    """Load a checkpoint. Raises ModelError, OptionError, MissingExtraError."""
    opening.require()
    folder, kind = _open(options)
    if kind == "ctc":
        from auricle.engines.transformers.ctc import CTCEngine

        return CTCEngine(folder, options)
    if kind == "seq2seq":
        from auricle.engines.transformers.seq2seq import Seq2SeqEngine

        return Seq2SeqEngine(folder, options)
    from auricle.engines.transformers.whisper import WhisperEngine

    return WhisperEngine(folder, options)


def describe(options: LoadOptions) -> Described:
    """What ``load`` will give, from the small files of the checkpoint. Raises ModelError, OptionError."""
    opening.require()
    opening.compute_type_of(options, opening.device_of(options))
    folder, kind = _open(options)
    if kind == "ctc":
        from auricle.engines.transformers.vocabulary import languages

        return Described(CTC, _info(folder, languages(folder), ("transcribe",)))
    if kind == "seq2seq":
        from auricle.engines.transformers.dialogue import dialogue_of

        dialogue = dialogue_of(read_json(folder.path / "config.json"), folder)
        return Described(SEQ2SEQ, _info(folder, dialogue.languages, dialogue.tasks))
    from auricle.engines.transformers.whisper import abilities

    return Described(WHISPER, _info(folder, *abilities(folder)))


def _open(options: LoadOptions) -> tuple[ModelFolder, Kind]:
    from auricle.models.to_huggingface import huggingface_folder

    folder = resolve(options.model, revision=options.revision, allow_pickle=options.allow_pickle)
    folder = huggingface_folder(folder)
    if options.allow_pickle and weights(folder.path) and not is_pickled(folder.path):
        raise opening.needless_pickle(folder)
    return folder, kind_of(read_json(folder.path / "config.json"), folder.path)


def _info(folder: ModelFolder, languages: tuple[str, ...], tasks: tuple[str, ...]) -> EngineInfo:
    return EngineInfo("transformers", folder.name, folder.revision, languages=languages, tasks=tasks)
