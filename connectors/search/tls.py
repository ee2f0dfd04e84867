"""One TLS set-up for both client libraries, verified unless it is switched off by name."""

from __future__ import annotations

import logging
import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from urllib3.exceptions import InsecureRequestWarning

from connectors.search.port import ClusterSettings
from engine.errors import SettingsError

log = logging.getLogger(__name__)


def context(settings: ClusterSettings) -> ssl.SSLContext | None:
    """The TLS context for a cluster's https hosts, None when it has none.

    With a fingerprint the library compares the server's certificate with it instead of asking
    for a chain and a host name. Raises `SettingsError` for a file that cannot be used.
    """
    if not any(host.startswith("https:") for host in settings.hosts):
        if settings.password or settings.api_key:
            log.warning("credentials go over http unencrypted: %s", shown(settings))
        return None
    made = authorities(settings)
    if settings.client_cert:
        try:
            made.load_cert_chain(settings.client_cert, settings.client_key)
        except OSError as error:
            raise SettingsError(
                f"the client certificate cannot be used: {reason(error)}",
                file=settings.client_cert,
                field="client_cert",
                expected="a certificate in PEM, and its key there too or in client_key",
            ) from error
    if settings.fingerprint or not settings.verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if not settings.verify and not settings.fingerprint:
        log.warning("TLS certificates are not verified (verify: false): %s", shown(settings))
    return made


class _Hush:
    """Warnings that are ignored while any thread is inside; `catch_warnings` is for one thread.

    Two threads that each save and restore the process's filters would undo each other's work.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._caught = warnings.catch_warnings()

    def enter(self, categories: tuple[type[Warning], ...]) -> None:
        with self._lock:
            if not self._inside:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
            self._inside += 1
            for category in categories:
                warnings.simplefilter("ignore", category)

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._caught.__exit__(None, None, None)


_HUSH = _Hush()


@contextmanager
def quiet(*categories: type[Warning]) -> Iterator[None]:
    """Keep a library's warnings off standard error.

    What a server deprecates is for its operator, and what TLS does not verify has been logged.
    """
    _HUSH.enter((*categories, InsecureRequestWarning))
    try:
        yield
    finally:
        _HUSH.leave()


def hush(name: str) -> None:
    """Keep a library from logging each failed request, with a traceback; we tell of them."""
    logger = logging.getLogger(name)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.ERROR)


class SealedContext(ssl.SSLContext):
    """A context whose authorities cannot be added to once it is `sealed`.

    Client libraries load the public authorities into any context they are given; who names a
    CA file wants that one alone.
    """

    sealed = False

    def load_verify_locations(
        self,
        cafile: Any = None,
        capath: Any = None,
        cadata: Any = None,
    ) -> None:
        """Trust more authorities, until sealed."""
        if not self.sealed:
            super().load_verify_locations(cafile, capath, cadata)


def authorities(settings: ClusterSettings) -> SealedContext:
    """A context that trusts the given CA file, else the system's authorities."""
    made = SealedContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if settings.ca_file:
            made.load_verify_locations(settings.ca_file)
            made.sealed = True
        else:
            made.load_default_certs()
    except OSError as error:
        raise SettingsError(
            f"the CA file cannot be used: {reason(error)}", file=settings.ca_file, field="ca_file"
        ) from error
    return made


def reason(error: OSError) -> str:
    """What an error of the file system or of OpenSSL says, in words."""
    return error.strerror or str(error)


def shown(settings: ClusterSettings) -> str:
    """The hosts for messages."""
    return ", ".join(urlsplit(host).netloc for host in settings.hosts)


def with_port(host: str) -> str:
    """A host's URL with its port written out (443 or 80 unless given), as libraries ask."""
    parts = urlsplit(host)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{name}:{port}{parts.path.rstrip('/')}"
