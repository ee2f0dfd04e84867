"""What was learned from verdicts, on disk."""

from __future__ import annotations

from pathlib import Path

from engine.errors import Problems
from engine.feedback.subject import Subject
from engine.feedback.tally import Tally
from engine.score.learned import Learned
from tests.engine.score.test_learned import judged, one
from vedette import learned


def test_what_is_kept_is_put_to_use_and_what_was_altered_is_a_problem(tmp_path: Path) -> None:
    verdicts = judged()
    found, tally = Learned.fit("office", verdicts), Tally.of(verdicts)
    folder = learned.folder_of(tmp_path, "office")
    subject = Subject.of(one(900, 0.01, 0.5))
    problems = Problems()
    assert learned.sure(tmp_path, problems)(subject, tally) is None
    learned.save(found, folder)
    assert learned.sure(tmp_path, problems)(subject, tally) == found.probability(subject, tally)
    assert len(problems) == 0
    for name in (learned.ARRAYS, learned.TOLD):
        before = (folder / name).read_bytes()
        for content in (b"", before[:-9], b"\x80\x04nonsense"):
            (folder / name).write_bytes(content)
            assert learned.sure(tmp_path, problems)(subject, tally) is None
        (folder / name).write_bytes(before)
    assert problems.counts == {"verdicts-unlearned": 6}
