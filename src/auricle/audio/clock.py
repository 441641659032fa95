"""The time axis: which sample stands at which second of the recording.

A container gives each frame a time stamp. Where it runs ahead of the samples by more than
``TOLERANCE`` seconds (an audio track that begins late, a pause in a recording, packets that were
lost), silence is put in, so that times match what a player shows. Where it runs behind, nothing
is thrown away and the stamps are shifted. A jump counts when the next frame confirms it.
"""

from __future__ import annotations

from dataclasses import dataclass

TOLERANCE = 0.1  # seconds; Matroska rounds to 1 ms, AAC priming is up to 93 ms
LONGEST = 3600.0  # seconds of silence in all that stamps can ask for; more is taken for damage


@dataclass(slots=True)
class Clock:
    """Counts what has been decoded against what the stamps say. All in seconds.

    ``end`` is the stated end of the track, or None: a gap that reaches beyond it is not believed.
    """

    end: float | None = None
    position: float = 0.0
    shift: float = 0.0
    filled: float = 0.0
    refused: int = 0

    def gap(self, stamp: float, following: float | None) -> float:
        """Silence due before a frame stamped ``stamp``, given how the stamp goes on in the next frame.

        ``following`` is the difference between the next frame's stamp and the end of this one, or
        None at the end of the file.
        """
        ahead = self.ahead(stamp)
        if following is not None and abs(following) > TOLERANCE:
            self.refused += 1
            return 0.0
        if ahead > 0 and self._believable(ahead):
            self.filled += ahead
            return ahead
        self.refused += 1
        self.shift -= ahead
        return 0.0

    def ahead(self, stamp: float) -> float:
        """By how much the stamp is later than the samples so far."""
        return stamp + self.shift - self.position

    def _believable(self, gap: float) -> bool:
        within = self.end is None or self.position + gap <= self.end + 1.0
        return within and self.filled + gap <= LONGEST


def clock_time(seconds: float) -> str:
    """Seconds as a player shows them: 00:12.3, or 1:02:03.4."""
    minutes, rest = divmod(round(max(seconds, 0.0), 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:04.1f}" if hours else f"{minutes:02d}:{rest:04.1f}"
