"""What the company does all day, as weighted activities.

An activity gives the events of one small piece of work that begins at a time: (time, document)
pairs, in order, a few seconds apart at most.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random

from vedette.demo.ordinary import cloud, directory, linux, web, windows
from vedette.demo.shapes import Document

Activity = Callable[[Random, datetime], list[tuple[datetime, Document]]]

ACTIVITIES: tuple[tuple[Activity, int], ...] = (
    (windows.application, 14),
    (windows.system_work, 16),
    (windows.browsing, 16),
    (windows.settings, 6),
    (windows.document, 6),
    (windows.protection, 6),
    (windows.management, 3),
    (windows.script, 2),
    (directory.logon, 12),
    (directory.ticket, 12),
    (directory.service_state, 5),
    (directory.administration, 1),
    (linux.timer, 12),
    (linux.remote_logon, 5),
    (linux.guessing, 2),
    (linux.deployment, 2),
    (linux.audit, 4),
    (web.visit, 16),
    (web.crawler, 3),
    (web.proxied_browsing, 20),
    (web.update, 4),
    (cloud.monitoring, 7),
    (cloud.storage, 6),
    (cloud.people, 1),
)
"""Each activity and how often it comes up, relative to the others."""
