"""A certificate authority of the tests' own, made with openssl, and servers and clients of it."""

from __future__ import annotations

import hashlib
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Pair:
    """A certificate and its key as PEM files."""

    cert: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate."""
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.cert.read_text())).hexdigest()


class Authority:
    """One that signs what it is asked to. Skips where there is no openssl."""

    def __init__(self, folder: Path, name: str = "test CA") -> None:
        if not shutil.which("openssl"):
            pytest.skip("the openssl command is not installed")
        self.folder, self.name = folder, name
        folder.mkdir(parents=True, exist_ok=True)
        self.pair = Pair(folder / "ca.pem", folder / "ca-key.pem")
        self._run(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={name}", "-keyout", str(self.pair.key), "-out", str(self.pair.cert)),
        )

    @property
    def file(self) -> str:
        """Its own certificate, to be trusted."""
        return str(self.pair.cert)

    def sign(
        self, name: str, *, names: str = "IP:127.0.0.1,DNS:localhost", expired: bool = False
    ) -> Pair:
        """A certificate for some names, valid now or until a year ago."""
        made = Pair(self.folder / f"{name}.pem", self.folder / f"{name}-key.pem")
        request, more = self.folder / f"{name}.csr", self.folder / f"{name}.cnf"
        more.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth,clientAuth\n")
        self._run(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", str(made.key), "-out", str(request)),
        )
        dates = ["-days", "2"]
        if expired:
            dates = ["-not_before", "20200101000000Z", "-not_after", "20210101000000Z"]
            if not self._knows("-not_before"):
                dates = ["-days", "-1"]
        self._run(
            *("x509", "-req", "-in", str(request), "-CA", self.file, "-CAkey", str(self.pair.key)),
            *("-CAcreateserial", "-extfile", str(more), "-out", str(made.cert), *dates),
        )
        return made

    @staticmethod
    def _knows(option: str) -> bool:
        done = subprocess.run(["openssl", "x509", "-help"], capture_output=True, check=False)
        return option.encode() in done.stdout + done.stderr

    @staticmethod
    def _run(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def server_context(pair: Pair, trusted: str | None = None) -> ssl.SSLContext:
    """A server's TLS; with `trusted` it asks its clients for a certificate of that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    if trusted:
        context.load_verify_locations(trusted)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
