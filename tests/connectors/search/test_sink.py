"""An alert sink when the cluster is busy, refuses, or loses its answer."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.search import AlertSink
from connectors.search.entry import MAX_BULK_ALERTS, MAX_BULK_BYTES, Entry
from engine.errors import Problems, SettingsError, SinkError
from engine.ports import Alert
from tests.connectors.search.double import HOST, FakeClient, Patient, refusal


def alerts(number: int, **fields: Any) -> list[Alert]:
    return [
        Alert(f"a{n}", None, {"vedette": {"alert": {"id": f"a{n}"}}, **fields})
        for n in range(number)
    ]


def sink(client: FakeClient, patient: Patient | None = None, **options: Any) -> AlertSink:
    return AlertSink(client, retry=(patient or Patient()).retry, **options)


def refuse(status: int, kind: str, *at: int) -> Any:
    """Change an answer so that the items at those places were refused, and not stored."""

    def change(answer: dict[str, Any]) -> dict[str, Any]:
        for n in at:
            item = answer["items"][n]["create"]
            item["status"] = status
            item["error"] = {"type": kind, "reason": f"item {n}"}
        return answer

    return change


class Forgetful(FakeClient):
    """Does not keep what it then refuses."""

    def bulk(self, body: bytes) -> Any:
        before = {name: dict(held) for name, held in self.indices.items()}
        answer = super().bulk(body)
        for item in answer["items"]:
            if item["create"]["status"] not in (201, 409):
                for name, held in self.indices.items():
                    if item["create"]["_id"] not in before.get(name, {}):
                        held.pop(item["create"]["_id"], None)
        return answer


def test_only_the_busy_items_are_sent_again() -> None:
    client, patient = Forgetful(), Patient()
    client.script["bulk"] = [refuse(429, "es_rejected_execution_exception", 1, 3)]
    written = sink(client, patient).write(alerts(5))
    assert (written.created, written.existing, written.dead) == (5, 0, 0)
    assert client.bodies[1].count(b"\n") == 4
    assert patient.waits == [0.5]


def test_a_cluster_that_stays_busy_is_an_error_that_names_it() -> None:
    client, patient = Forgetful(), Patient(limit=2)
    client.script["bulk"] = [refuse(503, "unavailable_shards_exception", 0)] * 5
    with pytest.raises(SinkError, match=f"{HOST}: 503 unavailable_shards_exception: item 0"):
        sink(client, patient).write(alerts(1))
    assert len(patient.waits) == 2


@pytest.mark.parametrize("status", [0, 429, 503])
def test_a_whole_request_that_fails_is_sent_again(status: int) -> None:
    client, patient = FakeClient(), Patient()
    client.script["bulk"] = [refusal(status), refusal(status)]
    assert sink(client, patient).write(alerts(3)).created == 3
    assert patient.waits == [0.5, 1.0]


def test_an_alert_stored_while_its_answer_was_lost_is_not_stored_twice() -> None:
    client = FakeClient()

    def lose(answer: Any) -> Any:
        raise refusal(0, "ConnectionTimeout")

    client.script["bulk"] = [lose]
    written = sink(client).write(alerts(2))
    assert (written.created, written.existing) == (0, 2)
    assert len(client.indices["logs-vedette.alerts-default-undated"]) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, "cluster_block_exception"),
        (400, "index_closed_exception"),
        (404, "index_not_found_exception"),
    ],
)
def test_a_refusal_that_is_not_the_alerts_fault_buries_no_alert(status: int, kind: str) -> None:
    client = Forgetful()
    client.script["bulk"] = [refuse(status, kind, 0)]
    with pytest.raises(SinkError, match=kind):
        sink(client).write(alerts(1))
    assert "vedette-dead-letter-default" not in client.indices


def test_no_right_to_write_is_told_at_once() -> None:
    client, patient = FakeClient(), Patient()
    client.script["put_index_template"] = [refusal(403, "security_exception", "not allowed")]
    with pytest.raises(SinkError, match=r"cannot prepare .*security_exception: not allowed"):
        sink(client, patient).write(alerts(1))
    assert patient.waits == []


def test_a_refused_alert_goes_through_its_forms_and_ends_as_a_dead_letter() -> None:
    client, problems = Forgetful(), Problems()
    harm = refuse(400, "document_parsing_exception", 0)
    client.script["bulk"] = [harm, harm, harm]
    written = sink(client, report=problems).write(alerts(1, host="x"))
    assert (written.created, written.dead) == (0, 1)
    letter = client.indices["vedette-dead-letter-default"]["a0"]["_source"]
    assert letter["error"] == "document_parsing_exception: item 0"
    assert '"host":"x"' in letter["document"]
    assert problems.counts == {"alert-dead": 1}


def test_a_request_too_large_is_halved_until_it_fits() -> None:
    client = FakeClient()
    client.script["bulk"] = [refusal(413), refusal(413), None, None, None]
    assert sink(client).write(alerts(4)).created == 4
    assert client.calls["bulk"] == 5


def test_requests_are_bounded_in_bytes_and_number() -> None:
    client = FakeClient()
    many = alerts(MAX_BULK_ALERTS * 2 + 1)
    large = [Alert(f"b{n}", None, {"pad": "x" * (MAX_BULK_BYTES // 2)}) for n in range(3)]
    assert sink(client).write([*many, *large]).created == len(many) + 3
    assert all(body.count(b"\n") <= 2 * MAX_BULK_ALERTS for body in client.bodies)
    assert all(len(body) <= MAX_BULK_BYTES for body in client.bodies)


def test_writing_nothing_asks_nothing() -> None:
    client = FakeClient()
    assert sink(client).write([]).created == 0
    assert not client.calls


def test_the_alert_handed_over_is_left_as_it_was() -> None:
    client = Forgetful()
    client.script["bulk"] = [refuse(400, "document_parsing_exception", 0)] * 3
    (given,) = alerts(1, host={"name": "x"})
    before = {"vedette": {"alert": {"id": "a0"}}, "host": {"name": "x"}}
    sink(client).write([given])
    assert given.document == before


@pytest.mark.parametrize("name", ["", "A", "a-b", "../x", "a*", "a" * 65])
def test_a_namespace_that_is_no_part_of_an_index_name_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="namespace"):
        AlertSink(FakeClient(), name)


def test_a_cluster_under_pressure_gets_less_at_a_time_and_more_again_later() -> None:
    client = FakeClient()
    written = sink(client)
    written.prepare()
    client.script["bulk"] = [refusal(429), refusal(413), refusal(429)]
    assert written.write(alerts(400)).created == 400
    sent = [body.count(b"\n") // 2 for body in client.bodies]
    assert sent[:4] == [400, 200, 100, 50]
    assert sent[4:] == sorted(sent[4:-1]) + sent[-1:]
    assert max(sent[4:]) > 50
    client.bodies.clear()
    assert written.write(alerts(400)).existing == 400
    assert client.bodies[0].count(b"\n") // 2 > 50


def test_no_more_alerts_are_made_ready_than_one_request_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = FakeClient()
    ready = 0
    most = 0
    before = Entry.of

    def counted(given: Alert, index: str) -> Entry:
        nonlocal ready, most
        ready += 1
        most = max(most, ready)
        return before(given, index)

    def sent(answer: Any) -> Any:
        nonlocal ready
        ready -= len(answer["items"])
        return answer

    monkeypatch.setattr(Entry, "of", counted)
    client.script["bulk"] = [sent] * 20
    written = sink(client)
    assert written.write(alerts(3000)).created == 3000
    assert most <= MAX_BULK_ALERTS + 1
