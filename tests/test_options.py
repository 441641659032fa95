from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.errors import OptionError
from auricle.options import build, changed, flatten, option, options_of


@dataclass(frozen=True)
class Inner:
    size: int = option(3, "how many")
    names: tuple[str, ...] = option((), "which")
    secret: str = option("", "not offered", hidden=True)


@dataclass(frozen=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    speed: float = option(1.5, "how fast")
    mode: str | None = option(None, "how", choices=("a", "b"))
    loud: bool = option(False, "whether")


def test_nested_options_are_one_flat_list() -> None:
    assert [item.name for item in options_of(Outer)] == ["size", "names", "secret", "speed", "mode", "loud"]
    names = {item.name: item for item in options_of(Outer)}
    assert names["names"].many
    assert names["names"].kind is str
    assert names["mode"].optional
    assert names["secret"].hidden


def test_build_puts_values_where_they_belong() -> None:
    made = build(Outer, {"size": 5, "names": ["x"], "speed": 2, "mode": "a"})
    assert made == Outer(Inner(5, ("x",)), 2, "a")
    assert build(Outer, {"names": "x"}).inner.names == ("x",)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sise": 1}, "there is no option 'sise'. Did you mean size?"),
        ({"size": "many"}, "size takes int, not 'many'"),
        ({"size": True}, "size takes int, not True"),
        ({"mode": "c"}, "mode cannot be 'c'. Known: a, b."),
        ({"loud": 1}, "loud takes bool, not 1"),
        ({"names": [1]}, "names takes str, not 1"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(OptionError, match=said.replace("?", r"\?")):
        build(Outer, values)


@given(st.integers(), st.lists(st.text()), st.floats(allow_nan=False), st.sampled_from(["a", "b", None]))
def test_flatten_undoes_build(size: int, names: list[str], speed: float, mode: str | None) -> None:
    values = {"size": size, "names": names, "secret": "", "speed": speed, "mode": mode, "loud": False}
    assert flatten(build(Outer, values)) == values


def test_changed_names_what_is_not_default() -> None:
    assert changed(Inner()) == set()
    assert changed(Inner(size=4, names=("x",))) == {"size", "names"}
