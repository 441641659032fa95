"""``auricle lm build``: a text file to an ARPA file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from auricle.engines.ctc.ngram import NgramModel
from auricle.errors import FormatError, MissingFileError, OptionError, OutputError
from auricle.options import option
from auricle.storage import write_atomic
from auricle.verbs.lm.kneser_ney import Estimate, estimated


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How a language model is made."""

    order: int = option(3, "words that a probability looks at, the predicted one included")
    case: str = option(
        "lower", "letters of the words: small, capital, or as they are", choices=("lower", "upper", "keep")
    )
    keep_punctuation: bool = option(False, "keep signs at the edges of words; a CTC model writes none")
    overwrite: bool = option(False, "replace a file that is in the way")


@dataclass(frozen=True, slots=True)
class Built:
    """What was made: the model, how many sentences and words went in, and n-grams of each order.

    ``fallbacks`` are the orders for which the corpus was too small to estimate discounts.
    """

    model: NgramModel
    sentences: int
    words: int
    grams: tuple[int, ...]
    fallbacks: tuple[int, ...]


def build_model(corpus: str | Path, output: str | Path, options: BuildOptions | None = None) -> Built:
    """Estimate a model of a text file with a sentence a line, and write it as an ARPA file.

    Raises MissingFileError, FormatError for a corpus that is no text, OptionError, OutputError.
    """
    options, out = options or BuildOptions(), Path(output)
    if not 1 <= options.order <= 6:
        raise OptionError("order must be from 1 to 6, such as 3.")
    if out.exists() and not options.overwrite:
        raise OutputError(f"{out} is there already. Name another file, or add --overwrite")
    sentences = list(_sentences(Path(corpus), options))
    found = estimated(sentences, options.order)
    write_atomic(out, arpa(found).encode())
    grams = {" ".join(gram): values for table in found.grams for gram, values in table.items()}
    return Built(
        model=NgramModel(options.order, grams),
        sentences=len(sentences),
        words=sum(map(len, sentences)),
        grams=tuple(len(table) for table in found.grams),
        fallbacks=found.fallbacks,
    )


def arpa(found: Estimate) -> str:
    """The text of an ARPA file; the highest order has no back-off weights."""
    lines = ["\\data\\", *(f"ngram {n}={len(table)}" for n, table in enumerate(found.grams, 1)), ""]
    for length, table in enumerate(found.grams, 1):
        lines.append(f"\\{length}-grams:")
        last = length == len(found.grams)
        for gram, (chance, weight) in table.items():
            tail = "" if last else f"\t{weight:.7g}"
            lines.append(f"{chance:.7g}\t{' '.join(gram)}{tail}")
        lines.append("")
    return "\n".join([*lines, "\\end\\", ""])


def _sentences(path: Path, options: BuildOptions) -> Iterator[list[str]]:
    if not path.is_file():
        raise MissingFileError(f"there is no corpus {path}. Give a text file with a sentence a line")
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for line in lines:
                if words := _words(line, options):
                    yield words
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is no text in UTF-8: {error.reason} at byte {error.start}.") from error


def _words(line: str, options: BuildOptions) -> list[str]:
    written = {"lower": line.lower(), "upper": line.upper(), "keep": line}[options.case]
    words = written.split()
    if not options.keep_punctuation:
        words = [_bare(word) for word in words]
    return [word for word in words if word and word not in ("<s>", "</s>", "<unk>")]


def _bare(word: str) -> str:
    """A word without the signs at its edges: letters, marks and digits of any script stay."""
    import unicodedata

    def belongs(sign: str) -> bool:
        return unicodedata.category(sign)[0] in "LMN"

    first = next((at for at, sign in enumerate(word) if belongs(sign)), len(word))
    last = next((at for at in range(len(word), first, -1) if belongs(word[at - 1])), first)
    return word[first:last]
