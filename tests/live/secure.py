"""Nodes with TLS and users, for the stage `secure` of `make conformance`: one of each kind.

Elasticsearch's plain build has its security module: users and roles are kept in files, and API keys
cannot be made (their index needs an analyser that the build lacks). Where
`VEDETTE_TEST_ELASTICSEARCH_MODULES` names a folder with modules of the same release, one of them
`analysis-common`, the node has them too, and API keys can be made. OpenSearch needs the security
plugin, which Maven fetches (published for 3.4.0; its descriptor is set to the server's version, and
the libraries that the server itself has are left out).
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pwd
import re
import shutil
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.connectors.search.authority import Authority, Pair
from tests.live import nodes
from tests.live.servers import BUILDS, Build, cache, fetch, home, java_home, locked

PLUGIN = Build("opensearch", "org.opensearch.plugin", "opensearch-security", "3.4.0.0")
MODULES = "VEDETTE_TEST_ELASTICSEARCH_MODULES"
ADMIN, RUNNER = ("admin", "Loopback-orchard-77"), ("runner", "Quiet-harbour-31")

ELASTICSEARCH = """\
xpack.security.enabled: true
xpack.security.http.ssl.enabled: true
xpack.security.http.ssl.key: node-key.pem
xpack.security.http.ssl.certificate: node.pem
xpack.security.http.ssl.certificate_authorities: [ca.pem]
xpack.security.http.ssl.client_authentication: optional
"""
OPENSEARCH = """\
plugins.security.ssl.http.enabled: true
plugins.security.ssl.http.pemcert_filepath: node.pem
plugins.security.ssl.http.pemkey_filepath: node-key.pem
plugins.security.ssl.http.pemtrustedcas_filepath: ca.pem
plugins.security.ssl.http.clientauth_mode: OPTIONAL
plugins.security.ssl.transport.pemcert_filepath: node.pem
plugins.security.ssl.transport.pemkey_filepath: node-key.pem
plugins.security.ssl.transport.pemtrustedcas_filepath: ca.pem
plugins.security.ssl.transport.enforce_hostname_verification: false
plugins.security.nodes_dn: ["CN=node"]
plugins.security.allow_default_init_securityindex: true
"""


@dataclass
class Secure:
    """A started node with TLS: its URL, its authority, its own certificate."""

    kind: str
    url: str
    authority: Authority
    pair: Pair
    folder: Path

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request by the administrator."""
        return call(self.url + path, self.authority, method, body)


def call(url: str, authority: Authority, method: str = "GET", body: Any = None) -> Any:
    """One request by the administrator. Raises OSError and what urllib does."""
    context = ssl.create_default_context(cafile=authority.file)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    sign_in = base64.b64encode(":".join(ADMIN).encode()).decode()
    headers = {"authorization": f"Basic {sign_in}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    with opener.open(request, timeout=30) as answer:
        return json.load(answer)


@contextmanager
def running(kind: str, folder: Path, role: Mapping[str, Any]) -> Iterator[Secure]:
    """A node whose user `runner` has a role, for as long as the block runs."""
    authority = Authority(folder / "authority")
    pair = authority.sign("node")
    node_folder = Path(tempfile.mkdtemp(prefix=f"vedette-secure-{kind}-"))
    try:
        command, environment = laid_out(kind, node_folder, authority, pair, role)
    except BaseException:
        shutil.rmtree(node_folder, ignore_errors=True)
        raise
    node = nodes.launch(kind, node_folder, command, environment)
    try:
        url = wait(node, authority)
        yield Secure(kind, url, authority, pair, node_folder)
    finally:
        node.stop()


def laid_out(
    kind: str, node_folder: Path, authority: Authority, pair: Pair, role: Mapping[str, Any]
) -> tuple[list[str], dict[str, str]]:
    """A node's folder with its certificates and users; gives what starts it."""
    nodes.configure(kind, node_folder)
    java = java_home()
    server = with_modules(node_folder) if kind == "elasticsearch" else with_plugin()
    config = node_folder / "config"
    for file, name in ((pair.cert, "node"), (pair.key, "node-key"), (authority.pair.cert, "ca")):
        shutil.copy(file, config / f"{name}.pem")
    with (config / f"{kind}.yml").open("a") as file:
        file.write(ELASTICSEARCH if kind == "elasticsearch" else OPENSEARCH)
    users = elasticsearch_users if kind == "elasticsearch" else opensearch_users
    users(server, java, config, role)
    give_away(node_folder)
    return nodes.LAUNCHERS[kind](server, java, node_folder)


def with_modules(node_folder: Path) -> Path:
    """Elasticsearch with what modules somebody has for it; a copy, where there are any."""
    server, named = home(BUILDS["elasticsearch"]), os.environ.get(MODULES)
    if not named:
        return server
    whole = node_folder / "server"
    shutil.copytree(server, whole)
    for module in Path(named).iterdir():
        if not (whole / "modules" / module.name).exists():
            shutil.copytree(module, whole / "modules" / module.name)
    return whole


def wait(node: nodes.Node, authority: Authority) -> str:
    """The node's URL, once its administrator is let in."""
    end = time.monotonic() + 2 * nodes.START_SECONDS
    while time.monotonic() < end:
        if node.process.poll() is not None:
            raise RuntimeError(f"{node.kind} stopped while starting:\n{nodes.tail(node)}")
        bound = nodes.address(node.folder / "logs" / "http.ports")
        if bound:
            url = bound.replace("http://", "https://")
            with contextlib.suppress(OSError, urllib.error.URLError, ValueError, KeyError):
                if call(f"{url}/_cluster/health", authority)["status"] in ("yellow", "green"):
                    return url
        time.sleep(0.5)
    raise RuntimeError(f"{node.kind} was not healthy in time:\n{nodes.tail(node)}")


def give_away(folder: Path) -> None:
    """Hand what was added to the account that the node runs under."""
    if os.getuid() == 0:
        entry = pwd.getpwnam(nodes.UNPRIVILEGED)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, entry.pw_uid, entry.pw_gid)


