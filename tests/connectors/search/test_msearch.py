"""Many searches in one request: those refused are told, those without room are asked again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from connectors.search.msearch import mget, msearch
from connectors.search.port import RequestError
from engine.errors import SourceError
from tests.connectors.search.double import FakeClient, Patient, refusal

WHOLE = {"timed_out": False, "_shards": {"total": 1, "failed": 0}}
Answering = Callable[[str], Mapping[str, Any]]


def hit(name: str) -> dict[str, Any]:
    return {**WHOLE, "status": 200, "hits": {"hits": [{"_id": name}]}}


def error(status: int, kind: str = "query_shard_exception") -> dict[str, Any]:
    return {"status": status, "error": {"type": kind, "reason": f"because of {kind}"}}


class Client(FakeClient):
    """Answers each search by its `id`; whole requests are refused by `refuses`."""

    def __init__(self, answers: Answering, refuses: Callable[[list[str]], Any] = lambda _: None):
        super().__init__()
        self.answers, self.refuses = answers, refuses
        self.asked: list[list[str]] = []

    def msearch(self, body: bytes) -> Mapping[str, Any]:
        lines = [json.loads(line) for line in body.splitlines()]
        heads, bodies = lines[::2], lines[1::2]
        assert all(head["allow_partial_search_results"] is False for head in heads)
        names = [each["id"] for each in bodies]
        self.asked.append(names)
        if problem := self.refuses(names):
            raise problem
        return {"responses": [self.answers(name) for name in names]}

    def search(self, body: Mapping[str, Any], index: str | None = None) -> Mapping[str, Any]:
        if problem := self.refuses(["plain"]):
            raise problem
        return {**WHOLE, "hits": {"hits": []}}


def ask(client: Client, names: str, patient: Patient | None = None) -> tuple[str, str]:
    """The names of the searches that are answered, and of those that are refused."""
    bodies = [{"id": name} for name in names]
    found = msearch(client, "logs-*", bodies, (patient or Patient()).retry)
    assert all(found.found[n]["hits"]["hits"][0]["_id"] == names[n] for n in found.found)
    return "".join(names[n] for n in sorted(found.found)), "".join(
        names[n] for n in sorted(found.refused)
    )


def test_a_search_that_is_refused_is_told_and_the_others_are_answered() -> None:
    client = Client(lambda name: error(400) if name == "b" else hit(name))
    assert ask(client, "abc") == ("ac", "b")
    assert client.asked == [["a", "b", "c"]]


def test_the_one_that_a_whole_request_is_refused_for_is_found_by_halves() -> None:
    client = Client(hit, lambda names: refusal(400, "parsing") if "c" in names else None)
    assert ask(client, "abcdefgh") == ("abdefgh", "c")


def test_a_request_that_is_too_large_is_sent_in_parts() -> None:
    client = Client(hit, lambda names: refusal(413) if len(names) > 2 else None)
    assert ask(client, "abcdefg") == ("abcdefg", "")


def test_what_the_cluster_has_no_room_for_is_asked_again_alone() -> None:
    busy = ["b", "b"]

    def answer(name: str) -> dict[str, Any]:
        if name in busy:
            busy.remove(name)
            return error(429, "es_rejected_execution_exception")
        return hit(name)

    client, patient = Client(answer), Patient()
    assert ask(client, "abc", patient) == ("abc", "")
    assert client.asked == [["a", "b", "c"], ["b"], ["b"]]
    assert len(patient.waits) == 2


def test_no_room_for_long_is_an_error_and_no_refusal() -> None:
    client = Client(lambda name: error(503) if name == "b" else hit(name))
    with pytest.raises(RequestError, match="503"):
        ask(client, "abc", Patient(limit=2))


@pytest.mark.parametrize("answer", [
    {**hit("a"), "timed_out": True},
    {**hit("a"), "_shards": {"total": 2, "failed": 1}},
])  # fmt: skip
def test_an_answer_that_is_not_whole_is_an_error(answer: dict[str, Any]) -> None:
    with pytest.raises(SourceError, match="not whole"):
        ask(Client(lambda _: answer), "a")


def test_a_missing_answer_is_an_error() -> None:
    client = Client(hit)
    client.msearch = lambda body: {"responses": []}  # type: ignore[method-assign]
    with pytest.raises(SourceError, match="1 searches have 0 answers"):
        ask(client, "a")


def test_a_user_who_may_not_search_is_told_and_no_rule_is_to_blame() -> None:
    with pytest.raises(RequestError, match="403"):
        ask(Client(lambda _: error(403, "security_exception")), "ab")


def test_when_all_are_refused_it_is_asked_whether_any_search_is_answered() -> None:
    assert ask(Client(lambda _: error(400)), "ab") == ("", "ab")
    broken = Client(lambda _: error(500), lambda names: names == ["plain"] and refusal(500))
    with pytest.raises(RequestError, match="500"):
        ask(broken, "ab")


def test_documents_are_fetched_by_their_index_and_routing_and_one_that_is_gone_is_none() -> None:
    client = FakeClient()
    asked: list[Any] = []

    def answer(documents: Any) -> Mapping[str, Any]:
        asked.extend(documents)
        return {"docs": [{"found": True, "_source": {"a": 1}}, {"found": False},
                         {"error": {"type": "index_not_found_exception"}}]}  # fmt: skip

    client.mget = answer  # type: ignore[attr-defined]
    hits = [{"_index": "i", "_id": str(n)} for n in range(3)]
    hits[0]["_routing"] = "r"
    found = mget(client, hits, Patient().retry)
    assert [each and each["_source"] for each in found] == [{"a": 1}, None, None]
    assert asked[0] == {"_index": "i", "_id": "0", "routing": "r"}


def test_a_document_that_cannot_be_read_is_an_error() -> None:
    client = FakeClient()
    client.mget = lambda _: {"docs": [{"error": {"type": "shard_not_available"}}]}  # type: ignore[attr-defined]
    with pytest.raises(RequestError, match="shard_not_available"):
        mget(client, [{"_index": "i", "_id": "1"}], Patient().retry)
