"""Figures of windows and sessions."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from models.feature.figures import NAMES, session_figures
from models.feature.windows import Window


def window(*events: int, seconds: float = 9.0) -> Window:
    return Window("a", 100.0, 100.0 + seconds, events, tuple(range(len(events))))


def test_figures_of_a_session() -> None:
    row = dict(zip(NAMES, session_figures([window(1, 1, 0, 2)])[0], strict=True))
    assert row["log events"] == pytest.approx(math.log(5))
    assert row["log seconds"] == pytest.approx(math.log(10))
    assert row["log rate"] == pytest.approx(math.log(1 + 4 / 9))
    assert row["distinct share"] == 0.75
    assert row["entropy"] == pytest.approx(1.5 * math.log(2))
    assert row["unknown share"] == 0.25
    assert row["longest repeat"] == 0.5


def test_where_times_are_told_seconds_are_those_between_events() -> None:
    timed = replace(window(1, 2, seconds=600), times=(103.0, 105.0), over=2)
    row = dict(zip(NAMES, session_figures([timed])[0], strict=True))
    assert row["log seconds"] == pytest.approx(math.log(3))
    assert row["log rate"] == pytest.approx(math.log(2))
    assert row["log events"] == pytest.approx(math.log(5))


def test_odd_sessions_have_finite_figures() -> None:
    odd = [window(), window(1, seconds=0), window(*[7] * 5_000), window(1, seconds=-5)]
    assert np.isfinite(session_figures(odd)).all()
    assert session_figures([]).shape == (0, len(NAMES))
