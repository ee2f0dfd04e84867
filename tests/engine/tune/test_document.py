"""Tuning files: what is wrong in them is named with file, line and field."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from engine.errors import RuleError
from engine.tune.document import tuning_in

WHOLE = b"""
suppress:
  - {rules: one, by: [host, user], for: 90m}
override:
  - name: controllers
    logsource: {product: windows}
    when: {s: {host: dc}, condition: s}
    level: high
    risk: 50
    add_risk: -5
caps:
  - {tags: [attack.t1059], most: 0, per: 1d}
building_blocks:
  - {logsource: {service: sshd}}
"""


def test_a_tuning_file_says_what_is_asked() -> None:
    tuning = tuning_in(WHOLE, "t.yml")
    (suppress,), (override,), (cap,), (block,) = (
        tuning.suppress, tuning.overrides, tuning.caps, tuning.blocks,
    )  # fmt: skip
    assert (suppress.by, suppress.span) == (("host", "user"), timedelta(minutes=90))
    assert suppress.scope.names == {"one"}
    assert (override.level, override.risk, override.add_risk) == ("high", 50, -5)
    assert (cap.most, cap.period, cap.scope.names) == (0, timedelta(days=1), {"attack.t1059"})
    assert block.logsource.service == "sshd"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("supress: []", r"t.yml:1: supress: 'supress' is not known here.*did you mean 'suppress'"),
        ("suppress: 7", r"suppress: is no list"),
        ("suppress:\n- by: [a]", r"suppress.0.for: is missing"),
        (
            "suppress:\n- by: [a]\n  for: 1 hour",
            r"t.yml:3: suppress.0.for: '1 hour' is no",
        ),
        ("caps: []\nsuppress:\n- {by: [a], for: 1 hour}", r"t.yml:3: suppress.0.for: '1 hour'"),
        ("caps: []\nsuppress:\n- {by: [a]}", r"t.yml:2: suppress.0.for: is missing"),
        ("suppress:\n- by: [a]\n  for: 9999d", r"is no duration"),
        ("suppress:\n- by: [1]\n  for: 1h", r"suppress.0.by: is no list of texts"),
        ("suppress: [7]", r"suppress.0: is no mapping"),
        ("override:\n- {level: hgih}", r"override.0.level: 'hgih' is no level.*'high'"),
        ("override:\n- {risk: 101}", r"override.0.risk: '101' is out of range"),
        ("override:\n- {add_risk: true}", r"override.0.add_risk"),
        ("override:\n- {name: x}", r"override.0: changes nothing"),
        ("override:\n- {level: low, when: {s: {a: 1}}}", r"override.0.when"),
        ("override:\n- {level: low, when: {s: {a|x: 1}, condition: s}}", r"override.0.when.*'x'"),
        ("override:\n- {level: low, when: 1}", r"override.0.when: is no mapping"),
        ("override:\n- {level: low, lists: {a: {file: a}}}", r"lists: are used by no condition"),
        ("caps:\n- {per: 1h}", r"caps.0.most: is missing"),
        ("caps:\n- {most: -1, per: 1h}", r"caps.0.most: '-1' is out of range"),
        ("building_blocks:\n- {}", r"building_blocks.0: is for every rule"),
        (
            "caps:\n- {logsource: {produkt: x}, most: 1, per: 1h}",
            r"'produkt'.*'product'",
        ),
        ("[]", "expected a YAML mapping"),
        ("a: 1\n---\nb: 2", "holds several documents"),
        ("a: [", "is not YAML"),
        ("", "is empty"),
    ],
)
def test_what_is_wrong_is_named(text: str, says: str) -> None:
    with pytest.raises(RuleError) as caught:
        tuning_in(text.encode(), "t.yml")
    assert re.search(says, str(caught.value)), caught.value
    assert str(caught.value).startswith("t.yml")
