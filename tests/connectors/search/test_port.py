"""Settings that cannot work are refused by name, and secrets stay out of sight."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.search import ClusterSettings
from engine.errors import SettingsError

URL = "https://search.test:9200"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"hosts": []}, "hosts"),
        ({"hosts": ["search.test:9200"]}, "hosts"),
        ({"hosts": ["ftp://search.test"]}, "hosts"),
        ({"hosts": ["https://"]}, "hosts"),
        ({"hosts": ["https://x:notaport"]}, "hosts"),
        ({"hosts": [URL + "/?a=b"]}, "hosts"),
        ({"hosts": ["https://me:hunter2@search.test"]}, "hosts"),
        ({"kind": "solr"}, "kind"),
        ({"username": "me"}, "username"),
        ({"password": "hunter2"}, "username"),
        ({"username": "me", "password": "hunter2", "api_key": "k"}, "api_key"),
        ({"client_key": "k.pem"}, "client_cert"),
        ({"client_cert": "c.pem", "verify": False}, "verify"),
        ({"fingerprint": "abc"}, "fingerprint"),
    ],
)
def test_settings_that_cannot_work_name_their_field(options: dict[str, Any], field: str) -> None:
    with pytest.raises(SettingsError) as raised:
        ClusterSettings(**{"hosts": [URL], **options})
    assert raised.value.field == field
    assert "hunter2" not in str(raised.value)


def test_secrets_do_not_show() -> None:
    shown = repr(ClusterSettings([URL], username="me", password="hunter2"))
    shown += repr(ClusterSettings([URL], api_key="hunter2"))
    assert "hunter2" not in shown


def test_a_fingerprint_may_be_written_with_or_without_colons() -> None:
    for text in ("ab" * 32, ":".join(["AB"] * 32)):
        assert ClusterSettings([URL], fingerprint=text).fingerprint == text
