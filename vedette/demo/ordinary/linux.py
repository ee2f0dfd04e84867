"""Ordinary work on the Linux servers: timers, deployments, logons and the noise at the door."""

from __future__ import annotations

from datetime import datetime
from random import Random

from vedette.demo.company import DB01, WEB01, WS01
from vedette.demo.ordinary.windows import Events, later
from vedette.demo.shapes import auditd, execve, linux_process, syslog

SYSTEMD, CRON, SH = "/usr/lib/systemd/systemd", "/usr/sbin/cron", "/usr/bin/dash"

TIMERS = (
    (SH, "/bin/sh -c cd / && run-parts --report /etc/cron.hourly", CRON),
    (SH, "/bin/sh -c [ -x /usr/lib/php/sessionclean ] && /usr/lib/php/sessionclean", CRON),
    ("/usr/sbin/logrotate", "/usr/sbin/logrotate /etc/logrotate.conf", SYSTEMD),
    (
        "/usr/bin/python3.11",
        "/usr/bin/python3 /usr/bin/unattended-upgrade --download-only",
        SYSTEMD,
    ),
    ("/usr/lib/apt/methods/https", "/usr/lib/apt/methods/https", "/usr/bin/apt-get"),
    ("/usr/bin/apt-get", "/usr/bin/apt-get -qq -y update", "/usr/lib/apt/apt.systemd.daily"),
    ("/usr/bin/certbot", "/usr/bin/certbot -q renew", SYSTEMD),
    ("/usr/bin/rsync", "rsync -a /var/www/shop/uploads/ backup@10.20.0.21:/srv/web01/", SH),
    ("/usr/bin/find", "find /var/lib/php/sessions -cmin +24 -delete", "/usr/lib/php/sessionclean"),
    ("/usr/bin/pg_dump", "pg_dump --format=custom shop", SH),
    ("/usr/sbin/nginx", "nginx: worker process", "/usr/sbin/nginx"),
)
NAMES = ("admin", "test", "oracle", "ubuntu", "git", "ftpuser", "postgres")


def timer(rng: Random, time: datetime) -> Events:
    """A timer or cron job runs."""
    executable, line, parent = rng.choice(TIMERS)
    machine = DB01 if "pg_dump" in line else WEB01
    user = "postgres" if machine is DB01 else "root"
    event = linux_process(machine, time, rng, executable, line, parent, user)
    return [(time, event)]


def remote_logon(rng: Random, time: datetime) -> Events:
    """The administrator logs on with a key, looks at something and leaves."""
    machine = rng.choice((WEB01, WEB01, DB01))
    port = rng.randrange(49152, 65535)
    accepted = (
        f"Accepted publickey for deploy from {WS01.ip} port {port} ssh2: "
        "ED25519 SHA256:uQb1nGkWm4f0Yx7ZcT2rHs5vLpE8dJ3aKo6iRt9yNwM"
    )
    opened = "pam_unix(sshd:session): session opened for user deploy(uid=1001) by (uid=0)"
    found = [(time, syslog(machine, time, rng, "sshd", accepted))]
    time = later(rng, time, 0.5)
    found.append((time, syslog(machine, time, rng, "sshd", opened)))
    for line in rng.sample(("uptime", "df -h", "journalctl -u nginx -n 50", "whoami", "ls -l"), 2):
        time = later(rng, time, 40)
        program = "/usr/bin/" + line.split()[0]
        event = linux_process(machine, time, rng, program, line, "/usr/bin/bash", "deploy")
        found.append((time, event))
    time = later(rng, time, 300)
    closed = f"Disconnected from user deploy {WS01.ip} port {port}"
    return [*found, (time, syslog(machine, time, rng, "sshd", closed))]


def guessing(rng: Random, time: datetime) -> Events:
    """Someone on the internet tries a name or two, as they do all day."""
    address, port = f"192.0.2.{rng.randrange(200, 250)}", rng.randrange(30000, 65000)
    name = rng.choice(NAMES)
    found = []
    for message in (
        f"Invalid user {name} from {address} port {port}",
        f"Failed password for invalid user {name} from {address} port {port} ssh2",
        f"Connection closed by invalid user {name} {address} port {port} [preauth]",
    ):
        found.append((time, syslog(WEB01, time, rng, "sshd", message)))
        time = later(rng, time, 3)
    return found


def deployment(rng: Random, time: datetime) -> Events:
    """A new version of the shop is put in place."""
    found = []
    for executable, line in (
        ("/usr/bin/git", "git -C /var/www/shop pull --ff-only"),
        ("/usr/bin/php8.2", "php bin/console cache:clear --env=prod"),
        ("/usr/bin/curl", "curl -fsS https://shop.example.com/health -o /dev/null"),
    ):
        event = linux_process(WEB01, time, rng, executable, line, "/usr/bin/bash", "deploy")
        found.append((time, event))
        time = later(rng, time, 8)
    return found


def audit(rng: Random, time: datetime) -> Events:
    """The audit log notes commands and services."""
    if rng.random() < 0.4:
        unit = rng.choice(("certbot", "logrotate", "apt-daily", "phpsessionclean"))
        serial = rng.randrange(10000, 99999)
        event = auditd(WEB01, time, serial, "SERVICE_START", unit=unit, res="success")
        return [(time, event)]
    line = rng.choice(
        (
            "chmod 0644 /var/www/shop/config/services.yaml",
            "chmod u+x /usr/local/bin/backup.sh",
            "/usr/sbin/auditctl -s",
            "chown www-data:www-data /var/www/shop/uploads",
            "systemctl reload nginx",
        )
    )
    return [(time, execve(WEB01, time, rng, line))]
