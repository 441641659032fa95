"""Sound files to mono samples: the only decoder of files.

``Audio`` is one stretch of mono sound in memory; ``open_audio`` reads a file of any length as a
stream of them in constant memory; ``Audio.load`` reads a whole one. FFmpeg comes with PyAV, so
nothing has to be installed, and is imported when the first file is opened.

Knows containers, codecs, channels, sample rates and time stamps. Refuses to know what is said.
"""

from auricle.audio.samples import Audio
from auricle.audio.source import Readable, fingerprint
from auricle.audio.stream import AudioStream, channels, open_audio
from auricle.audio.track import AudioInfo

__all__ = ["Audio", "AudioInfo", "AudioStream", "Readable", "channels", "fingerprint", "open_audio"]
