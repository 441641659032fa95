"""From windows to believed text: temperatures in turn, gates, and a second look at what was skipped.

``WindowDecoder`` is composition around an engine: whatever an engine gives, the same gates act
on it, one window at a time or many at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from auricle.audio import Audio
from auricle.engines import DecodeOptions, Engine
from auricle.segments import Window, total
from auricle.transcript import Dropped, Segment, Transcript, join
from auricle.verbs.transcribe import gates
from auricle.verbs.transcribe.again import second_looks
from auricle.verbs.transcribe.options import GateOptions


@dataclass(slots=True)
class Decoded:
    """What became of one window: segments and dropped text, in seconds of the recording."""

    window: Window
    segments: list[Segment] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    looped: bool = False
    temperature: float = 0.0

    @property
    def text(self) -> str:
        """The believed text."""
        return join(segment.text for segment in self.segments)


class WindowDecoder:
    """Decodes windows with one engine under one set of gates."""

    def __init__(self, engine: Engine, options: DecodeOptions, gate_options: GateOptions) -> None:
        self._engine = engine
        self._options = options
        self._gates = gate_options
        self._ladder = gate_options.temperatures if "temperature" in engine.accepts else (0.0,)

    def decode(self, windows: Sequence[Window], previous: str = "") -> list[Decoded]:
        """Decode ``windows`` together; ``previous`` is the text before, where there is one."""
        results = self._believed(windows, previous)
        if self._gates.cut_guard:
            self._second_look(results)
        return results

    def _believed(self, windows: Sequence[Window], previous: str) -> list[Decoded]:
        """One result a window: the first attempt that passes the gates, or the best of all."""
        searches = [_Search(window, self._gates) for window in windows]
        waiting = searches
        for options in self._attempts(previous):
            found = self._heard([search.window.audio for search in waiting], options)
            for search, transcript in zip(waiting, found, strict=True):
                search.add(transcript)
            waiting = [search for search in waiting if not search.settled()]
            if not waiting:
                break
        return [search.result() for search in searches]

    def _heard(self, batch: Sequence[Audio], options: DecodeOptions) -> list[Transcript]:
        """Decode together; where samples are drawn one by one, or they would depend on who else is there."""
        if options.temperature == 0:
            return self._engine.transcribe(batch, options)
        return [self._engine.transcribe([audio], options)[0] for audio in batch]

    def _attempts(self, previous: str) -> Iterator[DecodeOptions]:
        """The options of each attempt: as asked, then a wider beam, then sampling."""
        options = self._options
        for temperature in self._ladder:
            yield replace(options, temperature=temperature, previous="" if temperature > 0 else previous)
            wider = self._gates.retry_beam_size
            if temperature == 0 and wider > options.beam_size and "beam_size" in self._engine.accepts:
                yield replace(options, beam_size=wider)

    def _second_look(self, results: Sequence[Decoded]) -> None:
        """Decode again, once, what a window gave no text for."""
        looks = [
            (result, look) for result in results for look in second_looks(result.window, result.segments)
        ]
        if not looks:
            return
        found = self._believed([look.window for _, look in looks], "")
        for (result, look), extra in zip(looks, found, strict=True):
            result.segments += look.news(extra.segments)
            result.dropped += extra.dropped
            result.segments.sort(key=lambda segment: segment.start)


class _Search:
    """The attempts at one window."""

    def __init__(self, window: Window, options: GateOptions) -> None:
        self.window = window
        self._options = options
        self._tries: list[tuple[Transcript, gates.Verdict]] = []

    def add(self, found: Transcript) -> None:
        """One more attempt. What two searches agree on word for word was said, though it repeats itself."""
        verdict = gates.judge(found, total(self.window.speech), self._options)
        agreed = any(found.text == other.text for other, _ in self._tries)
        if agreed and self._options.loop_guard and verdict.reason == gates.COMPRESSION:
            verdict = gates.Verdict()
        self._tries.append((found, verdict))

    def settled(self) -> bool:
        """Whether no further attempt is needed."""
        verdict = self._tries[-1][1]
        return verdict.silent or verdict.believed

    def result(self) -> Decoded:
        """The likeliest of what is believed, or the best that can be made of what is not."""
        found, verdict = self._tries[-1]
        if verdict.silent:
            return self._accept([], Dropped(self.window.start, self.window.end, found.text, verdict.reason))
        believed = [found for found, verdict in self._tries if verdict.believed]
        if believed:
            return self._accept(max(believed, key=_likelihood).segments)
        return self._make_do([found for found, _ in self._tries])

    def _make_do(self, tries: Sequence[Transcript]) -> Decoded:
        """No attempt passed: the likeliest without a loop, or the least repetitive with its loop cut.

        What goes round and round is likely, word after word, so what nobody can say in that time is left out
        where there is anything else.
        """
        speech = total(self.window.speech)
        sound = [found for found in tries if not gates.repeats(found.text)]
        sound = [found for found in sound if not gates.too_much(found.text, speech)] or sound
        if sound or not self._options.loop_guard:
            return self._accept(max(sound or tries, key=_likelihood).segments)
        best = min(tries, key=lambda found: gates.compression_ratio(found.text))
        if gates.mostly_signs(best.text):
            return self._accept([], Dropped(self.window.start, self.window.end, best.text, gates.SIGNS))
        kept, removed = gates.cut_loop(best.segments)
        result = self._accept(kept, Dropped(self.window.start, self.window.end, removed, "loop"))
        result.looped = True
        return result

    def _accept(self, segments: Sequence[Segment], dropped: Dropped | None = None) -> Decoded:
        ratio = gates.compression_ratio(join(segment.text for segment in segments))
        kept = [
            replace(segment.shifted(self.window.start), compression_ratio=ratio)
            for segment in segments
            if gates.units(segment.text)  # signs alone (". . .") are nothing that was said
        ]
        result = Decoded(self.window, kept, [dropped] if dropped and dropped.text else [])
        result.temperature = max((segment.temperature or 0.0 for segment in kept), default=0.0)
        return result


def _likelihood(found: Transcript) -> float:
    """Mean log-probability of a token; nothing said is as good as can be."""
    values = [segment.avg_logprob for segment in found.segments if segment.avg_logprob is not None]
    return values[0] if values else 0.0
