"""The loop: Hugging Face's Trainer with our order, our collators, our ears, and checkpoints that are whole.

What is ours stands here as classes without their bases; ``speech_trainer`` puts the library's beneath
them, so that Transformers loads where a training begins and not before.

Knows the Trainer. Refuses to know recipes, datasets and files of the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.verbs.finetune.averaging import Average
from auricle.verbs.finetune.batches import Order
from auricle.verbs.finetune.distilling import Distilling
from auricle.verbs.finetune.hearing import Ear
from auricle.verbs.finetune.learner import Learner
from auricle.verbs.finetune.sounds import Sounds
from auricle.verbs.finetune.watching import Collapse, Pace, Step, TrainingError, Watcher, check_loss

WHOLE = "whole"  # a file that says that a checkpoint of the training was written to its end


@dataclass(frozen=True, slots=True)
class Parts:
    """What a training is made of."""

    learner: Learner
    sounds: Sounds
    order: Order
    hear: Callable[[], Ear]
    collapse: Collapse
    patience: int
    average: Average | None
    watcher: Watcher
    distilling: Distilling | None = None


def speech_trainer(parts: Parts, arguments: Any) -> Any:
    """A Seq2SeqTrainer that does what stands below, for the library's ``arguments``."""
    from transformers import PrinterCallback, Seq2SeqTrainer, TrainerCallback

    teller = type("Teller", (_Teller, TrainerCallback), {})
    trainer = type("SpeechTrainer", (_SpeechTrainer, Seq2SeqTrainer), {"parts": parts})(
        model=parts.learner.model,
        args=arguments,
        train_dataset=parts.sounds,
        eval_dataset=parts.sounds,  # never indexed: evaluate() hears the dev set itself
        data_collator=parts.learner.collator,
        callbacks=[teller(parts)],
    )
    trainer.model_accepts_loss_kwargs = False
    if arguments.world_size == 1 and not arguments.dataloader_num_workers:
        parts.order.tell = parts.sounds.follow
    if parts.distilling is not None:
        parts.distilling.teacher.to(arguments.device)
    trainer.remove_callback(PrinterCallback)
    return trainer


class _Teller:
    """Tells the watcher of each step. Its base is TrainerCallback."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._pace: Pace | None = None

    def on_step_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
        """Count the step, and say how far it is."""
        if self._pace is None:
            self._pace = Pace(state.max_steps, args.train_batch_size * args.gradient_accumulation_steps)
        if self._parts.average is not None:
            self._parts.average.stepped()
        pace, left = self._pace.now(state.global_step)
        last: dict[str, Any] = next((row for row in reversed(state.log_history) if "loss" in row), {})
        now = Step(
            state.global_step, state.max_steps, state.epoch or 0.0,
            last.get("loss"), last.get("learning_rate"), pace, left,
        )  # fmt: skip
        self._parts.watcher.step(now)


class _SpeechTrainer:
    """Hears real texts, in our order. Its base is Seq2SeqTrainer."""

    parts: Parts
    args: Any
    state: Any
    control: Any
    callback_handler: Any
    log: Callable[[dict[str, float]], None]

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return self.parts.order

    def training_step(self, *arguments: Any, **named: Any) -> Any:
        """The library's step, and a look at its loss."""
        loss = super().training_step(*arguments, **named)  # type: ignore[misc]
        check_loss(float(loss), self.state.global_step + 1)
        return loss

    def compute_loss(self, model: Any, inputs: Any, *arguments: Any, **named: Any) -> Any:
        """The library's loss, or the one that stays with the base on replay."""
        if self.parts.distilling is None:
            return super().compute_loss(model, inputs, *arguments, **named)  # type: ignore[misc]
        return self.parts.distilling.loss(model, inputs)

    def evaluate(self, *arguments: Any, **named: Any) -> dict[str, float]:
        """Hear the dev set, and stop a training that has collapsed. Raises TrainingError."""
        ear = self.parts.hear()
        found = {
            "eval_wer": ear.rate,
            "eval_wer_ortho": ear.as_written.rate or 0.0,
            "eval_empty": ear.empty,
            "eval_looping": ear.looping,
        }
        self.log(dict(found))
        self.parts.watcher.heard(self.state.global_step, ear)
        loss = next((row["loss"] for row in reversed(self.state.log_history) if "loss" in row), None)
        if fault := self.parts.collapse.look(ear, loss):
            raise TrainingError(f"stopped at step {self.state.global_step}: {fault}.")
        if self.parts.average is not None:
            self.parts.average.heard()
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, found)
        return found

    def _determine_best_metric(self, metrics: Any, trial: Any) -> bool:
        """Whether this evaluation is the best; ``patience`` of them without a better one end it."""
        rate = metrics["eval_wer"]
        better = bool(self.state.best_metric is None or rate < self.state.best_metric)
        if better:
            self.state.best_metric, self.state.best_global_step = rate, self.state.global_step
        rates = [row["eval_wer"] for row in self.state.log_history if "eval_wer" in row]
        since = len(rates) - 1 - min(range(len(rates)), key=rates.__getitem__)
        if since >= self.parts.patience:
            self.control.should_training_stop = True
        return better

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """The library's checkpoint, our average, and last the file that says that it is whole."""
        super()._save_checkpoint(model, trial)  # type: ignore[misc]
        folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
        if self.args.should_save:
            if self.parts.average is not None:
                self.parts.average.save(folder)
            (folder / WHOLE).touch()
