"""Many searches in one request, each with an answer of its own; those that are refused are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.search import codec
from connectors.search.client import error_of
from connectors.search.paging import check_whole
from connectors.search.port import RequestError, SearchClient
from connectors.search.retry import Patience, Retry
from engine.errors import SourceError

DENIED = (401, 403)
UNASKABLE = (400, 413)
"""Statuses of a request that is refused for one of its searches, or for its size."""


@dataclass(slots=True)
class Answers:
    """Answers by the number of their search; `refused` are those that the server will not do."""

    found: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    refused: dict[int, RequestError] = field(default_factory=dict)


def msearch(
    client: SearchClient, index: str, bodies: Sequence[Mapping[str, Any]], retry: Retry
) -> Answers:
    """Search an index pattern for each body.

    A search that the cluster has no room for is asked again, with the others that have no answer
    yet; one that it refuses for what it asks is told as such. Raises `RequestError` where the
    cluster cannot be asked at all or has no room for long, `SourceError` for an answer that is not
    whole.
    """
    answers = Answers()
    left = list(range(len(bodies)))
    patience = Patience(retry)
    while left:
        busy = _ask(client, index, bodies, left, answers, retry)
        left = [number for number in left if number in busy]
        if left:
            patience.wait(busy[left[0]])
    if answers.refused and not answers.found:
        # if it refuses this as well, it is no fault of what was asked
        plain = {"query": {"match_all": {}}, "size": 0}
        retry.call(lambda: client.search(plain, index))
    return answers


def _ask(
    client: SearchClient,
    index: str,
    bodies: Sequence[Mapping[str, Any]],
    numbers: Sequence[int],
    answers: Answers,
    retry: Retry,
) -> dict[int, RequestError]:
    """Ask once, in as few requests as the server takes; gives those that it had no room for."""
    text = b"".join(_lines(index, bodies[number]) for number in numbers)
    try:
        answer = retry.call(lambda: client.msearch(text))
    except RequestError as error:
        if error.transient or error.status in DENIED:
            raise
        if len(numbers) == 1:
            if error.status in UNASKABLE:
                answers.refused[numbers[0]] = error
                return {}
            raise
        # whichever search it is that the request as a whole is refused for, half has none of it
        middle = len(numbers) // 2
        first = _ask(client, index, bodies, numbers[:middle], answers, retry)
        return first | _ask(client, index, bodies, numbers[middle:], answers, retry)
    busy: dict[int, RequestError] = {}
    responses = answer.get("responses") or ()
    if len(responses) != len(numbers):
        raise SourceError(f"{client.host}: {len(numbers)} searches have {len(responses)} answers")
    for number, response in zip(numbers, responses, strict=True):
        refusal = _error_in(client, response)
        if refusal is None:
            check_whole(client.host, response)
            answers.found[number] = response
        elif refusal.transient:
            busy[number] = refusal
        elif refusal.status in DENIED:
            raise refusal
        else:
            answers.refused[number] = refusal
    return busy


def _error_in(client: SearchClient, response: Mapping[str, Any]) -> RequestError | None:
    if "error" not in response:
        return None
    return error_of(client.host, int(response.get("status", 500)), response)


def _lines(index: str, body: Mapping[str, Any]) -> bytes:
    head = {
        "index": index.split(","), "allow_partial_search_results": False,
        "ignore_unavailable": True, "allow_no_indices": True, "expand_wildcards": "open",
    }  # fmt: skip
    return codec.dumps(head) + b"\n" + codec.dumps(body) + b"\n"


def mget(client: SearchClient, hits: Sequence[Mapping[str, Any]], retry: Retry) -> list[Any]:
    """The documents of hits, each as the store has it now; None for one that is gone.

    Raises `RequestError`, for a document that cannot be read too.
    """
    docs = [
        {"_index": hit["_index"], "_id": hit["_id"],
         **({"routing": hit["_routing"]} if "_routing" in hit else {})}
        for hit in hits
    ]  # fmt: skip
    answer = retry.call(lambda: client.mget(docs))
    found: list[Any] = []
    for document in answer["docs"]:
        error = document.get("error")
        if error and error.get("type") != "index_not_found_exception":
            raise error_of(client.host, 503, document)
        found.append(document if document.get("found") else None)
    return found
