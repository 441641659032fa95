"""Models: find one by what it can, see what is known of it, fetch it, take it away.

    >>> from auricle.verbs.models import select
    >>> [info.name for info in select(language="dv")]
    ['mms-1b-all']

``recommend`` is in a module of its own, for it measures.
"""

from auricle.verbs.models.disk import Removal, place, pull, removal, remove
from auricle.verbs.models.selection import SelectOptions, select

__all__ = ["Removal", "SelectOptions", "place", "pull", "removal", "remove", "select"]
