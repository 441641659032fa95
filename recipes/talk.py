"""English by actors, for the replay of recipes/accent.yaml: lines of a game that anybody may pass on.

    apt install flight-of-the-amazon-queen    # 35 MB; John Passfield and Steven Stamatiadis, 1995
    python recipes/talk.py other/talk         # a minute

Two dozen voices, young, old, shouting and whispering, over a narrow band with a codec's marks: not what
anybody reads aloud in a quiet room. No texts are needed, as replay has what the base writes. Any other
recordings of people who speak do as well: a folder with a manifest.jsonl of one line {"audio": NAME} each.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

from auricle import Audio, AuricleError

GAME = Path("/usr/share/scummvm/flight-of-the-amazon-queen/queen.1c")
SHORTEST, LONGEST = 1.5, 12.0  # seconds
_ROW = 21  # bytes: a name of twelve, the number of a disk, offset and size


def lines(game: bytes) -> dict[str, bytes]:
    """The MP3 of every spoken line by its name. Raises ValueError for another file or another edition."""
    if game[:4] != b"QTBL" or game[4:7] != b"CEM" or game[12] != 1:
        raise ValueError("this is not the English game with speech in MP3")
    (count,) = struct.unpack_from(">H", game, 13)
    found = {}
    for at in range(15, 15 + count * _ROW, _ROW):
        name = game[at : at + 12].rstrip(b"\0").decode("latin-1")
        offset, size = struct.unpack_from(">II", game, at + 13)
        if name.endswith(".SB"):
            found[name.removesuffix(".SB")] = game[offset : offset + size]
    return found


def main(folder: Path, count: int, game: Path = GAME) -> int:
    """Write ``count`` lines, spread over the whole game, and the manifest."""
    try:
        spoken = lines(game.read_bytes())
    except (OSError, ValueError, struct.error) as error:
        reason = getattr(error, "strerror", None) or error
        print(f"cannot read {game}: {reason}. Type: apt install flight-of-the-amazon-queen", file=sys.stderr)
        return 1
    (folder / "clips").mkdir(parents=True, exist_ok=True)
    found = []
    for name, sound in sorted(spoken.items()):
        path = folder / "clips" / f"{name}.mp3"
        path.write_bytes(sound)
        seconds = duration(path)
        if SHORTEST <= seconds <= LONGEST:
            found.append((path, seconds))
        else:
            path.unlink()
    kept = [found[place * len(found) // count] for place in range(count)] if count < len(found) else found
    rows = [
        {
            "audio": f"clips/{path.name}",
            "text": None,
            "language": "en",
            "duration_s": round(seconds, 3),
            "source": "Flight of the Amazon Queen",
            "license": "freeware, by the game's readme",
        }
        for path, seconds in kept
    ]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    print(f"{len(kept)} of {len(found)} lines: {folder / 'manifest.jsonl'}")
    return 0


def duration(path: Path) -> float:
    """Seconds of a recording; 0 of one that is empty."""
    try:
        return Audio.load(path).duration
    except AuricleError:
        return 0.0


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit("usage: python recipes/talk.py FOLDER [LINES] [queen.1c]")
    sys.exit(
        main(
            Path(sys.argv[1]),
            int(sys.argv[2]) if len(sys.argv) > 2 else 1300,
            Path(sys.argv[3]) if len(sys.argv) > 3 else GAME,
        )
    )
