"""Many patterns asked of one text at once find what each finds alone, in short and long texts."""

from __future__ import annotations

import pytest

from engine.match.expression import Test as Asked
from engine.match.fieldtests import FieldTests
from engine.match.memory import Budget
from engine.match.native import NATIVE
from engine.match.numbers import Numbers
from engine.match.pattern import Pattern, Regex
from engine.match.predicates import Matches, Predicate, Text
from engine.match.texttests import AT_LEAST, LONG, SOON, TextTests

WORDS = ("invoke", "download", "hidden", "bypass", "encoded", "iex", "frombase64", "webclient",
         "start-process", "amsi", "reflection")  # fmt: skip
PREDICATES: tuple[Predicate, ...] = (
    *(Text(Pattern(("", word, ""))) for word in WORDS),
    Text(Pattern(("", ""))),
    Text(Pattern(("invoke", ""))),
    Text(Pattern(("", "amsi"))),
    Text(Pattern(("", "hidden", "bypass", ""))),
    Matches(Regex("web[a-z]+t")),
    Text(Pattern(("iex",))),
)
MIDDLE = "x" * (2 * LONG)
TEXTS = (
    "", "IEX", "plain", "Invoke", f"Invoke {MIDDLE} AMSI", f"{MIDDLE} bypass and hidden",
    f"{MIDDLE} Hidden, then {MIDDLE} bypass", f"{MIDDLE}\nwebclient", MIDDLE,
    f"{MIDDLE} \u212a amsi",
)  # fmt: skip


def held(tests: FieldTests, text: str) -> set[int]:
    return set(tests.fresh((text,)))


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("text", TEXTS)
def test_what_is_asked_together_is_what_is_asked_alone(
    text: str, native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if native and not NATIVE:
        pytest.skip("the native finder was not built")
    monkeypatch.setattr(TextTests, "native", native)
    monkeypatch.setattr(Numbers, "native", native)
    numbers = Numbers()
    asked = {numbers.of(test): test for test in (Asked("field", p) for p in PREDICATES)}
    tests = FieldTests("field", asked, numbers, Budget())
    alone = {n for n, p in enumerate(PREDICATES) if p.accepts(text)}  # type: ignore[attr-defined]
    assert held(tests, text) == alone
    often = "x" * 100_000
    for _ in range(SOON * (AT_LEAST + len(PREDICATES)) // len(often) + 1):
        assert held(tests, often) == {PREDICATES.index(Text(Pattern(("", ""))))}
    assert held(tests, text) == alone  # now by a database, where there is one


def test_no_value_fits_nothing_but_is_no_text_either() -> None:
    numbers, test = Numbers(), Asked("field", Text(Pattern(("", ""))))
    asked = {numbers.of(test): test}
    assert FieldTests("field", asked, numbers, Budget()).fresh(()) == frozenset()
