"""Whisper's encoder and decoder as OpenVINO graphs, built straight from the weights.

Knows: the architecture, and which of its matrices may be 8-bit. Refuses to know: files, audio,
tokens, how a graph is compiled.

The encoder takes any length, and leaves out states that silence.py says others stand for. A graph of its
own makes of states the keys and values that the decoder's cross-attention needs: keys transposed and
scaled, because they are read at every step and written once. The decoder keeps its own keys and values
between calls, so a call is given the new tokens only.

Source: Radford et al. 2022, §2.2; the layers are Vaswani et al. 2017's with the norm first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from auricle import openvino_library
from auricle.engines.openvino.weights import Array, Weights

Floats = npt.NDArray[np.float32]

_ROWS = 256  # of a matrix, rounded at once
_HEADS_AT_ONCE = 2  # of the encoder's attention
_EPSILON = 1e-5  # of every layer norm
# What a decoder is given, in order, before the cross keys and values of each layer.
TOKENS, AT, ROWS, KEEP, SELF_MASK, CROSS_MASK = range(6)
CROSS = 6


class Graphs:
    """Builds the graphs of one checkpoint.

    ``int8`` makes the weights of all linear layers 8-bit. ``half`` makes bfloat16 of what has none: the
    attention of the encoder, the convolutions, and the keys and values that the decoder is given.
    """

    def __init__(self, weights: Weights, *, int8: bool, half: bool = False) -> None:
        openvino = openvino_library.openvino()
        from openvino import opset13

        self._ov, self._op = openvino, opset13
        self._weights, self._int8, self._is_half = weights, int8, half
        self._dims = weights.dims

    def encoder(self) -> Any:
        """A spectrogram → states [batch, states, width].

        Inputs: mel [batch, bands, frames], and for each state the encoder computes which output of
        the convolutions it begins as, its position in Whisper's window [states], and what is added
        to the attention scores of its key [states].
        """
        op, dims = self._op, self._dims
        mel = op.parameter([-1, dims.mels, -1], np.float32, "mel")
        source, position = op.parameter([-1], np.int64, "source"), op.parameter([-1], np.int64, "position")
        weight = op.parameter([-1], np.float32, "weight")
        sound = self._convolution(self._convolution(mel, "encoder.conv1", 1), "encoder.conv2", 2)
        x = op.gather(op.transpose(sound, self._ints(0, 2, 1)), source, self._ints(1))
        places = self._floats(self._read("encoder.embed_positions.weight"))
        x = op.add(x, op.gather(places, position, self._ints(0)))
        added = self._half(op.unsqueeze(weight, self._ints(0, 1, 2)))
        for layer in range(dims.encoder_layers):
            x = self._encoder_layer(x, f"encoder.layers.{layer}", added)
        states = op.result(self._norm(x, "encoder.layer_norm"))
        return self._ov.Model([states], [mel, source, position, weight], "encoder")

    def keys(self) -> Any:
        """States [batch, states, width] → keys and values for each layer of the decoder.

        Keys are [batch, heads, head width, states], values [batch, heads, states, head width].
        """
        op, dims = self._op, self._dims
        states = op.parameter([-1, -1, dims.width], np.float32, "states")
        results: list[Any] = []
        for layer in range(dims.decoder_layers):
            results += [op.result(self._half(output)) for output in self._cross(states, layer)]
        return self._ov.Model(results, [states], "keys")

    def decoder(self, listening: tuple[int, ...] = ()) -> Any:
        """New tokens of all rows → logits [rows, kept, vocabulary], then queries of the layers ``listening``.

        Inputs: vectors of the tokens [rows, new, width], their places in the text [rows, new], for each row
        the one before that it goes on from, which of the new tokens to give logits for, masks to be added to
        the attention scores over text [rows, 1, new, all] and over sound [windows, 1, 1, frames], and the
        encoder's keys and values. Several rows in a row may share a window: rows are a multiple of windows.

        Queries are [windows, heads, rows a window × new, head width].
        """
        op, dims = self._op, self._dims
        tokens = op.parameter([-1, -1, dims.width], np.float32, "tokens")
        at = op.parameter([-1, -1], np.int64, "at")
        rows = op.parameter([-1], np.int32, "rows")
        keep = op.parameter([-1], np.int64, "keep")
        self_mask = op.parameter([-1, 1, -1, -1], np.float32, "self_mask")
        cross_mask = op.parameter([-1, 1, 1, -1], np.float32, "cross_mask")
        sound = [self._cross_parameter(layer, part) for layer in range(dims.decoder_layers) for part in "kv"]
        count = op.gather(op.shape_of(tokens), self._ints(0), self._ints(0))
        places = self._floats(self._read("decoder.embed_positions.weight"))
        x = op.add(tokens, op.gather(places, at, self._ints(0)))
        sinks: list[Any] = []
        queries: list[Any] = []
        for layer in range(dims.decoder_layers):
            name = f"decoder.layers.{layer}"
            x = self._remembering(x, layer, (count, rows, self_mask), sinks)
            x, query = self._listening(x, name, sound[2 * layer : 2 * layer + 2], cross_mask)
            queries += [op.result(query)] if layer in listening else []
            x = self._feed_forward(x, name)
        kept = self._norm(op.gather(x, keep, self._ints(1)), "decoder.layer_norm")
        untied = self._weights.read("proj_out.weight") is not None
        table = self._matrix("proj_out.weight" if untied else "decoder.embed_tokens.weight")
        logits = op.matmul(kept, table, False, True)
        parameters = [tokens, at, rows, keep, self_mask, cross_mask, *sound]
        return self._ov.Model([op.result(logits), *queries], sinks, parameters, "decoder")

    def _encoder_layer(self, x: Any, name: str, added: Any) -> Any:
        op, heads = self._op, self._dims.encoder_heads
        h = self._norm(x, f"{name}.self_attn_layer_norm")
        query = self._linear(h, f"{name}.self_attn.q_proj", self._scale(heads))
        key, value = (self._linear(h, f"{name}.self_attn.{part}_proj") for part in "kv")
        query, key, value = (self._half(self._heads(part, heads)) for part in (query, key, value))
        found = self._whole(self._attention(query, key, value, added, heads))
        x = op.add(x, self._linear(self._merged(found), f"{name}.self_attn.out_proj"))
        return self._feed_forward(x, name)

    def _attention(self, query: Any, key: Any, value: Any, added: Any, heads: int) -> Any:
        """A few heads after the other: scores of two for 30 s take 18 MB in float32, of all of tiny 54."""
        op = self._op
        pieces = heads // _HEADS_AT_ONCE if heads % _HEADS_AT_ONCE == 0 else heads
        axis = op.constant(np.array(1, np.int64))
        found = []
        for q, k, v in zip(*(op.split(x, axis, pieces).outputs() for x in (query, key, value)), strict=True):
            chances = op.softmax(op.add(op.matmul(q, k, False, True), added), -1)
            found.append(op.matmul(chances, v, False, False))
        return op.concat(found, 1)

    def _cross(self, states: Any, layer: int) -> tuple[Any, Any]:
        """Keys and values of one decoder layer's cross-attention."""
        op, heads, name = self._op, self._dims.decoder_heads, f"decoder.layers.{layer}.encoder_attn"
        key = self._linear(states, f"{name}.k_proj", self._scale(heads))
        value = self._heads(self._linear(states, f"{name}.v_proj"), heads)
        return op.transpose(self._split(key, heads), self._ints(0, 2, 3, 1)), value

    def _cross_parameter(self, layer: int, part: str) -> Any:
        heads = self._dims.decoder_heads
        wide = self._dims.width // heads
        shape = [-1, heads, wide, -1] if part == "k" else [-1, heads, -1, wide]
        kind = self._ov.Type.bf16 if self._is_half else self._ov.Type.f32
        return self._op.parameter(shape, kind, f"{part}{layer}")

    def _remembering(self, x: Any, layer: int, inputs: tuple[Any, Any, Any], sinks: list[Any]) -> Any:
        """Self-attention over all tokens so far: the old ones' keys and values are kept between calls."""
        op, heads, name = self._op, self._dims.decoder_heads, f"decoder.layers.{layer}.self_attn"
        count, rows, mask = inputs
        h = self._norm(x, f"{name}_layer_norm")
        query = self._heads(self._linear(h, f"{name}.q_proj"), heads)
        grown = []
        for part in "kv":
            new = self._heads(self._linear(h, f"{name}.{part}_proj"), heads)
            grown.append(self._grown(new, f"{part}{layer}", count, rows, sinks))
        found = self._merged(op.scaled_dot_product_attention(query, *grown, mask))
        return op.add(x, self._linear(found, f"{name}.out_proj"))

    def _grown(self, new: Any, name: str, count: Any, rows: Any, sinks: list[Any]) -> Any:
        """What a variable held of the rows that go on, with what is new behind it."""
        from openvino import PartialShape, Type, opset6
        from openvino.op.util import Variable, VariableInfo

        op, heads = self._op, self._dims.decoder_heads
        wide = self._dims.width // heads
        info = VariableInfo()
        info.data_shape, info.data_type = PartialShape([-1, heads, -1, wide]), Type.f32
        info.variable_id = name
        variable = Variable(info)
        shape = op.concat([count, self._ints(heads), self._ints(0), self._ints(wide)], 0)
        nothing = op.broadcast(self._floats(np.zeros((1, 1, 1, 1), np.float32)), shape)
        past = op.gather(opset6.read_value(nothing, variable), rows, self._ints(0))
        grown = op.concat([past, new], 2)
        sinks.append(opset6.assign(grown, variable))
        return grown

    def _listening(self, x: Any, name: str, sound: list[Any], mask: Any) -> tuple[Any, Any]:
        """Cross-attention, and its queries; rows that share a window are taken for one of more tokens."""
        op, heads = self._op, self._dims.decoder_heads
        key, value = sound
        h = self._norm(x, f"{name}.encoder_attn_layer_norm")
        windows = op.gather(op.shape_of(key), self._ints(0), self._ints(0))
        together = op.concat([windows, self._ints(-1), self._ints(self._dims.width)], 0)
        h = op.reshape(self._linear(h, f"{name}.encoder_attn.q_proj"), together, False)
        query = self._heads(h, heads)
        scores = self._whole(op.matmul(self._half(query), key, False, False))
        chances = op.softmax(op.add(scores, mask), -1)
        found = self._merged(self._whole(op.matmul(self._half(chances), value, False, False)))
        apart = op.reshape(found, op.shape_of(x), False)
        return op.add(x, self._linear(apart, f"{name}.encoder_attn.out_proj")), query

    def _feed_forward(self, x: Any, name: str) -> Any:
        h = self._linear(self._norm(x, f"{name}.final_layer_norm"), f"{name}.fc1")
        return self._op.add(x, self._linear(self._op.gelu(h, "erf"), f"{name}.fc2"))

    def _convolution(self, x: Any, name: str, stride: int) -> Any:
        op = self._op
        kernel, bias = self._read(f"{name}.weight"), self._read(f"{name}.bias")
        kernel, x = self._half(self._floats(kernel)), self._half(x)
        found = self._whole(op.convolution(x, kernel, [stride], [1], [1], [1]))
        return op.gelu(op.add(found, self._floats(bias.reshape(1, -1, 1))), "erf")

    def _norm(self, x: Any, name: str) -> Any:
        op = self._op
        found = op.mvn(x, self._ints(-1), True, _EPSILON, "inside_sqrt")
        gained = op.multiply(found, self._floats(self._read(f"{name}.weight")))
        return op.add(gained, self._floats(self._read(f"{name}.bias")))

    def _linear(self, x: Any, name: str, times: float = 1.0) -> Any:
        """A linear layer, whose output is multiplied by ``times``."""
        found = self._op.matmul(x, self._matrix(f"{name}.weight", times), False, True)
        bias = self._weights.read(f"{name}.bias")
        return found if bias is None else self._op.add(found, self._floats(bias, times))

    def _matrix(self, name: str, times: float = 1.0) -> Any:
        """A matrix [out, in]: as it is, or 8-bit numbers with one scale for each output."""
        op, matrix = self._op, self._read(name)
        if not self._int8:
            return self._floats(matrix, times)
        rounded, scale = rounded_rows(matrix)
        return op.multiply(op.convert(op.constant(rounded), "f32"), self._floats(scale, times))

    def _half(self, x: Any) -> Any:
        """In bfloat16, where this is wanted."""
        return self._op.convert(x, "bf16") if self._is_half else x

    def _whole(self, x: Any) -> Any:
        """In float32 again."""
        return self._op.convert(x, "f32") if self._is_half else x

    def _heads(self, x: Any, heads: int) -> Any:
        """[batch, length, width] → [batch, heads, length, head width]."""
        return self._op.transpose(self._split(x, heads), self._ints(0, 2, 1, 3))

    def _split(self, x: Any, heads: int) -> Any:
        return self._op.reshape(x, self._ints(0, 0, heads, self._dims.width // heads), True)

    def _merged(self, x: Any) -> Any:
        """[batch, heads, length, head width] → [batch, length, width]."""
        op = self._op
        return op.reshape(op.transpose(x, self._ints(0, 2, 1, 3)), self._ints(0, 0, self._dims.width), True)

    def _scale(self, heads: int) -> float:
        """What attention scores are multiplied by: a power of two in every Whisper, which rounds nothing."""
        return float((self._dims.width // heads) ** -0.5)

    def _read(self, name: str) -> Array:
        found = self._weights.read(name)
        assert found is not None, name
        return found

    def _floats(self, array: Array, times: float = 1.0) -> Any:
        values = np.ascontiguousarray(array, np.float32)
        return self._op.constant(values if times == 1 else values * np.float32(times))

    def _ints(self, *values: int) -> Any:
        return self._op.constant(np.array(values, np.int64))


def rounded_rows(matrix: Array) -> tuple[npt.NDArray[np.int8], Floats]:
    """A matrix [out, in] in 8-bit numbers from −127 to 127, and the scale of each row [out, 1].

    A few rows at a time, which stay in the cache: a vocabulary of 52,000 in one go took ten times as long.
    """
    rounded = np.empty(matrix.shape, np.int8)
    scale = np.empty((len(matrix), 1), np.float32)
    for first in range(0, len(matrix), _ROWS):
        rows = np.asarray(matrix[first : first + _ROWS], np.float32)
        highest = np.maximum(rows.max(axis=1, keepdims=True), -rows.min(axis=1, keepdims=True))
        own = scale[first : first + _ROWS]
        np.maximum(highest / 127, np.float32(1e-12), out=own)
        np.rint(rows / own, out=rounded[first : first + _ROWS], casting="unsafe")
    return rounded, scale
