"""What keeps the stages of `tests/pipeline` on this machine lets through what stays, and notes the rest."""

from pathlib import Path

import pytest

from tests.pipeline.preloaded import stay_here


@pytest.mark.parametrize(
    ("event", "given"),
    [
        ("socket.connect", (None, ("127.0.0.1", 5000))),
        ("socket.connect", (None, "/run/a.sock")),
        ("socket.connect", (None, ("::1", 5000, 0, 0))),
        ("socket.getaddrinfo", ("localhost", 5000, 0, 0, 0)),
        ("socket.getaddrinfo", (None, 5000, 0, 0, 0)),
        ("open", ("192.0.2.1", "r", 0)),
    ],
)
def test_what_stays_here_passes(event: str, given, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("CONNECTIONS", str(tmp_path / "log"))
    stay_here(event, given)
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("event", "given", "name"),
    [
        ("socket.connect", (None, ("192.0.2.1", 443)), "192.0.2.1"),
        ("socket.sendto", (None, ("192.0.2.1", 53)), "192.0.2.1"),
        ("socket.getaddrinfo", ("hub.invalid", 443, 0, 0, 0), "hub.invalid"),
        ("socket.getaddrinfo", (b"hub.invalid", 443, 0, 0, 0), "hub.invalid"),
        ("socket.gethostbyname", ("hub.invalid",), "hub.invalid"),
    ],
)
def test_what_leaves_is_refused_and_noted(event: str, given, name: str, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("CONNECTIONS", str(tmp_path / "log"))
    with pytest.raises(ConnectionRefusedError, match=name):
        stay_here(event, given)
    assert (tmp_path / "log").read_text() == f"{event} {name}\n"
