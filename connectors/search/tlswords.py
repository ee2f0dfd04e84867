"""What a failed TLS handshake means, in words: OpenSSL's own name the check, not what to do."""

from __future__ import annotations

MEANINGS = (
    (("has expired",), "the server's certificate has expired"),
    (("not yet valid",), "the server's certificate is not valid yet, or a clock is wrong"),
    (("mismatch, certificate is not valid for",), "the server's certificate is for another name"),
    (
        ("unable to get local issuer", "self-signed certificate", "self signed certificate"),
        "the server's certificate is from nobody who is trusted: set ca_file, or fingerprint",
    ),
    (
        ("Fingerprints did not match",),
        "the server shows another certificate than the one of the fingerprint",
    ),
    (("certificate required",), "the server asks for a client certificate: set client_cert"),
    (
        ("alert unknown ca", "alert bad certificate", "alert certificate", "EOF occurred"),
        "the server broke off, as it does when it does not accept the client certificate",
    ),
    (
        ("wrong version number", "record layer failure", "http request"),
        "what answers there does not speak TLS: is it http?",
    ),
)
"""What OpenSSL or a library writes, and what it means; the first that fits counts."""


def in_words(reason: str) -> str:
    """A handshake's failure with its meaning before it; unchanged where it is not known."""
    for signs, meaning in MEANINGS:
        if any(sign.lower() in reason.lower() for sign in signs):
            return f"{meaning} ({reason})"
    return reason
