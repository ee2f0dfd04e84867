"""The starter itself: it says what is missing, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.live import nodes, servers
from tests.live.servers import ELASTICSEARCH, Unavailable


def java(folder: Path, version: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").touch()
    (folder / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return folder


def test_the_major_version_of_a_java_is_read(tmp_path: Path) -> None:
    assert servers.java_major(java(tmp_path / "a", "25.0.3")) == 25
    assert servers.java_major(java(tmp_path / "b", "21")) == 21
    assert servers.java_major(tmp_path / "absent") == 0


def test_a_named_java_comes_first_unless_it_is_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, old = java(tmp_path / "new", "21.0.1"), java(tmp_path / "old", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(new))
    assert servers.java_home() == new
    monkeypatch.setenv("JAVA_HOME", str(old))
    monkeypatch.setattr(servers.Path, "glob", lambda *_: [])
    with pytest.raises(Unavailable, match="no Java 21 or later"):
        servers.java_home()


def test_a_cache_that_others_can_write_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VEDETTE_TEST_CACHE", str(tmp_path / "cache"))
    assert servers.cache() == tmp_path / "cache"
    (tmp_path / "cache").chmod(0o777)
    with pytest.raises(Unavailable, match="writable by others"):
        servers.cache()
    monkeypatch.setenv("VEDETTE_TEST_CACHE", str(tmp_path / "a b"))
    with pytest.raises(Unavailable, match="blank"):
        servers.cache()


def test_without_maven_the_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VEDETTE_TEST_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"Maven \(mvn\) is not installed"):
        servers.home(ELASTICSEARCH)


def test_what_maven_says_of_a_failure_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maven = tmp_path / "bin" / "mvn"
    maven.parent.mkdir()
    maven.write_text("#!/bin/sh\necho '[ERROR] unknown host'; exit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("VEDETTE_TEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{maven.parent}:{os.environ['PATH']}")
    with pytest.raises(Unavailable, match=r"could not fetch .*unknown host"):
        servers.home(ELASTICSEARCH)


def test_a_server_is_unpacked_whole_with_its_modes(tmp_path: Path) -> None:
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        script = zipfile.ZipInfo("server-1/bin/start")
        script.external_attr = 0o100755 << 16
        zipped.writestr(script, "#!/bin/sh\n")
        zipped.writestr("server-1/config/x.yml", "a: 1\n")
    target = tmp_path / "cache" / "server-1"
    target.parent.mkdir()
    servers.unpack(archive, target)
    assert os.access(target / "bin" / "start", os.X_OK)
    assert (target / ".complete").exists()
    assert [path.name for path in target.parent.iterdir()] == ["server-1"]


def test_a_node_goes_with_a_starter_that_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    folder.mkdir()
    (folder / "data").touch()
    code = (
        "import subprocess, sys, time\n"
        "from tests.live.nodes import GUARD\n"
        "process = subprocess.Popen(['/bin/sh', '-c', GUARD, sys.argv[1], 'sleep', '60'],\n"
        "    stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)\n"
        "print(process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        cwd=Path(nodes.__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        guard = int(starter.stdout.readline())
        os.killpg(guard, 0)
        starter.send_signal(signal.SIGKILL)
    end = time.monotonic() + 20
    while time.monotonic() < end and (folder.exists() or alive(guard)):
        time.sleep(0.05)
    assert not folder.exists()
    assert not alive(guard)


def alive(group: int) -> bool:
    """Whether a process group has a member that still runs."""
    found = subprocess.run(
        ["ps", "-o", "stat=", "-g", str(group)], capture_output=True, text=True, check=False
    )
    return any(not state.startswith("Z") for state in found.stdout.split())


def test_a_log_without_the_port_is_no_address(tmp_path: Path) -> None:
    ports = tmp_path / "http.ports"
    assert nodes.address(ports) is None
    ports.write_text("[::1]:9201\n127.0.0.1:9200\n")
    assert nodes.address(ports) == "http://127.0.0.1:9200"
