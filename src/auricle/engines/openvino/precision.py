"""In which arithmetic a processor runs the graphs fastest, and what may be asked for instead.

int8 is 8-bit weights, one scale for each output, and activations rounded to 8 bits as they come,
one scale for each row and group of inputs: nothing has to be calibrated. OpenVINO rounds them where
the processor has instructions for it (VNNI, AMX), and computes in float32 with 8-bit weights elsewhere.
What is no matrix product with weights is computed in bfloat16 where the processor is faster in it,
in float32 otherwise. OpenVINO's products in 8 bits do not use the tiles of AMX and those in bfloat16 do:
there, the encoder's weights are widened as they are read, and its activations are not rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from auricle import openvino_library
from auricle.errors import OptionError
from auricle.models import machine

# Inputs that share a scale. The encoder's time is its matrix products, which are faster in larger groups
# (docs/log.md, 2026-11-26); the decoder's is reading weights.
_ENCODER_GROUP, _DECODER_GROUP = 128, 32


@dataclass(frozen=True, slots=True)
class Precision:
    """``rest`` is the type of all that is not 8-bit, as OpenVINO calls it.

    ``tiles``: the encoder computes its products in bfloat16 as well, from weights of 8 bits.
    """

    name: str
    int8: bool
    rest: str
    tiles: bool = False

    def described(self) -> str:
        """What is computed in what, for a person."""
        rest = {"f32": "float32", "bf16": "bfloat16", "f16": "float16"}[self.rest]
        if not self.int8:
            return f"all in {rest}"
        if self.tiles:
            return f"8-bit weights, activations 8-bit in the decoder's products, {rest} elsewhere"
        return f"8-bit weights{' and activations' if _rounds_activations() else ''}, {rest} elsewhere"

    @property
    def half(self) -> bool:
        """Whether bfloat16 stands in the graphs, beside 8-bit products, which take float32."""
        return self.int8 and self.rest == "bf16"

    def encoder(self) -> dict[str, Any]:
        """Properties to compile the encoder with."""
        if self.tiles:
            return self._properties(0) | {"INFERENCE_PRECISION_HINT": self.rest}
        return self._properties(_ENCODER_GROUP)

    def decoder(self) -> dict[str, Any]:
        """Properties to compile the decoder with."""
        return self._properties(_DECODER_GROUP) | {"KV_CACHE_PRECISION": "f32"}

    def _properties(self, group: int) -> dict[str, Any]:
        return {
            # OpenVINO rounds float32 activations to 8 bits, but for those in bfloat16 it widens the weights.
            "INFERENCE_PRECISION_HINT": "f32" if self.int8 else self.rest,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": group if self.int8 else 0,
            "ENABLE_CPU_PINNING": False,
        }


def choose(compute_type: str) -> Precision:
    """What "auto" or a name from LoadOptions means here. Raises OptionError where it cannot be computed."""
    openvino = openvino_library.openvino()

    can = set(openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    if compute_type in ("auto", "int8"):
        rest = "bf16" if "BF16" in can and _fast_bfloat16() else "f32"
        return Precision("int8", int8=True, rest=rest, tiles=rest == "bf16" and _has_tiles())
    known = {
        "int8_float32": Precision("int8_float32", int8=True, rest="f32"),
        "float32": Precision("float32", int8=False, rest="f32"),
    }
    if "BF16" in can:
        known["bfloat16"] = Precision("bfloat16", int8=False, rest="bf16")
    if "FP16" in can:
        known["float16"] = Precision("float16", int8=False, rest="f16")
    if compute_type not in known:
        raise OptionError(
            f"this cpu cannot compute in {compute_type} with OpenVINO. "
            f"It can: int8, {', '.join(sorted(known))}."
        )
    return known[compute_type]


def _rounds_activations() -> bool:
    sets = machine.instruction_sets() or ()
    return not {"avx512_vnni", "avx_vnni", "amx_int8"}.isdisjoint(sets)


def _has_tiles() -> bool:
    return "amx_bf16" in (machine.instruction_sets() or ())


def _fast_bfloat16() -> bool:
    """Whether products in bfloat16 are faster than in float32: where there are tiles (AMX), or on Zen.

    A Sapphire Rapids without AMX, as virtual machines show it, has AVX512-BF16 and takes 1.8 times as
    long in bfloat16 as in float32 (docs/log.md, 2026-11-26).
    """
    sets = machine.instruction_sets() or ()
    return _has_tiles() or ("avx512_bf16" in sets and "AMD" in (machine.cpu_name() or ""))
