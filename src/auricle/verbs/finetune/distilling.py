"""Staying with the base: on replay a model is held to what the base says there, word for word.

What a fine-tuned model forgets first are rare words and names (docs/log.md): the texts it learns have
none. Replay need not be labelled for this. The frozen base writes its texts, and the loss of those
utterances is the distance between the distributions of both models after every token (Hinton et al.
2015, "Distilling the knowledge in a neural network"; Li and Hoiem 2016, "Learning without forgetting").

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
    """``teacher`` is the base; ``weight`` how many times its distance counts beside the loss of a text."""

    teacher: Any
    weight: float

    def loss(self, model: Any, batch: Mapping[str, Any]) -> Any:
        """The mean over all tokens: of texts that are learnt and, on replay, of the distance to the base."""
        import torch
        from torch.nn.functional import cross_entropy, kl_div

        seen = {name: batch[name] for name in _SEEN}
        labels, replay = batch["labels"], batch[REPLAY]
        logits = model(**seen, use_cache=False).logits
        spoken = labels != IGNORED
        learnt = spoken & ~replay[:, None]
        total = cross_entropy(logits[learnt].float(), labels[learnt], reduction="sum")
        if bool(replay.any()):
            with torch.no_grad():
                rows = {name: value[replay] for name, value in seen.items()}
                wanted = self.teacher(**rows, use_cache=False).logits[spoken[replay]]
            total = total + self.weight * kl_div(
                logits[spoken & replay[:, None]].float().log_softmax(-1),
                wanted.float().log_softmax(-1),
                reduction="sum",
                log_target=True,
            )
        return total / spoken.sum().clamp(min=1)


def loss_of(model: Any, batch: Mapping[str, Any], distilling: Distilling | None) -> Any:
    """The loss of a batch, as it is trained on."""
    if distilling is not None:
        return distilling.loss(model, batch)
    return model(**batch).loss
