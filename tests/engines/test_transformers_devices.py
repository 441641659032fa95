"""Which device and number format is chosen, with accelerators that are only said to be there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from auricle.engines import LoadOptions
from auricle.engines.transformers.opening import compute_type_of, device_of, open_model
from auricle.errors import OptionError
from auricle.models import resolve


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Says which accelerators torch finds."""

    def say(*names: str) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in names)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in names)

    return say


@pytest.mark.parametrize(
    ("found", "asked", "device", "kind"),
    [
        ((), "auto", "cpu", "float32"),
        (("cuda",), "auto", "cuda", "float16"),
        (("mps",), "auto", "mps", "float16"),
        (("cuda", "mps"), "auto", "cuda", "float16"),
        (("cuda", "mps"), "mps", "mps", "float16"),
        (("cuda",), "cpu", "cpu", "float32"),
    ],
)
def test_the_fastest_device_that_is_there(
    there: Any, found: tuple[str, ...], asked: str, device: str, kind: str
) -> None:
    there(*found)
    options = LoadOptions(device=asked)
    assert device_of(options) == device
    assert compute_type_of(options, device) == kind
    assert compute_type_of(LoadOptions(compute_type="bfloat16"), device) == "bfloat16"


@pytest.mark.parametrize(
    ("asked", "found"), [("cuda", ()), ("mps", ()), ("cuda", ("mps",)), ("mps", ("cuda",))]
)
def test_a_device_that_is_not_there_is_one_line(there: Any, asked: str, found: tuple[str, ...]) -> None:
    there(*found)
    with pytest.raises(OptionError, match=f"torch finds no {asked} here. Type: --device cpu"):
        device_of(LoadOptions(device=asked))


@pytest.mark.parametrize(
    ("name", "kind"), [("cuda", torch.float16), ("mps", torch.float16), ("cpu", torch.float32)]
)
def test_a_model_is_opened_in_that_format_and_moved_there(
    there: Any, monkeypatch: pytest.MonkeyPatch, name: str, kind: Any
) -> None:
    import transformers

    there(name)
    seen: dict[str, Any] = {}

    class Model:
        def to(self, device: str) -> Any:
            seen["device"] = device
            return self

        def eval(self) -> Any:
            return self

    def from_pretrained(path: str, **values: Any) -> tuple[Model, dict[str, Any]]:
        seen.update(values)
        return Model(), {"missing_keys": set()}

    monkeypatch.setattr(transformers, "AutoModelForCTC", SimpleNamespace(from_pretrained=from_pretrained))
    open_model("AutoModelForCTC", resolve("tiny.en"), LoadOptions(threads=torch.get_num_threads()))
    assert (seen["device"], seen["dtype"]) == (name, kind)
    assert seen["use_safetensors"] is True and seen["trust_remote_code"] is False
