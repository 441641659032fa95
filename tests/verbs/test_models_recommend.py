"""Advice: what is measured and what predicted, what fits, and in which order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auricle.errors import MissingFileError, OptionError
from auricle.models import catalogue
from auricle.verbs.models import recommend as module
from auricle.verbs.models.probe import Probe, measure
from auricle.verbs.models.recommend import PURPOSES, recommend
from auricle.verbs.trial import Trial

#: Two quick cores: 100 GFLOP/s, 10 GB/s.
QUICK = Probe(100e9, 10e9, "int8", ((11.0, 30, 0.5), (3.0, 7, 0.25)), 250_000_000, 2)
SLOW = Probe(3e9, 1e9, "int8", ((11.0, 30, 12.0), (3.0, 7, 6.0)), 250_000_000, 1)


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch):
    """The machine of a test, and 8 GB of memory."""

    def use(found: Probe, available: int | None = 8_000_000_000) -> None:
        monkeypatch.setattr(module, "measure", lambda recording, threads: found)
        monkeypatch.setattr(module.machine, "memory", lambda: (available, available))

    use(QUICK)
    return use


def test_the_best_published_rate_that_fits_comes_first(probe):
    found = recommend()
    assert found.language == "en" and found.purpose == "meetings" and len(found.advice) == 8
    rates = [one.rate for one in found.advice if one.fits and one.rate is not None]
    assert rates == sorted(rates) and found.best is found.advice[0]
    assert all("timestamps" in one.info.tasks and "en" in one.info.languages for one in found.advice)


def test_the_embedded_model_alone_is_measured(probe):
    found = recommend(top=60)
    assert [one.info.name for one in found.advice if one.measured] == ["tiny.en"]
    (tiny,) = (one for one in found.advice if one.measured)
    assert tiny.rtfx == pytest.approx(22.0, rel=0.6)  # 11 s in 0.5 s, brought to windows of 20 s


def test_larger_models_are_slower_and_need_more(probe):
    by_name = {one.info.name: one for one in recommend(top=60).advice}
    names = ["base.en", "small.en", "medium.en", "large-v2"]
    speeds = [by_name[name].rtfx or 0 for name in names]
    sizes = [by_name[name].memory or 0 for name in names]
    assert speeds == sorted(speeds, reverse=True) and sizes == sorted(sizes)
    assert (by_name["turbo"].rtfx or 0) > (by_name["large-v3"].rtfx or 0)


def test_what_does_not_fit_comes_last_the_fastest_first(probe):
    probe(SLOW)
    found = recommend(purpose="dictation", top=60)
    assert found.best is None
    speeds = [one.rtfx or 0.0 for one in found.advice]
    assert speeds == sorted(speeds, reverse=True)


def test_memory_that_is_not_there(probe):
    probe(QUICK, 1_000_000_000)
    assert all((one.memory or 0) <= 800_000_000 for one in recommend(top=60).advice if one.fits)
    probe(QUICK, None)
    assert any((one.memory or 0) > 3_000_000_000 for one in recommend(top=60).advice if one.fits)


def test_another_language_is_ranked_by_size(probe):
    found = recommend(language="German", top=60)
    sizes = [one.info.parameters or 0 for one in found.advice if one.fits]
    assert found.language == "de" and sizes == sorted(sizes, reverse=True)
    assert {"large-v3", "xlsr-53-german", "mms-1b-all"} <= {one.info.name for one in found.advice}


def test_models_on_disk_are_measured_when_quick_or_asked_for(probe, monkeypatch):
    from auricle.metrics.speed import Throughput
    from auricle.transcript import Transcript

    ran: list[str] = []

    def run(recording: Path, values: dict[str, object]) -> Trial:
        ran.append(str(values["model"]))
        return Trial(Transcript(), Throughput(11.0, 0.1), 1.0, 400_000_000)

    monkeypatch.setattr(module.trial, "run", run)
    monkeypatch.setattr(module, "on_disk", lambda info: info.name in ("base.en", "medium.en", "tiny.en"))
    told: list[str] = []
    found = {one.info.name: one for one in recommend(top=60, say=told.append).advice}
    assert ran == ["base.en"] and "measuring base.en" in told
    assert found["base.en"].measured and found["base.en"].rtfx == pytest.approx(110.0)
    assert not found["medium.en"].measured
    ran.clear()
    recommend(top=60, measure=True)
    assert set(ran) == {"base.en", "medium.en"}


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"language": "germann"}, OptionError, "Did you mean german"),
        ({"purpose": "singing"}, OptionError, "purpose cannot be 'singing'"),
        ({"audio": "nothing.wav"}, MissingFileError, "nothing.wav"),
        ({"top": 0}, OptionError, "top must be at least 1"),
        ({"threads": -1}, OptionError, "threads must be"),
        ({"language": "ar", "purpose": "karaoke"}, OptionError, "purpose cannot be"),
    ],
)
def test_bad_input_is_refused_before_anything_is_measured(options, error, match, monkeypatch):
    monkeypatch.setattr(module, "measure", lambda *arguments: pytest.fail("measured"))
    with pytest.raises(error, match=match):
        recommend(**options)


def test_what_no_engine_runs_is_not_advised(probe, monkeypatch):
    def with_one_that_none_runs(options):
        return [
            replace(row, engines=()) if row.name == "moonshine-streaming-small" else row
            for row in real(options)
        ]

    real = module.select
    assert {"parakeet-ctc-1.1b", "moonshine-streaming-small"} <= advised()
    monkeypatch.setattr(module, "select", with_one_that_none_runs)
    assert "parakeet-ctc-1.1b" in advised() and "moonshine-streaming-small" not in advised()


def advised() -> set[str]:
    return {one.info.name for one in recommend(purpose="batch", top=60).advice}


def test_every_purpose_has_models_in_english_and_japanese(probe):
    for purpose in PURPOSES:
        for language in ("en", "ja"):
            assert recommend(purpose=purpose, language=language).advice


def test_this_machine_is_measured(jfk):
    import auricle

    found = measure(auricle.sample(), threads=1)
    (audio, tokens, work), (part, _, less) = found.trials
    assert audio == pytest.approx(11.0) and part == pytest.approx(3.0) and tokens > 15
    assert work > 0 and less > 0 and found.rtfx == pytest.approx(audio / work)
    assert found.products > 1e9 and found.bandwidth > 1e8 and found.threads == 1
    pace = found.pace("ctranslate2", found.precision)
    assert pace.flops > 1e9 and pace.base >= 0 and pace.measured
    assert not found.pace("transformers", "float32").measured
    assert catalogue()["tiny.en"].shape is not None
