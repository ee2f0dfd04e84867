"""Libraries that compute on many threads are held to one, and let go of again."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from models.threads import one_thread


def pools() -> list[int]:
    return [int(each["num_threads"]) for each in threadpool_info()]


def test_inside_every_library_has_one_thread_and_afterwards_as_many_as_before() -> None:
    assert np.linalg.norm(np.eye(2) @ np.eye(2)) > 0  # linear algebra is loaded
    with threadpool_limits(2):
        before = pools()
        with one_thread():
            assert set(pools()) == {1}
        assert pools() == before
        assert 2 in before


def test_without_threadpoolctl_it_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with threadpool_limits(2):
        before = pools()
        with one_thread():
            assert pools() == before
