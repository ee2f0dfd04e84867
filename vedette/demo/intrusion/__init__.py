"""The break-in: from a scan of the shop to the domain, the cloud account and the files.

Two ways in, one intruder: a hole in the shop's upload form opens the web server and the cloud
keys that lie there; a document sent to an employee opens a workstation and, through a service
account, the domain controller.
"""

from __future__ import annotations

from vedette.demo.intrusion import cloud, domain, server, workstation
from vedette.demo.intrusion.story import Story, Truth

SCENES = (
    (71, server.scan),
    (84, server.web_shell),
    (97, server.foothold),
    (139, server.pivot),
    (166, workstation.document),
    (178, workstation.stay),
    (203, workstation.look_around),
    (221, workstation.credentials),
    (264, domain.controller),
    (311, domain.loot),
    (352, cloud.account),
    (391, domain.leave),
)
"""Each scene and the minute at which it begins."""

__all__ = ["SCENES", "Story", "Truth"]
