"""Ordinary logons, tickets and services, as the Security and System logs tell them."""

from __future__ import annotations

from datetime import datetime
from random import Random

from vedette.demo.company import DC01, DOMAIN, MEYER, NETBIOS, PEOPLE, WORKSTATIONS
from vedette.demo.ordinary.windows import Events, later, someone
from vedette.demo.shapes import SECURITY, SERVICES, windows

STATES = ("Windows Update", "Software Protection", "Windows Modules Installer",
          "Background Intelligent Transfer Service", "Print Spooler")  # fmt: skip


def logon(rng: Random, time: datetime) -> Events:
    """Someone unlocks a workstation, or reaches a share; sooner or later the session ends."""
    machine, person = someone(rng)
    at = rng.choice((machine, DC01))
    data = {
        "TargetUserSid": person.sid,
        "TargetUserName": person.name,
        "TargetDomainName": NETBIOS,
        "TargetLogonId": hex(rng.randrange(1 << 20, 1 << 24)),
    }
    kind = rng.choice((2, 7, 11)) if at is machine else 3
    address = machine.ip if at is DC01 else "127.0.0.1"
    package = "Negotiate" if at is machine else "Kerberos"
    more = {"LogonType": kind, "IpAddress": address, "AuthenticationPackageName": package}
    found = [(time, windows(at, time, SECURITY, 4624, {**data, **more}))]
    if rng.random() < 0.5:
        time = later(rng, time, 600)
        found.append((time, windows(at, time, SECURITY, 4634, {**data, "LogonType": kind})))
    return found


def ticket(rng: Random, time: datetime) -> Events:
    """The controller hands out a Kerberos ticket; one old appliance still speaks RC4."""
    person, machine = rng.choice(PEOPLE), rng.choice(WORKSTATIONS)
    service = rng.choice(("FILE01$", "DC01$", "krbtgt", "svc-sql", "NAS01$"))
    data = {
        "TargetUserName": f"{person.name}@{DOMAIN.upper()}",
        "TargetDomainName": DOMAIN.upper(),
        "ServiceName": service,
        "TicketOptions": "0x40810000",
        "TicketEncryptionType": "0x17" if service == "NAS01$" else "0x12",
        "IpAddress": f"::ffff:{machine.ip}",
        "Status": "0x0",
    }
    return [(time, windows(DC01, time, SECURITY, 4769, data))]


def service_state(rng: Random, time: datetime) -> Events:
    """A service starts or stops."""
    machine = rng.choice((*WORKSTATIONS, DC01))
    data = {"param1": rng.choice(STATES), "param2": rng.choice(("running", "stopped"))}
    return [(time, windows(machine, time, SERVICES, 7036, data))]


def administration(rng: Random, time: datetime) -> Events:
    """The administrator puts someone into a group, or an installer adds its service."""
    if rng.random() < 0.5:
        person = rng.choice(PEOPLE)
        data = {
            "MemberName": f"CN={person.name},CN=Users,DC=corp,DC=example,DC=com",
            "TargetUserName": rng.choice(("Sales", "Finance-Read", "Newsletter")),
            "SubjectUserName": MEYER.name,
            "SubjectDomainName": NETBIOS,
        }
        return [(time, windows(DC01, time, SECURITY, 4728, data))]
    data = {
        "ServiceName": "Backup Agent",
        "ImagePath": '"C:\\Program Files\\Backup Agent\\agent.exe" --service',
        "ServiceType": "user mode service",
        "StartType": "auto start",
        "AccountName": "LocalSystem",
    }
    return [(time, windows(rng.choice(WORKSTATIONS), time, SERVICES, 7045, data))]
