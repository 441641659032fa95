"""Models: a name becomes a folder on this machine that an engine can load.

``resolve`` finds it, ``convert.ctranslate2_folder`` brings a Hugging Face checkpoint into the
layout that the engine wants, ``machine.probe`` says what this machine can do.
"""

from auricle.models.catalogue import ModelInfo, catalogue
from auricle.models.folders import ModelFolder
from auricle.models.languages import LANGUAGES, language_code
from auricle.models.resolve import resolve

__all__ = ["LANGUAGES", "ModelFolder", "ModelInfo", "catalogue", "language_code", "resolve"]
