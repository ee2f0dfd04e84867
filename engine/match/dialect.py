r"""An expression that RE2 refuses, written so that `regex` takes it as RE2 would.

The two engines differ: for `regex` a `\d` is any script's digit, `$` also stands before a last
line end, `i` has dotless and dotted relatives, and `{e<=1}` means "nearly". A rule must not mean
something else for having a look-ahead in it.
"""

from __future__ import annotations

import re

import re2

_PARTS = re.compile(
    r"""\\.
    | \[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]      # a class
    | \{\d+(?:,\d*)?\}
    | \(\?(?:\#[^)]*\)|P[<=]\w+|\(\w+|[aiLmsux]*(?:-[imsx]+)?(?=[:)]))?  # what opens a group
    | .""",
    re.DOTALL | re.VERBOSE,
)
_IN_CLASS = re.compile(r"\[:\w+:\]|\\.|.", re.DOTALL)
_HEAD = re.compile(r"\(\?(\w+)\)")

_WORD, _DIGIT, _SPACE = "0-9A-Za-z_", "0-9", r"\t\n\f\r "
_SETS = {r"\d": _DIGIT, r"\w": _WORD, r"\s": _SPACE}
_COMPLEMENTS = {
    r"\D": r"\x00-/:-\U0010ffff",
    r"\W": r"\x00-/:-@\[-\^`\{-\U0010ffff",
    r"\S": r"\x00-\x08\x0b\x0e-\x1f!-\U0010ffff",
}
_NAMED = {
    "[:alnum:]": "0-9A-Za-z", "[:alpha:]": "A-Za-z", "[:digit:]": _DIGIT, "[:word:]": _WORD,
    "[:lower:]": "a-z", "[:upper:]": "A-Z", "[:space:]": r"\t\n\v\f\r ", "[:xdigit:]": "0-9A-Fa-f",
}  # fmt: skip
_AFTER, _BEFORE = f"(?<=(?-i:[{_WORD}]))", f"(?=(?-i:[{_WORD}]))"
_NOT_AFTER, _NOT_BEFORE = f"(?<!(?-i:[{_WORD}]))", f"(?!(?-i:[{_WORD}]))"
_TURKIC = "\u0130\u0131"
_ODD = f"iI{_TURKIC}kK\u212asS\u017f"
"""Letters that are related in one engine and not in the other, or that `\\w` has by relation."""
_PLAIN = {
    r"\b": f"(?:{_AFTER}{_NOT_BEFORE}|{_NOT_AFTER}{_BEFORE})",
    r"\B": f"(?:{_AFTER}{_BEFORE}|{_NOT_AFTER}{_NOT_BEFORE})",
    "{": r"\{",
    **{escape: f"(?-i:[{inside}])" for escape, inside in (_SETS | _COMPLEMENTS).items()},
}
_FOLDED = {
    r"\w": f"(?-i:[{_WORD}\u017f\u212a])",
    r"\W": r"(?-i:[\x00-/:-@\[-\^`\{-\u017e\u0180-\u2129\u212b-\U0010ffff])",
}
"""Under `i` RE2 counts the relatives of `s` and `k` among the letters of words."""


def for_regex(source: str, flags: str) -> str:
    """The expression, flags in front. One that sets `a`, `L`, `u` or `x` itself stays as it is."""
    head = _HEAD.match(source)
    named = flags + (head[1] if head else "")
    prefix = f"(?{flags})" if flags else ""
    if set(named) & set("aLux"):
        return prefix + source
    lines = "m" in named or re.search(r"\(\?\w*m\w*[:-]", source) is not None
    return prefix + "".join(_part(part, "i" in named, lines) for part in _PARTS.findall(source))


def _part(part: str, folded: bool, lines: bool) -> str:
    if part == "$" and not lines:
        return r"\Z"
    if part[0] == "[" and len(part) > 1:
        return _class(part, folded)
    if folded and part in ("i", "I"):
        return "(?-i:[iI])"
    if folded and part in _TURKIC:
        return f"(?-i:{part})"
    if folded and part in _FOLDED:
        return _FOLDED[part]
    return _PLAIN.get(part, part)


def _class(part: str, folded: bool) -> str:
    """A class with the sets of RE2; under `i` with the relatives that it gives its letters."""
    negated = part.startswith("[^")
    body = part[2 if negated else 1 : -1]
    inside = _SETS | _COMPLEMENTS | _NAMED
    items = [inside.get(item, item) for item in _IN_CLASS.findall(body)]
    text = "".join(r"\[" if item == "[" else item for item in items)
    made = f"[{'^' if negated else ''}{text}]"
    return _folded_class(made, part) if folded else made


def _folded_class(made: str, part: str) -> str:
    """A class under `i`, of which RE2 says which of the odd letters are in it.

    For `regex` the relatives of all that is in a class are in it, while in RE2 `[\\W]` has none of
    `s` and `k`, and `[h-j]` none of `i`.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        inside = re2.compile(f"(?i){part}", options)
    except (re2.error, UnicodeEncodeError):  # a class of `regex` alone means what that says
        return made
    found = "".join(letter for letter in _ODD if inside.fullmatch(letter))
    plain = f"(?!(?-i:[{_ODD}])){made}"
    return f"(?:{plain}|(?-i:[{found}]))" if found else f"(?:{plain})"
