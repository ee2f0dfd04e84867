"""Ordinary requests: visitors of the company's shop, and its people on their way out."""

from __future__ import annotations

from datetime import datetime
from random import Random

from vedette.demo.company import DC01, WORKSTATIONS
from vedette.demo.ordinary.windows import SITES, Events, later, someone
from vedette.demo.shapes import Document, proxied, request

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
)
EDGE = BROWSERS[0]
SEARCHES = ("q=garden+chair", "q=desk+lamp&page=2", "q=identity+card+holder", "q=oak+table")


def visit(rng: Random, time: datetime) -> Events:
    """A visitor looks at a page or two of the shop."""
    client, agent = f"192.0.2.{rng.randrange(60, 200)}", rng.choice(BROWSERS)
    found: Events = []
    for _ in range(rng.randrange(1, 4)):
        found.append((time, _page(rng, time, client, agent)))
        time = later(rng, time, 30)
    return found


def _page(rng: Random, time: datetime, client: str, agent: str) -> Document:
    size, number = rng.randrange(900, 60000), rng.randrange(100, 900)
    method, stem, query, status = rng.choice((
        ("GET", "/", "-", 200),
        ("GET", f"/products/{number}", "-", 200),
        ("GET", f"/products/{number}", "ref=newsletter", 200),
        ("GET", "/search", rng.choice(SEARCHES), 200),
        ("GET", "/assets/app.css", f"v={number}", 304),
        ("GET", f"/uploads/2026/11/product-{number}.png", "-", 200),
        ("GET", "/download.php", f"file=manual-{number}.pdf", 200),
        ("GET", "/favicon.ico", "-", 404),
        ("POST", "/cart", "-", 302),
        ("POST", "/login", "-", rng.choice((302, 302, 302, 401))),
        ("POST", "/account/avatar", "-", 302),
    ))  # fmt: skip
    return request(time, client, method, stem, status, agent, query, size)


def crawler(rng: Random, time: datetime) -> Events:
    """A search engine, a monitor, or a bot that hopes for somebody else's software."""
    client, stem, status, agent = rng.choice((
        ("192.0.2.211", "/robots.txt", 200, "Mozilla/5.0 (compatible; ExampleBot/2.1)"),
        ("192.0.2.211", f"/products/{rng.randrange(100, 900)}", 200,
         "Mozilla/5.0 (compatible; ExampleBot/2.1)"),
        ("10.20.0.22", "/health", 200, "uptime-check/1.4"),
        (f"192.0.2.{rng.randrange(200, 250)}", "/wp-login.php", 404, BROWSERS[2]),
        (f"192.0.2.{rng.randrange(200, 250)}", "/.env", 404, "python-requests/2.32.3"),
    ))  # fmt: skip
    return [(time, request(time, client, "GET", stem, status, agent, size=560))]


def proxied_browsing(rng: Random, time: datetime) -> Events:
    """Someone's browser goes through the proxy."""
    machine, _ = someone(rng)
    found = []
    for _ in range(rng.randrange(1, 4)):
        method = rng.choice(("GET", "GET", "GET", "POST"))
        sent = rng.randrange(300, 900) if method == "GET" else rng.randrange(900, 400_000)
        path = f"/{rng.choice(('news', 'static', 'api/v2', 'mail', 'img'))}/{rng.randrange(1000)}"
        event = proxied(time, machine.ip, method, rng.choice(SITES), path,
                        rng.choice((200, 200, 200, 304, 404)), EDGE, sent,
                        rng.randrange(200, 90000))  # fmt: skip
        found.append((time, event))
        time = later(rng, time, 5)
    return found


def update(rng: Random, time: datetime) -> Events:
    """A machine fetches updates; large, but inwards."""
    machine = rng.choice((*WORKSTATIONS, DC01))
    host, path, agent = rng.choice((
        ("updates.example.com", "/w11/kb.cab", "Windows-Update-Agent/1023.1020.2172.0"),
        ("packages.example.org", "/stable/Release", "Debian APT-HTTP/1.3 (2.6.1)"),
        ("definitions.example.com", "/av/delta.exe", "MpSigStub/1.1"),
        ("packages.example.org", "/modules/index.json", "Mozilla/5.0 (Windows NT; Windows NT 10.0; "
         "en-US) WindowsPowerShell/5.1.26100.2161"),
    ))  # fmt: skip
    received = rng.randrange(20_000, 300_000_000)
    return [(time, proxied(time, machine.ip, "GET", host, path, 200, agent, 420, received))]
