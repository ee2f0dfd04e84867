"""What a line may not have is found by either of the two that look for it."""

from __future__ import annotations

import pytest

from engine.match import guard as guarding
from engine.match.guard import NOTHING, OTHER, WORDS

WORDS_OF_RULES = frozenset({"mimikatz", "sekurlsa::l"})
DOTTED = frozenset({"winlog", "event_data"})
LINES = {
    b'{"EventID":1,"Image":"a.exe"}': NOTHING,
    b'{"EventID":1,"Image":"MimiKatz.exe"}': WORDS,
    b'{"EventID":1,"Threat Name":"a"}': OTHER,
    b'{"EventID":1,"Image":"\\u006dimikatz"}': OTHER,
    b'{"EventID":1,"Image":"m\xc4\xb0m"}': OTHER,
    b'{"EventID":1,"logsource.product":"windows"}': OTHER,
    b'{"EventID":1,"winlog.channel":"Security","a":"mimikatz"}': OTHER,
}


@pytest.mark.parametrize("dotted", [None, DOTTED])
@pytest.mark.parametrize("patience", [0, 1, len(LINES), 1000])
def test_a_database_made_at_any_time_finds_the_same(
    patience: int, dotted: frozenset[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarding, "PATIENCE", patience)
    guarding.guard.cache_clear()
    finds = guarding.guard(WORDS_OF_RULES, spaced=True, dotted=dotted)
    for _ in range(2):
        assert {line: finds(line) for line in LINES} == LINES
    guarding.guard.cache_clear()


def test_keys_with_a_space_may_be_let_pass() -> None:
    finds = guarding.guard(WORDS_OF_RULES, spaced=False, dotted=None)
    assert finds(b'{"EventID":1,"Threat Name":"a"}') == NOTHING
