"""The server builds that live tests run: fetched once through Maven, unpacked into a cache.

Only the small integration-test builds are used (under 300 MB for both servers). The plain
Elasticsearch build holds the modules apm, transport-netty4, x-pack-core and x-pack-security:
enough for bulk, templates, points in time, sorting and conflicts; it has no `GET /`, scripts
or ingest pipelines. VEDETTE_TEST_ELASTICSEARCH and VEDETTE_TEST_OPENSEARCH choose other versions
(the plain OpenSearch build is whole from 3.5.0 on).
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import CACHE_HOME

MIN_JAVA = 21
FETCH_SECONDS = 500


class Unavailable(Exception):
    """This machine cannot run a server; the message says what is missing."""


@dataclass(frozen=True)
class Build:
    """One server release as Maven coordinates `group:name:version`, packaged as a zip."""

    kind: str
    group: str
    name: str
    version: str

    @property
    def coordinates(self) -> str:
        return f"{self.group}:{self.name}:{self.version}:zip"

    def zip_in(self, repository: Path) -> Path:
        folder = repository.joinpath(*self.group.split("."), self.name, self.version)
        return folder / f"{self.name}-{self.version}.zip"


OPENSEARCH = Build(
    "opensearch",
    "org.opensearch.distribution.integ-test-zip",
    "opensearch",
    os.environ.get("VEDETTE_TEST_OPENSEARCH", "3.6.0"),
)
ELASTICSEARCH = Build(
    "elasticsearch",
    "org.elasticsearch.distribution.integ-test-zip",
    "elasticsearch",
    os.environ.get("VEDETTE_TEST_ELASTICSEARCH", "9.4.3"),
)
BUILDS = {build.kind: build for build in (OPENSEARCH, ELASTICSEARCH)}


def java_home() -> Path:
    """A JDK or JRE of at least MIN_JAVA: $JAVA_HOME, else the newest under /usr/lib/jvm."""
    named = os.environ.get("JAVA_HOME")
    found = sorted(Path("/usr/lib/jvm").glob("*"), key=java_major, reverse=True)
    for home in ([Path(named)] if named else []) + found:
        if java_major(home) >= MIN_JAVA:
            return home
    raise Unavailable(f"no Java {MIN_JAVA} or later found; set JAVA_HOME")


def java_major(home: Path) -> int:
    """The major version of a Java home, 0 when it is none."""
    release = home / "release"
    if not (home / "bin" / "java").is_file() or not release.is_file():
        return 0
    match = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(), re.MULTILINE)
    return int(match[1]) if match else 0


def cache() -> Path:
    """The folder that keeps servers between runs ($VEDETTE_TEST_CACHE, or a default).

    Started by root, the servers run as another user, who cannot look into root's home.
    """
    named = os.environ.get("VEDETTE_TEST_CACHE")
    if named:
        folder = Path(named).resolve()
    elif os.getuid() == 0:
        folder = Path("/var/tmp/vedette-tests")
    else:
        folder = Path(CACHE_HOME) / "vedette-tests"
    if re.search(r"[+\s]", str(folder)):
        raise Unavailable(f"the servers do not start from a path with '+' or a blank: {folder}")
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    # What lies here is executed: nobody else may have put it there.
    status = folder.stat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise Unavailable(f"{folder} is writable by others; set VEDETTE_TEST_CACHE")
    return folder


def home(build: Build) -> Path:
    """The unpacked server, fetched first when it is not there yet."""
    root = cache()
    unpacked = root / f"{build.kind}-{build.version}"
    with locked(root / f".{build.kind}.lock"):
        if not (unpacked / ".complete").exists():
            repository = root / "m2"
            archive = build.zip_in(repository)
            if not archive.exists():
                fetch(build, repository)
            unpack(archive, unpacked)
            archive.unlink()
    return unpacked


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, so that runs side by side fill the cache once."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def fetch(build: Build, repository: Path) -> None:
    """Bring a build's zip into a local Maven repository."""
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("Maven (mvn) is not installed; it fetches the servers")
    command = [maven, "-B", "-q", f"-Dmaven.repo.local={repository}", "dependency:get"]
    command += [f"-Dartifact={build.coordinates}", "-Dtransitive=false"]
    try:
        done = subprocess.run(
            command,
            cwd=repository.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCH_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(
            f"Maven took over {FETCH_SECONDS} s for {build.coordinates}; "
            "`python -m tests.live.nodes` goes on where it stopped"
        ) from error
    if done.returncode or not build.zip_in(repository).exists():
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise Unavailable(f"Maven could not fetch {build.coordinates}: {lines[0] if lines else ''}")


def unpack(archive: Path, target: Path) -> None:
    """Unpack a server beside `target`, then move it there whole, readable for every user."""
    with tempfile.TemporaryDirectory(dir=target.parent) as work, zipfile.ZipFile(archive) as zipped:
        zipped.extractall(work)
        for entry in zipped.infolist():
            # zipfile drops the modes; the start scripts need their x
            path = Path(work, entry.filename)
            path.chmod(0o755 if path.is_dir() or (entry.external_attr >> 16) & 0o100 else 0o644)
        (unpacked,) = Path(work).iterdir()
        (unpacked / ".complete").touch()
        if target.exists():
            shutil.rmtree(target)
        unpacked.rename(target)
