"""What tests of caches share: both of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from models.template.forms import Forms
from models.template.front import Front
from models.template.mask import DATE, Dates, Tokens
from models.template.native import NATIVE

Cache: TypeAlias = type[Forms] | type[Front]


def only(kind: Cache) -> Callable[[Callable[[Tokens], int], Dates], Forms | Front]:
    """What gives caches of that kind, but where a mask is asked that only one of them has."""
    return lambda ask, dates: kind(ask) if dates is DATE else Front(ask, dates)


@pytest.fixture
def built() -> None:
    """Skips what is about C where there is none."""
    if not NATIVE:
        pytest.skip("the native mask was not built")


@pytest.fixture(scope="module", params=[Forms, Front], ids=["native", "python"])
def cache(request: pytest.FixtureRequest) -> Cache:
    """Each test is asked of both."""
    if request.param is Forms and not NATIVE:
        pytest.skip("the native mask was not built")
    found: Cache = request.param
    return found


@pytest.fixture(scope="module")
def cached(cache: Cache) -> Iterator[None]:
    """Templates made meanwhile have this cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.template.templates.cache", only(cache))
        yield
