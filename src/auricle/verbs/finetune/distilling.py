"""Staying with the base: on replay a model is held to what the base says there, word for word.

What a fine-tuned model forgets first are rare words and names (docs/log.md): the texts it learns have
none. Replay need not be labelled for this. The frozen base writes its texts, and the loss of those
utterances is the distance between the distributions of both models after every token (Hinton et al.
2015, "Distilling the knowledge in a neural network"; Li and Hoiem 2016, "Learning without forgetting").
A few texts hold few words, but every sound has fifty states a second: the encoder can be held to those
of the base as well (Romero et al. 2015, "FitNets"), whatever language is spoken.

Knows batches and logits. Refuses to know recipes, data and the loop of training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auricle.verbs.finetune.targets import IGNORED

REPLAY = "replay"  # the key of a batch that says which of its utterances are replay
_SEEN = ("input_features", "decoder_input_ids", "decoder_attention_mask")


@dataclass(frozen=True, slots=True)
class Distilling:
    """``teacher`` is the base; ``weight`` how many times its distance counts beside the loss of a text.

    ``states`` is the weight of the distance between the encoders: the square of what they differ by, as a
    share of the square of the base's own states.
    """

    teacher: Any
    weight: float
    states: float = 0.0

    def loss(self, model: Any, batch: Mapping[str, Any]) -> Any:
        """The mean over all tokens: of texts that are learnt and, on replay, of the distance to the base."""
        import torch
        from torch.nn.functional import cross_entropy, kl_div

        seen = {name: batch[name] for name in _SEEN}
        labels, replay = batch["labels"], batch[REPLAY]
        said = model(**seen, use_cache=False)
        logits = said.logits
        spoken = labels != IGNORED
        learnt = spoken & ~replay[:, None]
        total = cross_entropy(logits[learnt].float(), labels[learnt], reduction="sum")
        count = spoken.sum().clamp(min=1)
        if not bool(replay.any()):
            return total / count
        with torch.no_grad():
            rows = {name: value[replay] for name, value in seen.items()}
            base = self.teacher(**rows, use_cache=False)
        total = total + self.weight * kl_div(
            logits[spoken & replay[:, None]].float().log_softmax(-1),
            base.logits[spoken[replay]].float().log_softmax(-1),
            reduction="sum",
            log_target=True,
        )
        if not self.states:
            return total / count
        heard, wanted = said.encoder_last_hidden_state[replay].float(), base.encoder_last_hidden_state.float()
        return total / count + self.states * (heard - wanted).square().sum() / wanted.square().sum()


def loss_of(model: Any, batch: Mapping[str, Any], distilling: Distilling | None) -> Any:
    """The loss of a batch, as it is trained on."""
    if distilling is not None:
        return distilling.loss(model, batch)
    return model(**batch).loss
