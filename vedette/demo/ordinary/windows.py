"""Ordinary work on the Windows workstations, as Sysmon and PowerShell log it."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from random import Random

from vedette.demo.company import DC01, WORKSTATIONS, Machine, Person
from vedette.demo.shapes import POWERSHELL, Document, connection, process, sysmon, windows

Events = list[tuple[datetime, Document]]

SYSTEM = "NT AUTHORITY\\SYSTEM"
SYSTEM32 = "C:\\Windows\\System32\\"
EXPLORER = "C:\\Windows\\explorer.exe"
SVCHOST = SYSTEM32 + "svchost.exe"
SERVICES = SYSTEM32 + "services.exe"
POWERSHELL_EXE = SYSTEM32 + "WindowsPowerShell\\v1.0\\powershell.exe"
OFFICE = "C:\\Program Files\\Microsoft Office\\root\\Office16\\"
EDGE = "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe"
DEFENDER = "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\4.18.26090.11-0\\"

APPLICATIONS = (
    (OFFICE + "OUTLOOK.EXE", '"{0}"'),
    (OFFICE + "WINWORD.EXE", '"{0}" /n "\\\\file01\\projects\\minutes_{1}.docx"'),
    (OFFICE + "EXCEL.EXE", '"{0}" "\\\\file01\\finance\\budget_{1}.xlsx"'),
    (OFFICE + "POWERPNT.EXE", '"{0}" "C:\\Users\\{2}\\Documents\\review_{1}.pptx"'),
    (EDGE, '"{0}" --profile-directory=Default'),
    ("C:\\Program Files\\Adobe\\Acrobat DC\\Acrobat\\Acrobat.exe",
     '"{0}" "C:\\Users\\{2}\\Downloads\\invoice_{1}.pdf"'),
    ("C:\\Program Files\\7-Zip\\7zFM.exe", '"{0}" "C:\\Users\\{2}\\Downloads\\photos_{1}.zip"'),
    (SYSTEM32 + "notepad.exe", '"{0}" C:\\Users\\{2}\\Desktop\\notes.txt'),
    (SYSTEM32 + "calc.exe", '"{0}"'),
    (SYSTEM32 + "mstsc.exe", '"{0}" /v:file01'),
)  # fmt: skip

SYSTEM_WORK = (
    (SVCHOST, SVCHOST + " -k netsvcs -p -s Schedule", SERVICES),
    (SVCHOST, SVCHOST + " -k netsvcs -p -s wuauserv", SERVICES),
    (SVCHOST, SVCHOST + " -k LocalService -p -s NcbService", SERVICES),
    (SYSTEM32 + "taskhostw.exe", "taskhostw.exe", SVCHOST),
    (SYSTEM32 + "backgroundTaskHost.exe",
     SYSTEM32 + "backgroundTaskHost.exe -ServerName:CortanaUI.AppX", SVCHOST),
    (SYSTEM32 + "RuntimeBroker.exe", SYSTEM32 + "RuntimeBroker.exe -Embedding", SVCHOST),
    (SYSTEM32 + "SearchProtocolHost.exe", SYSTEM32 + "SearchProtocolHost.exe Global\\UsGthrFltPipe",
     SYSTEM32 + "SearchIndexer.exe"),
    (SYSTEM32 + "wbem\\WmiPrvSE.exe", SYSTEM32 + "wbem\\wmiprvse.exe -secured -Embedding", SVCHOST),
    (SYSTEM32 + "gpupdate.exe", "gpupdate.exe /target:computer", SVCHOST),
    (SYSTEM32 + "conhost.exe", "\\??\\C:\\Windows\\system32\\conhost.exe 0xffffffff -ForceV1",
     POWERSHELL_EXE),
    (SYSTEM32 + "msiexec.exe", SYSTEM32 + "msiexec.exe /V", SERVICES),
    (SYSTEM32 + "sc.exe", "sc.exe query wuauserv", SVCHOST),
    (SYSTEM32 + "rundll32.exe", SYSTEM32 + "rundll32.exe shell32.dll,Control_RunDLL desk.cpl",
     EXPLORER),
    (DEFENDER + "MpCmdRun.exe", '"' + DEFENDER + 'MpCmdRun.exe" SignatureUpdate', SVCHOST),
)  # fmt: skip

LIBRARIES = (
    "ntdll.dll",
    "kernel32.dll",
    "advapi32.dll",
    "crypt32.dll",
    "ws2_32.dll",
    "mscoree.dll",
)
SITES = ("www.example.com", "news.example.org", "mail.example.com", "docs.example.com",
         "shop.example.net", "calendar.example.com", "cdn.example.org")  # fmt: skip

SCRIPTS = (
    "Get-ADUser -Filter * -Properties LastLogonDate | Select-Object Name, LastLogonDate",
    "Get-ChildItem \\\\file01\\projects -Recurse | Measure-Object -Property Length -Sum",
    "Import-Csv .\\inventory.csv | Where-Object Model -like 'Latitude*'",
    "function Test-Disk { Get-PSDrive C | Select-Object Used, Free }",
    "Get-Service | Where-Object Status -eq 'Stopped' | Format-Table Name, StartType",
)


def later(rng: Random, time: datetime, seconds: float = 2.0) -> datetime:
    """A moment a little after another."""
    return time + timedelta(seconds=rng.uniform(0.02, seconds))


def someone(rng: Random) -> tuple[Machine, Person]:
    """A workstation and the one who sits at it."""
    machine = rng.choice(WORKSTATIONS)
    assert machine.owner is not None
    return machine, machine.owner


def application(rng: Random, time: datetime) -> Events:
    """Someone opens a program, which loads its libraries."""
    machine, person = someone(rng)
    image, form = rng.choice(APPLICATIONS)
    line = form.format(image, rng.randrange(100, 999), person.name)
    found = [(time, process(machine, time, rng, image, line, EXPLORER, person.account))]
    for library in rng.sample(LIBRARIES, rng.randrange(1, 4)):
        time = later(rng, time, 0.3)
        found.append((time, _loads(machine, time, image, SYSTEM32 + library)))
    if image.endswith("WINWORD.EXE") and rng.random() < 0.4:
        time = later(rng, time, 60)
        line = "C:\\Windows\\splwow64.exe 12288"
        helper = "C:\\Windows\\splwow64.exe"
        found.append((time, process(machine, time, rng, helper, line, image, person.account)))
    return found


def _loads(machine: Machine, time: datetime, image: str, library: str) -> Document:
    return sysmon(
        machine,
        time,
        7,
        Image=image,
        ImageLoaded=library,
        Company="Microsoft Corporation",
        Signed="true",
        Signature="Microsoft Windows",
        SignatureStatus="Valid",
    )


def system_work(rng: Random, time: datetime) -> Events:
    """Windows starts one of its own programs."""
    machine = rng.choice((*WORKSTATIONS, DC01))
    image, line, parent = rng.choice(SYSTEM_WORK)
    return [(time, process(machine, time, rng, image, line, parent, SYSTEM, None, "System"))]


def browsing(rng: Random, time: datetime) -> Events:
    """The browser or the mail program looks a name up and connects to it."""
    machine, person = someone(rng)
    image = rng.choice((EDGE, EDGE, OFFICE + "OUTLOOK.EXE"))
    site, address = rng.choice(SITES), f"192.0.2.{rng.randrange(10, 60)}"
    query = sysmon(
        machine, time, 22, Image=image, QueryName=site, QueryStatus="0", QueryResults=address
    )
    after = later(rng, time, 0.4)
    opened = connection(machine, after, rng, image, person.account, address, 443, site)
    return [(time, query), (after, opened)]


def settings(rng: Random, time: datetime) -> Events:
    """Programs write to the registry."""
    machine, person = someone(rng)
    user = f"HKU\\{person.sid}\\Software\\Microsoft\\"
    image, key, details = rng.choice((
        (EXPLORER, user + "Windows\\CurrentVersion\\Explorer\\RecentDocs\\MRUListEx",
         "Binary Data"),
        (EDGE, user + "Edge\\BLBeacon\\version", "131.0.2903.70"),
        (OFFICE + "EXCEL.EXE", user + "Office\\16.0\\Excel\\File MRU\\Item 1", "budget.xlsx"),
        (SVCHOST, "HKLM\\System\\CurrentControlSet\\Services\\W32Time\\Config\\Status",
         "DWORD (0x00000001)"),
        (SYSTEM32 + "msiexec.exe",
         "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Reader",
         "C:\\Program Files\\Adobe\\Acrobat DC\\Acrobat\\AcroTray.exe"),
    ))  # fmt: skip
    event = sysmon(
        machine, time, 13, EventType="SetValue", Image=image, TargetObject=key, Details=details
    )
    return [(time, event)]


def document(rng: Random, time: datetime) -> Events:
    """A document is saved, or a download ends."""
    machine, person = someone(rng)
    home, number = f"C:\\Users\\{person.name}\\", rng.randrange(1000, 9999)
    image, file = rng.choice((
        (OFFICE + "WINWORD.EXE", f"{home}AppData\\Local\\Temp\\~WRD{number}.tmp"),
        (OFFICE + "EXCEL.EXE", f"{home}Documents\\~$plan_{number}.xlsx"),
        (EDGE, f"{home}Downloads\\report_{number}.pdf"),
        (EDGE, f"{home}AppData\\Local\\Microsoft\\Edge\\User Data\\Default\\Cache\\f_{number}"),
        (EXPLORER, f"{home}Desktop\\notes_{number}.lnk"),
    ))  # fmt: skip
    return [(time, sysmon(machine, time, 11, Image=image, TargetFilename=file))]


def protection(rng: Random, time: datetime) -> Events:
    """Defender and the system look at other processes, LSASS among them."""
    machine = rng.choice((*WORKSTATIONS, DC01))
    source, granted = rng.choice((
        (DEFENDER + "MsMpEng.exe", "0x1410"),
        (SVCHOST, "0x1000"),
        (SYSTEM32 + "wbem\\WmiPrvSE.exe", "0x1410"),
        (SYSTEM32 + "csrss.exe", "0x1fffff"),
    ))  # fmt: skip
    event = sysmon(
        machine,
        time,
        10,
        SourceImage=source,
        TargetImage=SYSTEM32 + "lsass.exe",
        GrantedAccess=granted,
        CallTrace="C:\\Windows\\SYSTEM32\\ntdll.dll+9d4e4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e",
    )
    return [(time, event)]


def management(rng: Random, time: datetime) -> Events:
    """The software management agent runs its encoded inventory script, as it always does."""
    machine = rng.choice(WORKSTATIONS)
    script = "Get-CimInstance Win32_Product | Select-Object Name, Version | ConvertTo-Csv"
    encoded = base64.b64encode(script.encode("utf-16-le")).decode()
    line = f"powershell.exe -NoProfile -NonInteractive -EncodedCommand {encoded}"
    parent = "C:\\Windows\\CCM\\CcmExec.exe"
    event = process(machine, time, rng, POWERSHELL_EXE, line, parent, SYSTEM, "PowerShell.EXE")
    return [(time, event)]


def script(rng: Random, time: datetime) -> Events:
    """An administrator's script, as PowerShell logs its text."""
    machine = rng.choice((*WORKSTATIONS[:1], DC01))
    data = {
        "MessageNumber": 1,
        "MessageTotal": 1,
        "ScriptBlockText": rng.choice(SCRIPTS),
        "ScriptBlockId": f"{rng.getrandbits(128):032x}",
    }
    return [(time, windows(machine, time, POWERSHELL, 4104, data))]
