"""Real single nodes on free loopback ports, for tests and by hand.

    with nodes.opensearch() as url: ...
    python -m tests.live.nodes [opensearch|elasticsearch]...     run until Ctrl-C

Started by root, a node runs as `nobody` (the servers refuse root). A node never outlives the
process that started it, not even a killed one.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.live.servers import BUILDS, home, java_home, java_major

HEAP = ("-Xms512m", "-Xmx1g", "-XX:+UseSerialGC")
START_SECONDS = 300
UNPRIVILEGED = "nobody"

# The shell outlives neither the server nor our end of its standard input; $0 is the folder.
GUARD = '( "$@"; kill -9 0 ) & read -r _; rm -rf "$0"; kill -9 0'

CONFIG = """\
cluster.name: vedette-test
node.name: node
network.host: 127.0.0.1
http.port: 0
transport.port: 0
node.portsfile: true
discovery.type: single-node
path.data: {folder}/data
path.logs: {folder}/logs
cluster.routing.allocation.disk.threshold_enabled: false
node.store.allow_mmap: false
"""
LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


@dataclass
class Node:
    """A started server: its URL, its guarding shell and its folder of data and logs."""

    kind: str
    folder: Path
    process: subprocess.Popen[bytes]
    url: str = ""

    def stop(self) -> None:
        """Kill the node and everything it started, and delete its data; may be repeated."""
        if self.process.stdin:
            self.process.stdin.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):  # already gone
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.stop)


def start(kind: str) -> Node:
    """Start one node and wait until it serves. Raises `Unavailable`, or RuntimeError with the log.

    `kind` is "opensearch" or "elasticsearch".
    """
    server, java = home(BUILDS[kind]), java_home()
    folder = Path(tempfile.mkdtemp(prefix=f"vedette-{kind}-"))
    configure(kind, folder)
    node = launch(kind, folder, *LAUNCHERS[kind](server, java, folder))
    try:
        node.url = wait(node)
    except BaseException:
        node.stop()
        raise
    return node


def launch(kind: str, folder: Path, command: list[str], environment: dict[str, str]) -> Node:
    """Start a server in a folder that is laid out, and do not wait for it."""
    with (folder / "logs" / "console.log").open("wb") as log:
        process = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, str(folder), *command],
            cwd=folder,
            env={"PATH": os.environ.get("PATH", os.defpath), **environment},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **account(),  # type: ignore[call-overload]
        )
    node = Node(kind, folder, process)
    atexit.register(node.stop)
    return node


def account() -> dict[str, object]:
    """The Popen arguments that drop root's rights."""
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam(UNPRIVILEGED)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def configure(kind: str, folder: Path) -> None:
    """Lay out a node's folder and hand it to the account that the node runs under."""
    for name in ("config", "data", "logs", "tmp"):
        (folder / name).mkdir()
    settings = CONFIG.format(folder=folder)
    if kind == "elasticsearch":
        settings += "xpack.security.enabled: false\n"
        # The options that come with the server would write beside it.
        options = (*HEAP, f"-Djava.io.tmpdir={folder}/tmp")
        (folder / "config" / "jvm.options").write_text("\n".join(options) + "\n")
    (folder / "config" / f"{kind}.yml").write_text(settings)
    (folder / "config" / "log4j2.properties").write_text(LOGGING)
    (folder / "logs" / "console.log").touch()
    if os.getuid() == 0:
        entry = pwd.getpwnam(UNPRIVILEGED)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, entry.pw_uid, entry.pw_gid)


def elasticsearch_command(
    server: Path, java: Path, folder: Path
) -> tuple[list[str], dict[str, str]]:
    """Elasticsearch through its own script, in the foreground."""
    environment = {
        "ES_JAVA_HOME": str(java),
        "ES_PATH_CONF": str(folder / "config"),
        "ES_TMPDIR": str(folder / "tmp"),
    }
    return ["/bin/bash", str(server / "bin" / "elasticsearch")], environment


