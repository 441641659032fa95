"""Opening a checkpoint with Transformers: device, number format, and what is refused before and after.

Only safetensors are read and no code of a checkpoint is run; a pickle is opened only where the user
asked for it (``allow_pickle``).
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from auricle.engines import LoadOptions
from auricle.errors import AuricleError, ModelError, OptionError, missing_extra
from auricle.models import ModelFolder, machine
from auricle.models.checkpoint import Tensors
from auricle.models.folders import weights

_TYPES = ("float32", "float16", "bfloat16")
# Weights that a checkpoint may lack: they only act in training.
_TRAINING_ONLY = ("masked_spec_embed", "quantizer", "project_hid", "project_q")


def require() -> None:
    """Raises MissingExtraError where torch or Transformers is not installed."""
    try:
        import torch
        import transformers

        _ = torch, transformers
    except ImportError as error:
        raise missing_extra("the transformers engine", "transformers") from error


def device_of(options: LoadOptions) -> str:
    """The device to run on: cuda before mps before cpu. Raises OptionError for one that is not there."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if options.device == "auto":
        return next(name for name, available in there.items() if available)
    if not there[options.device]:
        raise OptionError(f"torch finds no {options.device} here. Type: --device cpu.")
    return options.device


def compute_type_of(options: LoadOptions, device: str) -> str:
    """The number format: float32 on a CPU, float16 elsewhere. Raises OptionError for int8."""
    if options.compute_type == "auto":
        return "float32" if device == "cpu" else "float16"
    if options.compute_type not in _TYPES:
        raise OptionError(
            f"the transformers engine cannot compute in {options.compute_type}. It can: {', '.join(_TYPES)}."
        )
    return options.compute_type


def open_model(auto: str, folder: ModelFolder, options: LoadOptions) -> Any:
    """The model of a checkpoint, by the name of one of Transformers' Auto classes, ready to decode.

    Raises ModelError where weights are missing or do not fit, OptionError for the device or format.
    """
    import torch
    import transformers

    device = device_of(options)
    kind = compute_type_of(options, device)
    torch.set_num_threads(options.threads or machine.cores())
    with quiet(), explained(folder):
        model, report = getattr(transformers, auto).from_pretrained(
            str(folder.path),
            dtype=getattr(torch, kind),
            use_safetensors=None if options.allow_pickle else True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    _check(report, folder)
    return model.to(device).eval()


def needless_pickle(folder: ModelFolder) -> OptionError:
    """The error for allowing a pickle where there is none."""
    return OptionError(f"{folder.name} holds no pickle: leave allow_pickle out.")


def check_vocabulary(folder: ModelFolder, tensor: str, size: int, tokens: int) -> None:
    """Compare config.json, the vocabulary projection in the weights and the tokenizer, before loading.

    ``size`` is that of config.json, ``tokens`` what the tokenizer's ids need. Raises ModelError.
    """
    if tokens > size:
        raise ModelError(
            f"{folder.path}: the tokenizer knows {tokens} tokens, the model {size}. They do not fit."
        )
    stored = Tensors(weights(folder.path))
    rows = stored.shape(tensor)[0] if tensor in stored else size
    if rows != size:
        raise ModelError(
            f"{folder.path}: {tensor} has {rows} rows, vocab_size in config.json is {size}. They do not fit."
        )


@contextlib.contextmanager
def explained(folder: ModelFolder) -> Iterator[None]:
    """Turn what Transformers raises for a broken checkpoint into one line."""
    try:
        yield
    except AuricleError:
        raise
    except Exception as error:  # a broken file can make the library raise anything
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ModelError(
            f"{folder.path} cannot be loaded: {(lines or [type(error).__name__])[0][:200]}"
        ) from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep bars and the warnings of libraries to each other off the terminal, and put settings back."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _check(report: dict[str, Any], folder: ModelFolder) -> None:
    missing = sorted(
        name for name in report["missing_keys"] if not any(part in name for part in _TRAINING_ONLY)
    )
    if missing:
        raise ModelError(
            f"{folder.path} lacks {len(missing)} weights, such as {missing[0]}: "
            "it is incomplete, or was not trained to write text."
        )
    if mismatched := report.get("mismatched_keys"):
        raise ModelError(f"{folder.path}: {next(iter(mismatched))} has another shape than config.json says.")


def inference(function: Callable[..., Any]) -> Callable[..., Any]:
    """Run a method without recording what training would need."""
    import functools

    @functools.wraps(function)
    def run(*arguments: Any, **named: Any) -> Any:
        import torch

        with torch.inference_mode(), quiet():
            return function(*arguments, **named)

    return run
