"""``Dataset``: utterances to iterate over again and again, and what is known of them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from auricle.errors import DatasetError, OptionError
from auricle.verbs.datasets.faults import Faults
from auricle.verbs.datasets.rows import Row, Source, check_text, choose_columns, utterance
from auricle.verbs.datasets.splits import Part, check_names
from auricle.verbs.datasets.utterance import Fingerprint, Utterance

_PEEK = 100  # rows looked at for their columns where all would be too many


class Dataset:
    """One split, or several, of one dataset. No sound is read before an utterance is asked for its.

    ``name`` is what it was opened as, ``columns`` are those of its rows under their own names,
    ``splits`` all it has, ``faults`` what was left out and why. Iterate as often as you like;
    ``len()`` raises TypeError where the number is not known without reading all (a stream). Parquet
    and the like are not read through on opening: there ``len()`` is what the files state, and
    ``faults`` are those of the last iteration.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        parts: tuple[Part, ...],
        *,
        audio_column: str | None = None,
        text_column: str | None = None,
        language: str | None = None,
    ) -> None:
        self.name = name
        self.faults = Faults()
        self._source = source
        self._parts = parts
        self._language = language
        self._fingerprint: str | None = None
        self._bad: Counter[str | None] = Counter()  # rows of each split that are left out
        if source.splits is not None:
            check_names(parts, source.splits, name)
            if not source.whole and any(part.name is None for part in parts):
                raise DatasetError(f"{name} has several splits. Choose: {', '.join(source.splits)}.")
        self.columns = self._find_columns()
        self._names = choose_columns(source.names, self.columns, audio_column, text_column)
        check_text(self._names, self.columns)
        self.splits: tuple[str, ...] = source.splits or ()
        self._counts = self._stated() if source.streamed else self._count()
        self._check()

    def __iter__(self) -> Iterator[Utterance]:
        if self._source.streamed:
            self.faults = Faults()
        faults = self.faults if self._source.streamed else Faults()
        for part in self._parts:
            start, stop = part.limits(self._size_of(part))
            yield from islice(self._utterances(part.name, faults), start, stop)

    def __len__(self) -> int:
        if self._counts is None:
            raise TypeError(f"the length of {self.name} is not known before it was read to its end")
        return sum(self._length(part) for part in self._parts)

    def __repr__(self) -> str:
        size = "streamed" if self._counts is None else f"{len(self)} utterances"
        return f"<Dataset {self.name}: {size}>"

    @property
    def streamed(self) -> bool:
        """Whether it is read through only when iterated: parquet, save_to_disk and the Hub."""
        return self._source.streamed

    @property
    def fingerprint(self) -> str:
        """The order-independent hash of all sounds and texts; the first call reads every file once.

        Raises MissingFileError, AudioError.
        """
        if self._fingerprint is None:
            total = Fingerprint()
            for item in self:
                total.add(item)
            self._fingerprint = total.hexdigest()
        return self._fingerprint

    def _find_columns(self) -> tuple[str, ...]:
        if self._source.columns:
            return self._source.columns
        rows = self._source.rows(self._first_split(), Faults())
        columns = {name: None for row in islice(rows, _PEEK) for name in row.values}
        return tuple(columns) or (self._source.names.audio, self._source.names.text)

    def _first_split(self) -> str | None:
        return self._parts[0].name if self._source.splits is not None else None

    def _stated(self) -> Counter[str | None] | None:
        counts = self._source.counts
        return Counter({name or None: count for name, count in counts.items()}) if counts else None

    def _count(self) -> Counter[str | None]:
        """How many utterances each split has; on the way all columns, splits and faults are found."""
        counts: Counter[str | None] = Counter()
        columns = dict.fromkeys(self.columns)
        unnamed = 0
        for row in self._all_rows():
            columns.update(dict.fromkeys(row.values))
            counts[None] += 1
            if row.split is not None:
                counts[row.split] += 1
            unnamed += not row.values.get(self._names.language)
        self.columns = tuple(columns)
        if self._source.splits is None:
            self.splits = tuple(sorted(name for name in counts if name is not None))
            check_names(self._parts, self.splits, self.name)
        if self._language is not None and counts[None] and not unnamed:
            raise OptionError(f"every utterance of {self.name} names its language. Leave language out.")
        counts.subtract(self._bad)
        return counts

    def _all_rows(self) -> Iterator[Row]:
        """The rows of every part, once each, with the faults of those that are asked for."""
        wanted = {part.name for part in self._parts}
        named = self._source.splits is not None and None not in wanted
        for name in sorted(filter(None, wanted)) if named else [None]:
            for row in self._source.rows(name, self.faults):
                split = row.split or name
                faults = self.faults if None in wanted or split in wanted else Faults()
                if utterance(row, self._names, self._language, faults) is None:
                    self._bad.update([None, *([split] if split else [])])
                yield Row(row.values, row.where, row.base, split)

    def _check(self) -> None:
        for part in self._parts:
            part.limits(self._size_of(part))
            if self._counts is not None and not self._length(part):
                what = self.name if part.name is None else f"the split {part.name} of {self.name}"
                if not part.whole and self._size_of(part):
                    limits = f"[{part.start}:{part.stop}]"
                    raise DatasetError(
                        f"{limits} of {what} is empty: it has {self._size_of(part)} utterances."
                    )
                raise self.faults.nothing_left(what)

    def _size_of(self, part: Part) -> int | None:
        return None if self._counts is None else self._counts[part.name]

    def _length(self, part: Part) -> int:
        start, stop = part.limits(self._size_of(part))
        return len(range(self._size_of(part) or 0)[start:stop])

    def _utterances(self, split: str | None, faults: Faults) -> Iterator[Utterance]:
        by_row = self._source.splits is None
        for row in self._source.rows(None if by_row else split, faults):
            if by_row and split is not None and row.split != split:
                continue
            if (item := utterance(row, self._names, self._language, faults)) is not None:
                yield item
