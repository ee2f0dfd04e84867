"""What a rule's filters say of the values that its selections look for.

Of an event that a rule matches, no value passes what the rule refuses of a field. So a value that
passes what it wants of the same field passes nothing of that, wherever it stands and whatever other
values there are: values that a filter takes out need not be looked for.
"""

from __future__ import annotations

from engine.needs.need import ALWAYS, Either, Every, Lacks, Need, One, either, every


def narrowed(need: Need, within: Need = ALWAYS) -> Need:
    """The same with the values of each field `within` what is lacking beside them."""
    match need:
        case One(field, test):
            kept = _of_field(within, field)
            return need if kept == ALWAYS else One(field, test, kept)
        case Every(parts):
            inside = every((within, need))
            return every(narrowed(part, inside) for part in parts)
        case Either(parts):
            return either(narrowed(part, within) for part in parts)
    return need


def _of_field(need: Need, field: str) -> Need:
    """What a need says that values of one field lack."""
    match need:
        case Lacks():
            return need if need.field == field else ALWAYS
        case Every(parts):
            return every(_of_field(part, field) for part in parts)
        case Either(parts):
            return either(_of_field(part, field) for part in parts)
    return ALWAYS
