"""The domain controller: reached with a service account, emptied, swept."""

from __future__ import annotations

from vedette.demo.company import BACKUP, DC01, DROP, NETBIOS, WS02
from vedette.demo.intrusion.story import Story
from vedette.demo.ordinary.web import EDGE
from vedette.demo.ordinary.windows import SERVICES as SERVICES_EXE
from vedette.demo.ordinary.windows import SYSTEM, SYSTEM32
from vedette.demo.shapes import EVENTLOG, SECURITY, SERVICES, process, proxied, sysmon, windows

CMD = SYSTEM32 + "cmd.exe"
ARCHIVE = "C:\\Users\\Public\\q3.7z"
WHO = {"SubjectUserName": BACKUP.name, "SubjectDomainName": NETBIOS}


def controller(story: Story) -> None:
    """A service is installed from afar, copies the directory, and makes a new administrator."""
    data = {
        "TargetUserName": BACKUP.name,
        "TargetDomainName": NETBIOS,
        "LogonType": 3,
        "IpAddress": WS02.ip,
        "AuthenticationPackageName": "NTLM",
    }
    event = windows(DC01, story.now, SECURITY, 4624, data)
    story.tell("lateral movement", "T1021.002", event, 3)
    data = {
        "ServiceName": "lqxw",
        "ImagePath": "%SystemRoot%\\lqxwWfvR.exe",
        "ServiceType": "user mode service",
        "StartType": "demand start",
        "AccountName": "LocalSystem",
    }
    event = windows(DC01, story.now, SERVICES, 7045, data)
    story.tell("lateral movement", "T1543.003", event, 2)
    tool = "C:\\Windows\\lqxwWfvR.exe"
    event = process(DC01, story.now, story.rng, tool, tool, SERVICES_EXE, SYSTEM)
    story.tell("lateral movement", "T1569.002", event, 1)
    pipe = sysmon(
        DC01, story.now, 17, EventType="CreatePipe", PipeName="\\RemCom_communicaton", Image=tool
    )
    story.tell("lateral movement", "T1021.002", pipe, 20)
    line = 'ntdsutil.exe "ac i ntds" "ifm" "create full C:\\Windows\\Temp\\i" q q'
    ntdsutil = SYSTEM32 + "ntdsutil.exe"
    event = process(DC01, story.now, story.rng, ntdsutil, line, CMD, SYSTEM)
    story.tell("directory copied", "T1003.003", event, 120)
    data = {
        **WHO,
        "ObjectServer": "DS",
        "AccessMask": "0x100",
        "Properties": "%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}",
    }
    event = windows(DC01, story.now, SECURITY, 4662, data)
    story.tell("directory copied", "T1003.006", event, 200)
    data = {
        **WHO,
        "MemberName": "CN=Sync Helper,CN=Users,DC=corp,DC=example,DC=com",
        "TargetUserName": "Domain Admins",
    }
    event = windows(DC01, story.now, SECURITY, 4728, data)
    story.tell("new administrator", "T1098.007", event)


def loot(story: Story) -> None:
    """The finance share is packed behind a password."""
    program = "C:\\Users\\Public\\z.exe"
    line = f"z.exe a -mhe=on -pBlue7 {ARCHIVE} D:\\Finance"
    event = process(DC01, story.now, story.rng, program, line, CMD, SYSTEM, "7za.exe")
    story.tell("collection", "T1560.001", event, 60)
    event = sysmon(DC01, story.now, 11, Image=program, TargetFilename=ARCHIVE)
    story.tell("collection", "T1074.001", event)


def leave(story: Story) -> None:
    """The archive goes out through the proxy; copies and logs are removed behind it."""
    event = proxied(story.now, DC01.ip, "PUT", DROP, "/b/q3.7z", 201, EDGE, 734_003_200, 210)
    story.tell("exfiltration", "T1567", event, 400)
    vssadmin = SYSTEM32 + "vssadmin.exe"
    line = "vssadmin.exe Delete Shadows /All /Quiet"
    event = process(DC01, story.now, story.rng, vssadmin, line, CMD, SYSTEM)
    story.tell("impact", "T1490", event, 60)
    cleared = {**WHO, "Channel": "System", "BackupPath": ""}
    event = windows(DC01, story.now, (EVENTLOG, "System"), 104, cleared, "LogFileCleared")
    story.tell("logs cleared", "T1685.005", event, 2)
    event = windows(DC01, story.now, (EVENTLOG, "Security"), 1102, WHO, "LogFileCleared")
    story.tell("logs cleared", "T1685.005", event)
