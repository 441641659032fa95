"""Whisper without wasted padding: silence that stands for more silence.

Whisper's encoder sees 30 s whatever is said, and what it writes depends on the silence after a clip:
with a window that simply ends earlier the same weights give other texts. But silence is all alike: its
frames differ in their position only, and change slowly along it. So one frame is computed for each
``STRIDE`` of them, at their mean position, and attention counts it as often as it stands for (its
score is raised by the logarithm of that number). A clip of 4 s takes the room of 8 s in the place of
30, and the loss stays what it was.

Nothing of the model changes: positions are read where they are, and what is saved has all 1,500.
"""

from __future__ import annotations

import math
from typing import Any

from auricle import features

LONGEST = 30 * features.FRAMES_PER_SECOND  # frames of 10 ms
STRIDE = 8  # encoder frames (20 ms each) that one stands for
_TAIL = 0.5  # seconds of silence, at least, that are computed as they are: sound runs over its end
_STEP = 50  # frames: lengths are rounded up to half a second, so that few shapes occur
_STEADY = 4  # encoder frames from the end of the window: silence that neither sound nor edge touches


def window_frames(seconds: float, tail: float = _TAIL) -> int:
    """Frames of 10 ms that are computed as they are for a clip of ``seconds``."""
    wanted = math.ceil((seconds + tail) * features.FRAMES_PER_SECOND)
    return min(-(-wanted // _STEP) * _STEP, LONGEST)


class ShortWindows:
    """Lets the encoder of a Whisper take windows shorter than its own, as if silence followed.

    Acts on windows [batch, bands, frames] of fewer frames than the model's; those of its own length
    go the library's way. ``remove()`` puts everything back.
    """

    def __init__(self, model: Any, stride: int = STRIDE) -> None:
        encoder, decoder = model.get_encoder(), model.get_decoder()
        self._encoder, self._forward, self._stride = encoder, encoder.forward, stride
        self._bias: Any = None
        self._seen: tuple[int, Any] = (0, None)  # where the states lie that the bias is of, and their shape
        encoder.forward = self._encode
        self._hooks = [
            layer.encoder_attn.register_forward_pre_hook(self._weigh, with_kwargs=True)
            for layer in decoder.layers
        ]

    def remove(self) -> None:
        """Put the model back as it was."""
        self._encoder.forward = self._forward
        for hook in self._hooks:
            hook.remove()

    def _encode(self, input_features: Any = None, attention_mask: Any = None, **named: Any) -> Any:
        """The encoder's states [batch, places, width], a place for each frame that is computed."""
        from torch.nn.functional import dropout
        from transformers.modeling_outputs import BaseModelOutput

        encoder = self._encoder
        whole = encoder.embed_positions.num_embeddings
        if input_features.shape[-1] >= 2 * whole:
            self._seen = (0, None)
            return self._forward(input_features, attention_mask, **named)
        states, self._bias = self._stretched(self._convolved(input_features), whole)
        states = dropout(states, p=encoder.dropout, training=encoder.training)
        for layer in encoder.layers:
            found = layer(states, self._bias)
            states = found[0] if isinstance(found, tuple) else found
        states = encoder.layer_norm(states)
        self._seen = (states.data_ptr(), states.shape)
        return BaseModelOutput(last_hidden_state=states)

    def _convolved(self, sound: Any) -> Any:
        from torch.nn.functional import gelu

        encoder = self._encoder
        return gelu(encoder.conv2(gelu(encoder.conv1(sound)))).transpose(1, 2)

    def _stretched(self, states: Any, whole: int) -> tuple[Any, Any]:
        """States with silence put behind them, and what is added to the scores [1, 1, 1, places]."""
        import torch

        positions = self._encoder.embed_positions.weight
        own = states.shape[1] - _STEADY // 2  # the last ones hear the edge of the window
        silence = states[:, states.shape[1] - _STEADY].unsqueeze(1)
        blocks = positions[own:whole].split(self._stride)
        middle = torch.stack([block.mean(0) for block in blocks])
        body = torch.cat([states[:, :own] + positions[:own], silence + middle], dim=1)
        counts = torch.tensor([len(block) for block in blocks], device=states.device)
        bias = torch.cat([torch.zeros(own, device=states.device), counts.log()])
        return body, bias.to(body.dtype)[None, None, None]

    def _weigh(self, module: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Only where the decoder listens to what was stretched: an engine may give it states of its own."""
        states = named["key_value_states"] if "key_value_states" in named else arguments[1]
        if (states.data_ptr(), states.shape) != self._seen:
            return None
        return arguments, {**named, "attention_mask": self._bias}
