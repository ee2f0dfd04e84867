"""What a comparison of then and now found, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Drift:
    """One measure of drift.

    `p` is the share of comparisons of the reference with itself that came out as far apart, never
    0: with n of them 1/(n+1) at the least. `detail` names what moved most.
    """

    name: str
    value: float
    p: float
    detail: str = ""

    def found(self, level: float = 0.01) -> bool:
        """Whether chance alone would give so much in fewer than `level` of cases."""
        return self.p <= level

    def words(self, level: float = 0.01) -> str:
        """One line for a person."""
        verdict = "has drifted" if self.found(level) else "is as before"
        detail = f"; {self.detail}" if self.detail else ""
        return f"{self.name} {verdict} ({self.value:.3g}, p {self.p:.2g}){detail}"


def drifted(findings: list[Drift], level: float = 0.01) -> list[Drift]:
    """Those that hold at `level` in all, strongest first (Holm's correction for looking often)."""
    ranked = sorted(findings, key=lambda each: (each.p, each.name))
    kept = []
    for at, each in enumerate(ranked):
        if each.p > level / (len(ranked) - at):
            break
        kept.append(each)
    return kept
