"""Small made-up data in the forms of the public sets, normal and strange."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import zstandard

START = 1_642_000_000
INSTANCES = "00000000-0000-4000-8000-{:012d}"


def everything(folder: Path) -> Path:
    """All sets below `folder`."""
    for make in (hdfs, adfa_ld, ait_ads, openstack, otrf):
        make(folder)
    return folder


def hdfs(folder: Path) -> None:
    """Blocks that are written, copied and deleted; strange ones fail on the way."""
    rng = np.random.default_rng(1)
    place = folder / "logs/hdfs"
    place.mkdir(parents=True)
    (place / "hdfs_train").write_text("".join(f"{_block(rng)} \n" for _ in range(150)))
    strange = [f"{_block(rng)} 16 6 18 \n" for _ in range(40)]
    (place / "hdfs_test_abnormal").write_text("".join(strange))
    for name in ("robust_log_train.csv", "robust_log_valid.csv"):
        rows = [f"{_block(rng)},0\n" for _ in range(60)] + ["5 22 28,1\n"] * 5
        (place / name).write_text("Sequence,label\n" + "".join(rows))


def _block(rng: np.random.Generator) -> str:
    return "5 22 5 5 11 9 11 9" + " 26" * int(rng.integers(1, 4)) + " 23 21" * int(rng.integers(3))


def adfa_ld(folder: Path) -> None:
    """Traces of system calls; attacks make calls that no normal trace makes."""
    rng = np.random.default_rng(2)
    place = folder / "logs/adfa-ld"
    place.mkdir(parents=True)
    with zipfile.ZipFile(place / "ADFA-LD-dev.zip", "w") as archive:
        for part, letters, count in (("Training", "UTD", 100), ("Validation", "UVD", 80)):
            for at in range(count):
                archive.writestr(
                    f"ADFA-LD/{part}_Data_Master/{letters}-{at:04d}.txt", _trace(rng, 3)
                )
        for at in range(20):
            name = f"ADFA-LD/Attack_Data_Master/Hydra_FTP_{at % 3}/UAD-{at}.txt"
            archive.writestr(name, _trace(rng, 9) + " 311 311 ")


def _trace(rng: np.random.Generator, calls: int) -> str:
    return " ".join(str(each) for each in rng.integers(1, calls + 1, rng.integers(10, 30)))


def ait_ads(folder: Path) -> None:
    """Four companies whose hosts alert about the same things daily, until a scan begins."""
    place = folder / "logs/ait-ads"
    place.mkdir(parents=True)
    rng = np.random.default_rng(3)
    for name in ("fox", "harrison", "russellmitchell", "santos"):
        lines = ["time,name,ip,host,short,time_label,event_label"]
        lines += [_alert(rng, START + 400 * at) for at in range(400)]
        attack = START + 400 * 300
        lines += [
            f"{attack + 30 * at},Suricata: scan,10.0.0.9,web,S-Scan,dirb,{label}"
            for at in range(40)
            for label in ("dirb", "-")
        ]
        # One labelled event before the attack: DNS exfiltration that was there from the start.
        lines.append(f"{START + 50},Suricata: DNS,10.0.0.1,mail,S-Dns,false_positive,dnsteal")
        packed = zstandard.compress("\n".join(lines).encode())
        (place / f"{name}_alerts.csv.zst").write_bytes(packed)


def _alert(rng: np.random.Generator, second: int) -> str:
    host = ("mail", "web")[int(rng.integers(2))]
    kind = ("W-Sys-Cav", "W-Aut-Ok", "S-Dns-Qry")[int(rng.integers(3))]
    return f"{second},Wazuh: {kind},10.0.0.1,{host},{kind},false_positive,-"


def openstack(folder: Path) -> None:
    """Machines that are built and destroyed; faulty ones get no network."""
    place = folder / "logs/openstack"
    place.mkdir(parents=True)
    normal = [_life(at, ("Creating image", "VM Started", "Terminating")) for at in range(200)]
    faulty = {
        name: [
            _life(start + at, ("Creating image", f"No {what}", "Terminating")) for at in range(9)
        ]
        for name, start, what in (
            ("openstack-nova-dhcpoff.log", 500, "network"),
            ("openstack-vm-destroy-immediately-after-create.log", 700, "domain"),
        )
    }
    for name, lives in faulty.items():
        (place / name).write_text("".join(lives))
    again = [lives[0] for lives in faulty.values()]
    after = [_life(900, ("Creating image", "unlabelled fault"))]
    cut = [_life(at, ("Creating image",), whole=False) for at in (950, 951)]
    (place / "openstack-nova-sample.log").write_text("".join([*normal, *cut, *again, *after]))


def _life(at: int, texts: tuple[str, ...], whole: bool = True) -> str:
    instance = INSTANCES.format(at)
    told = [f"{text} {at}.5 s" for text in texts]
    if whole:
        told.append(f"Took {at}.5 seconds to deallocate network for instance.")
    return "".join(
        f"INFO nova.compute.manager [req-{at}] [instance: {instance}] {text}\n" for text in told
    )


def otrf(folder: Path) -> None:
    """Recordings of a Windows host, in some of whose minutes shadow copies are deleted."""
    place = folder / "otrf"
    place.mkdir(parents=True)
    for at in range(8):
        events = [_process(minute, "C:\\Windows\\System32\\svchost.exe") for minute in range(40)]
        if at % 2:
            events += [_process(minute, "vssadmin.exe delete shadows /all") for minute in (7, 9)]
        packed = zstandard.compress("\n".join(map(json.dumps, events)).encode())
        (place / f"{at}.ndjson.zst").write_bytes(packed)


def _process(minute: int, command: str) -> dict[str, object]:
    program = command.split()[0]
    image = program if "\\" in program else f"C:\\Windows\\System32\\{program}"
    return {
        "@timestamp": f"2026-01-05T10:{minute:02d}:00Z",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "EventID": 1,
        "Hostname": "ws1",
        "Image": image,
        "OriginalFileName": image.rpartition("\\")[2].upper(),
        "CommandLine": command,
    }


def loghub(folder: Path) -> None:
    """Two systems with the true groups of their lines."""
    for system in ("HDFS", "Mac"):
        place = folder / "logs/loghub" / system
        place.mkdir(parents=True)
        received, deleting = '"Received block <*> of size, <*>"', "Deleting file <*>"
        lines = [f'{at},"Received block {at} of size, {at}",E1,{received}' for at in range(20)]
        lines += [f"{at},Deleting file number {at},E2,{deleting}" for at in range(20)]
        text = "LineId,Content,EventId,EventTemplate\n" + "\n".join(lines) + "\n"
        (place / f"{system}_2k.log_structured.csv").write_text(text)
