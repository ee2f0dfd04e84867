from __future__ import annotations

import json

import numpy as np

from models.baseline.count_vector import CountVector
from models.train.record import data_hash, record


def test_equal_data_hash_equally_and_others_do_not() -> None:
    assert data_hash([(1, 2), (3,)]) == data_hash([(1, 2), (3,)])
    others = [[(1, 2), (3,)], [(1,), (2, 3)], [(1, 2, 3)], ["1 2", "3"], ["[1, 2]", "[3]"]]
    others += [["a\nb"], ["a", "b"], [], ["\ud800"]]
    assert len({data_hash(each) for each in others}) == len(others)
    ones = np.ones((2, 3))
    assert data_hash(ones) == data_hash(ones.astype(np.int64)) != data_hash(np.ones((3, 2)))


def test_a_record_says_what_a_model_came_from() -> None:
    sessions = [(1, 2), (1, 3)]
    told = record(CountVector(block=7).fit(sessions), sessions, "1.2.3", {"pr_auc": 0.5})
    assert told == {
        "data": {"sha256": data_hash(sessions), "count": 2},
        "code_version": "1.2.3",
        "parameters": {"block": 7},
        "run": {},
        "metrics": {"pr_auc": 0.5},
    }
    json.dumps(told)
