"""Models on disk: what is fetched, and what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auricle.errors import ModelError
from auricle.models import catalogue
from auricle.verbs.models import disk


def test_a_model_that_no_engine_runs_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    row = replace(catalogue()["canary-1b-v2"], engines=())
    monkeypatch.setattr(disk, "find", lambda name: row)
    monkeypatch.setattr(disk, "resolve", lambda *given, **named: pytest.fail("fetched"))
    with pytest.raises(ModelError, match="no engine runs canary yet"):
        disk.pull("canary-1b-v2")