def elasticsearch_users(server: Path, java: Path, config: Path, role: Mapping[str, Any]) -> None:
    """Users and the role in the server's files; JSON is YAML too."""
    text = (config / "elasticsearch.yml").read_text()
    (config / "elasticsearch.yml").write_text(
        text.replace("xpack.security.enabled: false\n", "", 1)
    )
    (config / "roles.yml").write_text(json.dumps({"run": role}))
    for name in ("users", "users_roles"):
        (config / name).touch()
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "ES_JAVA_HOME": str(java),
        "ES_PATH_CONF": str(config),
    }
    for (name, password), of in ((ADMIN, "superuser"), (RUNNER, "run")):
        command = [str(server / "bin" / "elasticsearch-users"), "useradd", name]
        subprocess.run(
            [*command, "-p", password, "-r", of], env=environment, check=True, capture_output=True
        )


def opensearch_users(server: Path, java: Path, config: Path, role: Mapping[str, Any]) -> None:
    """Users and the role in the files that the plugin reads at its first start."""
    plugin = server / "plugins" / "opensearch-security"
    shutil.copytree(plugin / "config", config / "opensearch-security", dirs_exist_ok=True)
    files = config / "opensearch-security"
    meta = {"config_version": 2}
    (files / "internal_users.yml").write_text(
        json.dumps(
            {
                "_meta": {"type": "internalusers", **meta},
                ADMIN[0]: {
                    "hash": hashed(server, java, ADMIN[1]),
                    "reserved": True,
                    "backend_roles": ["admin"],
                },
                RUNNER[0]: {"hash": hashed(server, java, RUNNER[1])},
            }
        )
    )
    (files / "roles.yml").write_text(json.dumps({"_meta": {"type": "roles", **meta}, "run": role}))
    mapping = {
        "_meta": {"type": "rolesmapping", **meta},
        "run": {"users": [RUNNER[0]]},
        "all_access": {"backend_roles": ["admin"]},
    }
    (files / "roles_mapping.yml").write_text(json.dumps(mapping))


def hashed(server: Path, java: Path, password: str) -> str:
    """A password as the plugin keeps it."""
    path = f"{server}/plugins/opensearch-security/*:{server}/lib/*"
    command = [str(java / "bin" / "java"), "-cp", path]
    done = subprocess.run(
        [*command, "org.opensearch.security.tools.Hasher", "-p", password],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip().splitlines()[-1]


def with_plugin() -> Path:
    """The OpenSearch server with its security plugin, made once in the cache."""
    plain = home(BUILDS["opensearch"])
    root = cache()
    target = root / f"{plain.name}-security"
    with locked(root / ".opensearch-security.lock"):
        if not (target / ".complete").exists():
            archive = PLUGIN.zip_in(root / "m2")
            if not archive.exists():
                fetch(PLUGIN, root / "m2")
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(plain, target, ignore=shutil.ignore_patterns(".complete"))
            install(archive, target)
            (target / ".complete").touch()
    return target


def install(archive: Path, server: Path) -> None:
    """Unpack the plugin, fit to this version of the server."""
    folder = server / "plugins" / "opensearch-security"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder)
    descriptor = folder / "plugin-descriptor.properties"
    version = f"opensearch.version={BUILDS['opensearch'].version}"
    text = re.sub(r"^opensearch\.version=.*$", version, descriptor.read_text(), flags=re.MULTILINE)
    descriptor.write_text(text)
    for jar in folder.glob("*.jar"):
        own = re.compile(re.escape(re.sub(r"-\d.*", "", jar.name)) + r"-\d.*")
        if any(own.fullmatch(each.name) for each in server.glob("lib/*.jar")):
            jar.unlink()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
