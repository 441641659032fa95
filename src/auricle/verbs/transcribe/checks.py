"""What is refused before the first second of audio: impossible values, and options that would do nothing.

``check_options`` runs before a model is loaded, ``check_engine`` after it. Knows no audio and no text.
"""

from __future__ import annotations

from auricle.engines import Engine
from auricle.errors import OptionError
from auricle.options import changed
from auricle.verbs.transcribe.options import TranscribeOptions

_OF_DETECTION = ("vad_threshold", "min_silence", "min_speech", "max_gap", "pad")


def check_options(options: TranscribeOptions) -> None:
    """Refuse impossible numbers, and options that another one makes meaningless. Raises OptionError."""
    if options.batch_size < 1:
        raise OptionError("batch_size must be at least 1.")
    if options.load.threads < 0:
        raise OptionError("threads must be 0 (all cores) or more.")
    if not options.gates.temperatures:
        raise OptionError("temperatures needs at least one value, such as 0.")
    speech = options.speech
    if not 0 < speech.vad_threshold < 1:
        raise OptionError("vad_threshold is a probability between 0 and 1, such as 0.5.")
    if speech.window <= 2 * speech.pad + 1:
        raise OptionError(
            f"window must be longer than {2 * speech.pad + 1:.1f} s: twice the pad and a second."
        )
    if options.max_word <= 0:
        raise OptionError("max_word must be above 0 seconds, such as 2.")
    if options.decode.language and options.languages:
        raise OptionError("give language, or languages to choose from, not both.")
    for name, why in idle(options).items():
        raise OptionError(f"{name} has no meaning {why}")


def check_engine(options: TranscribeOptions, engine: Engine) -> None:
    """Refuse what this engine and model cannot honour. Raises OptionError."""
    info = engine.info
    for code in options.languages:
        if info.languages and code not in info.languages:
            raise OptionError(
                f"{info.model} does not know the language {code!r}, only: {', '.join(info.languages)}."
            )
    if "window" in changed(options.speech) and options.speech.window > engine.window:
        raise OptionError(f"window can be {engine.window:g} s at most with {info.model}.")
    given = changed(options.gates)
    for name, field in (("temperatures", "temperature"), ("retry_beam_size", "beam_size")):
        asked = getattr(options.gates, name) not in ((0.0,), 1)  # both mean: do without
        if name in given and asked and field not in engine.accepts:
            raise OptionError(f"the {info.engine} engine cannot honour {name}.")


def idle(options: TranscribeOptions) -> dict[str, str]:
    """The options that were given and that another one makes meaningless, each with the reason."""
    gates, decode = options.gates, options.decode
    samples = any(value > 0 for value in (*gates.temperatures, decode.temperature))
    beams = max(decode.beam_size, gates.retry_beam_size if 0.0 in gates.temperatures else 1) > 1
    given = changed(options) | changed(decode) | changed(gates) | changed(options.speech)
    reasons: dict[str, str | bool] = {
        "batch_size": options.mode == "sequential"
        and "in sequential mode, which takes one window at a time.",
        "max_word": not decode.words and "without word times: ask for words.",
        "best_of": not samples and "where no temperature is above 0.",
        "seed": not samples and "where no temperature is above 0.",
        **dict.fromkeys(("lm_weight", "word_bonus"), not decode.lm and "without a language model: add lm."),
        "hotword_weight": not decode.hotwords and "without hotwords.",
        "patience": not beams and "without beams. Add beam_size, such as 5.",
        **dict.fromkeys(_OF_DETECTION, not options.speech.vad and "without speech detection."),
    }
    return {name: str(why) for name, why in reasons.items() if why and name in given}