def opensearch_command(
    server: Path, java: Path, folder: Path, heap: Sequence[str] = ()
) -> tuple[list[str], dict[str, str]]:
    """OpenSearch without its script, which would read the options beside the server."""
    options = [
        *(heap or HEAP),
        "-Xss1m",
        "-Djava.awt.headless=true",
        "-Dfile.encoding=UTF-8",
        "-Djava.locale.providers=SPI,CLDR",
        "-Djna.nosys=true",
        f"-Djava.io.tmpdir={folder}/tmp",
        f"-Djna.tmpdir={folder}/tmp",
        "-Dio.netty.noUnsafe=true",
        "-Dio.netty.noKeySetOptimization=true",
        "-Dio.netty.recycler.maxCapacityPerThread=0",
        "-Dio.netty.allocator.numDirectArenas=0",
        "-Dlog4j.shutdownHookEnabled=false",
        "-Dlog4j2.disable.jmx=true",
        "-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1",
        "--add-modules=jdk.incubator.vector",
        "--add-opens=java.base/java.nio=ALL-UNNAMED",
        f"-javaagent:{server}/agent/opensearch-agent.jar",
        f"-XX:ErrorFile={folder}/logs/hs_err_pid%p.log",
        f"-Dopensearch.path.home={server}",
        f"-Dopensearch.path.conf={folder}/config",
        "-Dopensearch.distribution.type=zip",
        "-Dopensearch.bundled_jdk=false",
    ]
    if java_major(java) >= 25:
        options.append("-XX:+UseCompactObjectHeaders")
    main = ["-cp", f"{server}/lib/*", "org.opensearch.bootstrap.OpenSearch"]
    return [str(java / "bin" / "java"), *options, *main], {}


LAUNCHERS: dict[str, Callable[[Path, Path, Path], tuple[list[str], dict[str, str]]]] = {
    "elasticsearch": elasticsearch_command,
    "opensearch": opensearch_command,
}


def wait(node: Node) -> str:
    """The node's URL, once it answers healthy."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if node.process.poll() is not None:
            raise RuntimeError(f"{node.kind} stopped while starting:\n{tail(node)}")
        url = address(node.folder / "logs" / "http.ports")
        if url and healthy(url):
            return url
        time.sleep(0.2)
    raise RuntimeError(f"{node.kind} was not healthy after {START_SECONDS} s:\n{tail(node)}")


def tail(node: Node) -> str:
    """The end of a node's log."""
    text = (node.folder / "logs" / "console.log").read_text(errors="replace")
    return "\n".join(text.splitlines()[-30:])


def address(ports: Path) -> str | None:
    """The URL out of a node's file of bound addresses, None while there is none."""
    for line in ports.read_text().splitlines() if ports.exists() else ():
        if line.startswith("127.0.0.1:"):
            return f"http://{line.strip()}"
    return None


def healthy(url: str) -> bool:
    """Whether a node serves and has all its primary shards."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/_cluster/health", timeout=5) as answer:
            return json.load(answer)["status"] in ("yellow", "green")
    except (OSError, urllib.error.URLError, ValueError, KeyError):
        return False


@contextmanager
def running(kind: str) -> Iterator[str]:
    """A node for as long as the block runs; gives its URL."""
    node = start(kind)
    try:
        yield node.url
    except Exception as error:
        if node.process.poll() is not None:
            error.add_note(f"{kind} had ended by itself; the end of its log:\n{tail(node)}")
        raise
    finally:
        node.stop()


def opensearch() -> AbstractContextManager[str]:
    """An OpenSearch node for as long as the block runs; gives its URL."""
    return running("opensearch")


def elasticsearch() -> AbstractContextManager[str]:
    """An Elasticsearch node for as long as the block runs; gives its URL."""
    return running("elasticsearch")


def main(kinds: list[str]) -> None:
    """Run nodes until interrupted, printing `kind<tab>url` for each."""
    with ThreadPoolExecutor() as pool:
        started = list(pool.map(start, kinds or sorted(BUILDS)))
    for node in started:
        print(f"{node.kind}\t{node.url}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print("stopping")
    finally:
        for node in started:
            node.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
