"""A report as a mail that is ready to be sent: text, and the same as a page."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime


def mail(subject: str, text: str, html: str, to: str | None, now: datetime) -> bytes:
    """The message as RFC 5322 has it, for `sendmail -t` and the like; without sender.

    Raises `ValueError` for an address that is none.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    if to:
        message["To"] = to
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message.as_bytes()
