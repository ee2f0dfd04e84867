"""What was learned from verdicts, on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import Problems
from engine.feedback.subject import Subject
from engine.feedback.tally import Tally
from engine.score.learned import METHODS, Learned
from tests.engine.score.test_learned import judged, one
from vedette import learned


@pytest.mark.parametrize("method", METHODS)
def test_what_is_kept_is_put_to_use_and_what_was_altered_is_a_problem(
    method: str, tmp_path: Path
) -> None:
    verdicts = judged()
    found, tally = Learned.fit("office", verdicts, method=method), Tally.of(verdicts)
    folder = learned.folder_of(tmp_path, "office")
    subject = Subject.of(one(900, 0.001, 0.5))
    problems = Problems()
    assert learned.sure(tmp_path, problems)(subject, tally) is None
    learned.save(found, folder)
    told = learned.sure(tmp_path, problems)(subject, tally)
    assert told is not None
    assert told.share == found.probability(subject, tally)
    assert told.because[0].startswith("knows: raises the odds by a factor of")
    assert len(problems) == 0
    for name in (learned.ARRAYS, learned.TOLD):
        before = (folder / name).read_bytes()
        for content in (b"", before[:-9], b"\x80\x04nonsense"):
            (folder / name).write_bytes(content)
            assert learned.sure(tmp_path, problems)(subject, tally) is None
        (folder / name).write_bytes(before)
    assert problems.counts == {"verdicts-unlearned": 6}
