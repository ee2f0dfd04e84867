"""The mapper names the technique of what is like known texts, says why, and knows when it does not
know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from mitre import index
from mitre.catalog import Catalog
from mitre.errors import AttackError
from mitre.example import Example, signs, technique_examples
from mitre.mapper import Mapper

KINDS = {
    "T1003.001": ("dump of the credential process", "lsass.dmp rundll32.exe comsvcs.dll MiniDump"),
    "T1053.005": ("scheduled task made for persistence", "schtasks.exe /create /tn /sc onlogon"),
    "T1059.001": ("encoded script in a shell", "powershell.exe -EncodedCommand -NoProfile hidden"),
    "T1490": ("recovery copies deleted", "vssadmin.exe delete shadows /all /quiet wbadmin"),
}
WORDS = ("office", "service", "remote", "folder", "user", "network", "browser", "update")


def examples() -> list[Example]:
    made = []
    for at, word in enumerate(WORDS):
        for id, (prose, values) in KINDS.items():
            source = {"product": "windows", "category": "process_creation"}
            made.append(
                Example(
                    id=f"{id}-{at}",
                    title=f"{prose} {word}",
                    techniques=(id,),
                    prose=f"{prose} by the {word}",
                    values=f"{values} {word}{at}.exe",
                    signs=signs(source, ("Image", "CommandLine")),
                )
            )
    return made


@pytest.fixture(scope="module")
def mapper() -> Mapper:
    return Mapper.learn(examples(), Catalog.load())


@pytest.mark.parametrize("id", KINDS)
@pytest.mark.parametrize("place", [0, 1])
def test_a_text_like_known_ones_gets_their_technique(mapper: Mapper, id: str, place: int) -> None:
    text = KINDS[id][place] + " of a new kind"
    first = mapper.rank(text)[0]
    assert first.technique == id
    assert 0.5 < first.confidence <= 1
    assert first.tactics == Catalog.load().release().techniques[id].tactics


def test_a_known_text_can_be_asked_about_as_if_it_were_not_known() -> None:
    odd = Example("odd", "Odd", ("T1123",), "", "C:\\Windows\\qqzx.exe -listen microphone")
    mapper = Mapper.learn([*examples(), odd], Catalog.load())
    known = mapper.rank(odd.values, view="values", least=0.0)
    assert known[0].technique == "T1123"
    without = {r.technique: r for r in mapper.rank(odd.values, view="values", least=0.0,
                                                   without="odd", k=20)}  # fmt: skip
    told = without.get("T1123")
    assert told is None or (told.confidence < known[0].confidence and "odd" not in
                            {near.id for near in told.because})  # fmt: skip


def test_the_nearest_known_texts_of_the_technique_say_why(mapper: Mapper) -> None:
    first = mapper.rank("vssadmin delete shadows")[0]
    assert [near.id.partition("-")[0] for near in first.because] == ["T1490", "T1490"]
    assert 1 >= first.because[0].similarity >= first.because[1].similarity > 0


def test_what_no_known_text_is_like_is_unknown(mapper: Mapper) -> None:
    assert mapper.rank("Zwölf Boxkämpfer jagen Viktor quer") == ()
    assert mapper.rank("") == ()
    assert len(mapper.rank("Zwölf Boxkämpfer", least=0.0)) > 0


def test_log_source_and_fields_make_a_text_an_event(mapper: Mapper) -> None:
    text = "vssadmin.exe delete shadows"
    plain = mapper.rank(text, view="values")[0]
    source = {"product": "windows", "category": "process_creation"}
    event = mapper.rank(text, logsource=source, fields=("Image", "CommandLine"))[0]
    assert plain.technique == event.technique == "T1490"
    assert event == mapper.rank(text, logsource=source, fields=("Image", "CommandLine"))[0]
    assert event.because[0].similarity != plain.because[0].similarity


def test_a_command_line_is_not_seen_as_prose(mapper: Mapper) -> None:
    text = KINDS["T1490"][1]
    assert mapper.rank(text) == mapper.rank(text, view="values")
    prose = KINDS["T1490"][0]
    assert mapper.rank(prose) == mapper.rank(prose, view="prose")


def test_a_name_of_att_and_ck_alone_is_found(catalog: Catalog) -> None:
    wanted = ("T1119", "T1123", "T1125")
    names = [e for e in technique_examples(catalog.release()) if e.id in wanted]
    mapper = Mapper.learn([*examples(), *names], catalog)
    ranked = mapper.rank("audio capture", view="prose", least=0.0)
    assert ranked[0].technique == "T1123"
    assert ranked[0].because[0].title == "ATT&CK T1123 Audio Capture"


def test_a_value_is_found_by_what_a_title_or_a_name_says_of_it(catalog: Catalog) -> None:
    told = Example("odd", "Grzzl run", ("T1123",), "The tool grzzl was run", "C:\\Windows\\a.exe")
    named = [e for e in technique_examples(catalog.release()) if e.id == "T1490"]
    others = [each for each in examples() if each.techniques != ("T1490",)]
    mapper = Mapper.learn([*others, told, *named], catalog)
    for text, technique, title in (
        ("grzzl.exe -x", "T1123", "Grzzl run"),
        ("inhibit.exe system recovery", "T1490", "ATT&CK T1490 Inhibit System Recovery"),
    ):
        first = mapper.rank(text, view="values", least=0.0)[0]
        assert first.technique == technique
        assert [near.title for near in first.because] == [title]  # once, by either text


def test_a_kept_index_answers_as_the_mapper_did(mapper: Mapper) -> None:
    content = index.dump(mapper, "these rules")
    again = index.restore(content, "these rules", mapper.release)
    for text in ("vssadmin delete shadows", "scheduled task", "powershell.exe -enc"):
        assert again.rank(text, least=0.0) == mapper.rank(text, least=0.0)
        assert again.rank(text, fields=("Image",)) == mapper.rank(text, fields=("Image",))
    assert again.fields == mapper.fields == {"image", "commandline"}


def test_an_index_of_other_rules_or_a_damaged_one_is_refused(mapper: Mapper) -> None:
    content = index.dump(mapper, "these rules")
    with pytest.raises(AttackError, match="other rules"):
        index.restore(content, "those rules", mapper.release)
    for wrong in (b"", b"PK\x03\x04", content[: len(content) // 2], content[:-100]):
        with pytest.raises(AttackError):
            index.restore(wrong, "these rules", mapper.release)


def test_an_encoder_tells_what_has_no_letter_in_common(catalog: Catalog) -> None:
    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        """Meaning by the first word that is known; a synonym has the meaning of its word."""
        meanings = ("dump", "scheduled", "encoded", "recovery")
        rows = np.full((len(texts), 5), 0.01, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            text = text.replace("zzz", "recovery")
            row[next((at for at, word in enumerate(meanings) if word in text), 4)] = 1.0
        found: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return found

    without = Mapper.learn(examples(), catalog, views=("prose",))
    with_it = Mapper.learn(examples(), catalog, views=("prose",), encode=encode)
    text = "zzz by the office"
    assert without.rank(text, k=1)[:1] != with_it.rank(text, k=1)
    assert with_it.rank(text)[0].technique == "T1490"
    kept = index.restore(index.dump(with_it, "k"), "k", catalog.release(), encode)
    assert kept.rank(text) == with_it.rank(text)


def test_too_few_texts_are_an_error(catalog: Catalog) -> None:
    with pytest.raises(AttackError, match="needs 8 texts"):
        Mapper.learn(examples()[:3], catalog)
    unknown = [Example(str(n), "t", ("T9999",), "prose", "values") for n in range(20)]
    with pytest.raises(AttackError, match="needs 8 texts"):
        Mapper.learn(unknown, catalog)


def test_a_text_of_any_length_and_kind_is_answered(mapper: Mapper) -> None:
    for text in ("\ud800\x00\x1b[31m", "a" * 100_000, "\\" * 10_000, "💥 " * 5_000):
        assert mapper.rank(text, least=0.0)
