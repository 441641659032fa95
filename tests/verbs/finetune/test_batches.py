"""What a step sees: labels in their places, padding without loss, one order for one seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from auricle.audio import Audio
from auricle.augment import generator
from auricle.engines.whisper import WhisperTokens
from auricle.models import resolve
from auricle.verbs.datasets import AudioRef, Utterance
from auricle.verbs.finetune.batches import Order, WhisperCollator, decoder_side
from auricle.verbs.finetune.examples import Example, gather
from auricle.verbs.finetune.joining import Joins
from auricle.verbs.finetune.recipe import recipe_of
from auricle.verbs.finetune.sounds import Heard
from auricle.verbs.finetune.targets import IGNORED, Said, Target, WhisperTargets, styled


@pytest.fixture(scope="module")
def english() -> WhisperTargets:
    tokens = WhisperTokens.load(resolve("tiny.en").path)
    return WhisperTargets(tokens, (tokens.start,))


def heard(text: str, seconds: float = 1.0, *, replay: bool = False) -> Heard:
    time = np.arange(int(16_000 * seconds)) / 16_000
    audio = Audio(np.sin(2000 * time).astype(np.float32), 16_000)
    return Heard(audio, (Said(text, 0.0, seconds),), generator(0, text), replay)


def items(count: int, **changes) -> list[Example]:
    return [
        Example(Utterance(f"u{n}", AudioRef(), "x", speaker=f"s{n % 7}"), "x", 1 + n % 5, **changes)
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("style", "found"),
    [
        ("as-is", "WE CALL  IT"),
        ("sentence", "We call it."),
        ("lower", "we call it"),
        ("upper", "WE CALL IT"),
        ("spoken", "we call it"),
    ],
)
def test_styles(style: str, found: str) -> None:
    assert styled("WE CALL  IT", style) == " ".join(found.split())


def test_a_sentence_that_ends_keeps_its_end() -> None:
    assert styled("Why?", "sentence") == "Why?"
    assert styled("Don't, stop!", "spoken") == "don't stop"


def test_the_start_token_stands_once_and_first(english: WhisperTargets) -> None:
    """The collator that everybody copied compares with bos_token_id, and so doubles it."""
    tokens = english.tokens
    target = english("hello")
    assert target.inputs[:2] == (tokens.start, tokens.no_timestamps)
    assert tokens.start not in target.inputs[1:] and tokens.start not in target.labels
    body = tuple(tokens.encode(" hello"))
    assert target.inputs == (tokens.start, tokens.no_timestamps, *body)
    assert target.labels == (IGNORED, *body, tokens.end)


def test_times_stand_around_the_text(english: WhisperTargets) -> None:
    tokens = english.tokens
    target = english.timed([Said("hello", 0.3, 1.5)])
    assert target.inputs[1] == tokens.first_timestamp
    assert target.labels[-2:] == (tokens.first_timestamp + 75, tokens.end)
    assert target.inputs[1:] == (tokens.first_timestamp, *target.labels[1:-1])


def test_each_text_of_several_has_its_times(english: WhisperTargets) -> None:
    tokens = english.tokens
    first = tokens.first_timestamp
    target = english.timed([Said("one", 0.0, 1.0), Said("two", 1.2, 2.0)])
    one, two = tokens.encode(" one"), tokens.encode(" two")
    assert target.labels == (IGNORED, *one, first + 50, first + 60, *two, first + 100, tokens.end)
    assert english("one two").labels == (IGNORED, *tokens.encode(" one two"), tokens.end)


def test_the_library_makes_the_same_inputs(english: WhisperTargets) -> None:
    """What its own shift would make of the labels, the prompt included."""
    import torch
    from transformers.models.whisper.modeling_whisper import shift_tokens_right

    tokens = english.tokens
    target = english("to be or not")
    labels = torch.tensor([[*target.inputs[1:2], *target.labels[1:]]])
    shifted = shift_tokens_right(labels, tokens.end, tokens.start)
    assert shifted[0].tolist() == list(target.inputs)


def test_what_pads_carries_no_loss_and_is_masked() -> None:
    found = decoder_side([Target((1, 2, 3), (-100, 3, 9)), Target((1,), (9,))], pad=9)
    assert found["labels"].tolist() == [[-100, 3, 9], [9, -100, -100]]
    assert found["decoder_input_ids"].tolist() == [[1, 2, 3], [1, 9, 9]]
    assert found["decoder_attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


def test_a_batch_is_as_long_as_its_longest_clip(english: WhisperTargets) -> None:
    collator = WhisperCollator(english, 80, 0.5, full=False, timestamps=0.5, mask=True)
    found = collator([heard("a", 1.0), heard("b", 2.2)])
    assert found["input_features"].shape == (2, 80, 300)
    whole = WhisperCollator(english, 80, 0.5, full=True, timestamps=0.0, mask=False)([heard("a")])
    assert whole["input_features"].shape == (1, 80, 3000)


def test_a_batch_says_what_of_it_is_replay_where_that_counts(english: WhisperTargets) -> None:
    batch = [heard("a"), heard("b", replay=True)]
    plain = WhisperCollator(english, 80, 0.5, full=False, timestamps=0.0, mask=False)
    assert "replay" not in plain(batch)
    telling = WhisperCollator(english, 80, 0.5, full=False, timestamps=0.0, mask=False, replay=True)
    assert telling(batch)["replay"].tolist() == [False, True]


def test_one_order_for_one_seed_and_epoch() -> None:
    order = Order(items(50), items(10, replay=True), 0.2, 8, seed=3)
    first = list(order)
    assert first == list(order) and len(first) == len(order) == 62
    assert {place for _, place in first if place < 50} == set(range(50))
    order.set_epoch(1)
    second = list(order)
    assert {epoch for epoch, _ in second} == {1}
    assert [place for _, place in second] != [place for _, place in first]


def test_batches_hold_clips_of_about_one_length() -> None:
    train = items(80)
    places = [place for _, place in Order(train, [], 0.0, 8, seed=0)]
    spans = [{train[place].seconds for place in places[at : at + 8]} for at in range(0, 80, 8)]
    assert sum(len(span) for span in spans) <= len(spans) + 5


def test_what_is_joined_is_drawn_for_each_epoch_and_is_not_too_long() -> None:
    found = items(40)
    joins = Joins(found, 4, 8.0)
    whole = {place: joins.of(0, place) for place in range(40)}
    assert whole == {place: Joins(found, 4, 8.0).of(0, place) for place in range(40)}
    assert whole != {place: joins.of(1, place) for place in range(40)}
    assert {len(places) for places in whole.values()} >= {1, 2}
    for place, places in whole.items():
        assert places[0] == place and {found[one].utterance.speaker for one in places} == {f"s{place % 7}"}
        assert joins.seconds(0, place) == sum(found[one].seconds for one in places) <= 6.0


def test_batches_are_sorted_by_what_is_joined() -> None:
    found = items(80)
    joins = Joins(found, 4)
    order = [place for _, place in Order(found, [], 0.0, 8, seed=0, joins=joins)]
    spans = [[joins.seconds(0, place) for place in order[at : at + 8]] for at in range(0, 80, 8)]
    assert sum(max(span) - min(span) for span in spans) < 2.0 * len(spans)


def test_what_is_chosen_by_is_never_learnt(clips: Path) -> None:
    from auricle.verbs.datasets.needs import Needs

    made = recipe_of({"output": "x", "data": {"train": str(clips), "dev_size": 2}})
    material = gather(made.data, Needs("none"))
    ids = {item.utterance.id for item in material.train}
    assert len(material.dev) == 2 and len(ids) == 10
    assert not ids & {item.utterance.id for item in material.dev}
    assert all(0.3 < item.seconds < 1.1 for item in material.train)
