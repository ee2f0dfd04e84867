"""The Elasticsearch or OpenSearch cluster."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr

from vedette.settings.durations import Interval
from vedette.settings.section import Section
from vedette.settings.values import FilePath, Fingerprint, HostUrl, Line


class Cluster(Section):
    """How to reach the cluster and sign in to it."""

    kind: Literal["auto", "elasticsearch", "opensearch"] = Field(
        default="auto", description="The product; 'auto' asks the cluster."
    )
    hosts: tuple[HostUrl, ...] = Field(
        min_length=1, description="URLs of the nodes (http or https), without credentials."
    )
    username: Line | None = Field(default=None, description="User to sign in as.")
    password: SecretStr | None = Field(
        default=None, min_length=1, description="The user's password."
    )
    password_file: FilePath | None = Field(
        default=None, description="File that holds the password."
    )
    api_key: SecretStr | None = Field(
        default=None, min_length=1, description="Encoded API key, instead of a user."
    )
    api_key_file: FilePath | None = Field(default=None, description="File that holds the API key.")
    ca_file: FilePath | None = Field(
        default=None, description="PEM certificates to trust instead of the system's."
    )
    client_cert: FilePath | None = Field(
        default=None, description="PEM certificate that this client shows."
    )
    client_key: FilePath | None = Field(
        default=None, description="PEM key of the client certificate, unless it is in that file."
    )
    fingerprint: Fingerprint | None = Field(
        default=None, description="SHA-256 of the certificate to trust, 64 hexadecimal digits."
    )
    verify: bool = Field(default=True, description="Verify the server's TLS certificate.")
    timeout: Interval = Field(
        default=timedelta(seconds=30), description="How long one request may take."
    )
