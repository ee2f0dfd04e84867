"""What tests of a first look at lines share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.detect import Detector
from engine.match.native import NATIVE
from engine.match.numbers import Numbers
from engine.match.texttests import TextTests


@pytest.fixture(scope="module", params=[True, False], ids=["native", "python"])
def both_ways(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test is asked of both ways of reading a line."""
    if request.param and not NATIVE:
        pytest.skip("the native reader was not built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Detector, "native", request.param)
        patch.setattr(TextTests, "native", request.param)
        patch.setattr(Numbers, "native", request.param)
        yield
