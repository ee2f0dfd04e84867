"""Hashed n-grams against n-grams spelt out."""

from __future__ import annotations

from collections import Counter

import numpy as np

from models.baseline.grams import END, START, blocks, counted, hashes, looked_up, merged, padded
from tests.models import data


def spelt(session: tuple[int, ...], n: int, starts: int) -> list[tuple[int, ...]]:
    whole = (START,) * starts + session + (END,)
    return [whole[max(0, at - n + 1) : at + 1] for at in range(starts, len(whole))]


def test_sessions_are_padded_and_their_places_named() -> None:
    made = padded([(7, 8), ()], 2)
    assert made.events.tolist() == [START, START, 7, 8, END, START, START, END]
    assert made.events[made.places].tolist() == [7, 8, END, END]
    assert made.sizes.tolist() == [3, 1]
    assert made.starts.tolist() == [0, 3]


def test_equal_n_grams_and_only_those_have_equal_hashes() -> None:
    sessions = [*data.sessions(80), (), (1,), (10**12, 0)]
    whole = padded(sessions, 3)
    for n, row in enumerate(hashes(whole.events, 3), 1):
        grams = [gram for session in sessions for gram in spelt(session, n, 3)]
        names = row[whole.places].tolist()
        assert len(set(zip(grams, names, strict=True))) == len(set(grams)) == len(set(names))
        assert sorted(Counter(names).values()) == sorted(Counter(grams).values())


def test_tables_merge_to_the_table_of_all() -> None:
    values = hashes(padded(data.sessions(40), 1).events, 2)[1]
    whole = counted(values)
    parts = merged(counted(values[:50]), counted(values[50:]))
    assert np.array_equal(whole[0], parts[0])
    assert np.array_equal(whole[1], parts[1])
    assert looked_up(whole, values[:1])[0] == (values == values[0]).sum()
    assert looked_up(whole, np.array([12345], dtype=np.uint64))[0] == 0


def test_blocks_hold_every_session_once() -> None:
    sessions = data.sessions(50)
    parts = list(blocks(sessions, 20))
    assert len(parts) > 5
    assert [session for part in parts for session in part] == sessions
