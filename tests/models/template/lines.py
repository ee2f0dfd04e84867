"""Made-up lines for property tests: of what is hard for masks, caches and trees."""

from __future__ import annotations

from hypothesis import strategies as st

UUID = "4f6a8d0e-1c2b-4a3d-8e9f-a0b1c2d3e4f5"

HARD = st.text(alphabet="09afgFx-.:+_= <*>é[]\n", max_size=24)
"""Few characters that mean much: digits, hexadecimal letters, joints, signs."""

WORDS = st.sampled_from(
    ["bad", "face-", "a", "-", "--", "+", "5", "-5", "0x1f", "10.0.0.1", "fa:16", "fe80::1", UUID,
     "eth0", "x", "=", ":", ".", " ", "(", ")", "_", "12-dogs", "5g-bad", "dead-beef", "<*>", "\n",
     "Jun 18", "18/Jun/2005", "Sat Jun  8 02:08:12 2005", "Sun", " 2005", ", "]
)  # fmt: skip
PASTED = st.lists(WORDS, max_size=9).map("".join)

LINE = HARD | PASTED

VERBS = ["opened", "closed", "reset", "refused", "7z"]


@st.composite
def message(draw: st.DrawFn) -> str:
    """A line such as programs write: a text with some values, mostly words."""
    number = draw(st.integers(0, 3))
    word = draw(st.sampled_from(VERBS))
    other = draw(st.sampled_from([*VERBS, "x1", "x2", "10.0.0.1"]))
    ending = draw(st.sampled_from(["", " by root", " by bob", " in 5 s", " "]))
    start = draw(st.sampled_from(["session", "port", "user a1", "7 sessions", "x1"]))
    return f"{start} {word} for {other} {number}{ending}"


MESSAGES = st.lists(message(), max_size=40)
