"""Object stores: what is a URL, versions, streams, copies, and what is said where a store refuses."""

import gzip
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hbir.core.errors import DataError, HbirError, ParamsError
from hbir.core.files import write_json
from hbir.core.lines import expanded, read_lines, readable
from hbir.core.objects import faults
from hbir.core.objects.copies import COPIES, local_copy
from hbir.core.objects.faults import explained
from hbir.core.objects.streams import ObjectFile
from hbir.core.objects.urls import checked_url, is_url
from hbir.core.objects.version import require_recorded, version_of
from hbir.core.steady import steady

FAQ, FOLDER = "memory://bucket/faq.jsonl", "memory://bucket/xquad-r"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DVC_ROOT", "DVC_STAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "url", ["s3://b/k", "memory://b/k", "GS://b/k", "https://h/f?download=1", "abfs://c@a.b/k"]
)
def test_a_url(url: str):
    assert is_url(url)
    assert checked_url(url, "here") == url
    assert readable(url, "here") == ObjectFile(url)
    with pytest.raises(ParamsError, match="expected a path on this machine"):
        expanded(url, "here")


@pytest.mark.parametrize(
    "path", ["data/a:b.jsonl", "/s3://b", "a/s3://b", "C:/data", "s3:/b/k", "~/a", "microsoft/wiki_qa"]
)
def test_a_path(path: str):
    assert not is_url(path)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@host/f",
        "https://b.s3.amazonaws.com/f?X-Amz-Credential=hunter2&X-Amz-Signature=hunter2",
        "https://a.blob.core.windows.net/c/f?sv=1&sig=hunter2",
        "https://host/f?AWSAccessKeyId=hunter2",
        "https://host/f?token=",
    ],
)
def test_a_url_with_a_secret_is_refused_and_not_repeated(url: str):
    with pytest.raises(ParamsError, match="expected a URL without a secret") as caught:
        readable(url, "params.yaml: path")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["simplecache::s3://b/k", "zip://a::s3://b/k", "file:///etc/passwd", "local://a", "s4://b/k"]
)
def test_what_is_no_store_or_leads_to_files_of_this_machine_is_refused(url: str):
    with pytest.raises(ParamsError, match="here: expected a URL of s3://, .*, https://, memory://, found"):
        readable(url, "here")


def test_a_version_changes_with_the_bytes_and_only_then(store: Any, tmp_path: Path):
    store.pipe(FAQ, b"one\n")
    first = version_of(FAQ)
    assert version_of(FAQ) == first
    assert first.files == {"": 4}
    store.pipe(FAQ, b"two\n")
    assert version_of(FAQ).digest != first.digest
    (tmp_path / "a").write_bytes(b"a")
    local = version_of((tmp_path / "a").as_uri())
    (tmp_path / "a").write_bytes(b"bb")
    assert version_of((tmp_path / "a").as_uri()).digest != local.digest


@pytest.mark.parametrize("mark", ["ETag", "etag", "md5Hash", "Content-MD5"])
def test_the_same_bytes_written_again_are_the_same_version_where_the_store_knows(
    store: Any, mark: str, monkeypatch: pytest.MonkeyPatch
):
    store.pipe(FAQ, b"one\n")
    info, marks = store.info(FAQ), [{mark: "m", "LastModified": 1}, {mark: "m", "LastModified": 2}, {mark: "n"}]
    found = []
    for one in marks:
        monkeypatch.setattr(type(store), "info", lambda *_, one=one: {**info, **one})
        found.append(version_of(FAQ).digest)
    assert found[0] == found[1] != found[2]


def test_a_store_that_tells_no_versions_apart_is_refused(store: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(type(store), "info", lambda *_: {"name": "a", "type": "file", "size": 1})
    with pytest.raises(
        DataError, match="expected an answer that says which version it is .ETag, Last-Modified."
    ):
        version_of(FAQ)


def test_a_folder_has_the_version_of_all_that_is_in_it(store: Any):
    with pytest.raises(DataError, match="expected an object, or a folder of some, found none"):
        version_of(FOLDER)
    store.pipe(f"{FOLDER}/.hidden", b"")
    with pytest.raises(DataError, match="found an empty one"):
        version_of(FOLDER)
    store.pipe(f"{FOLDER}/de.json", b"{}")
    first = version_of(FOLDER)
    assert first.files == {"de.json": 2}
    store.pipe(f"{FOLDER}/more/th.json", b"{}")
    assert version_of(FOLDER).files == {"de.json": 2, "more/th.json": 2}
    assert version_of(FOLDER).digest != first.digest
    store.rm(f"{FOLDER}/more/th.json")
    assert version_of(FOLDER) == first


TEXT = "".join(f"line {number} ä\n" for number in range(5000)).encode()


@pytest.mark.parametrize("packed", [TEXT, gzip.compress(TEXT), TEXT.decode().encode("utf-16")])
def test_an_object_is_read_as_a_file_with_the_same_bytes(store: Any, tmp_path: Path, packed: bytes):
    store.pipe(FAQ, packed)
    (tmp_path / "faq.jsonl").write_bytes(packed)
    assert list(read_lines(ObjectFile(FAQ))) == list(read_lines(tmp_path / "faq.jsonl"))


def test_a_stream_takes_a_block_at_a_time(store: Any, monkeypatch: pytest.MonkeyPatch):
    """Lines are read while the rest is still in the store."""
    store.pipe(FAQ, TEXT * 200)
    asked: list[int] = []
    kind = type(store.open(FAQ))
    read = kind.read

    def counted(self: Any, size: int) -> bytes:
        asked.append(size)
        found: bytes = read(self, size)
        return found

    monkeypatch.setattr(kind, "read", counted, raising=False)
    assert next(read_lines(ObjectFile(FAQ))) == (1, "line 0 ä")
    assert asked
    assert sum(asked) < len(TEXT) * 200 / 2


def test_an_object_that_is_not_there_or_is_broken(store: Any):
    with pytest.raises(DataError, match=f"{FAQ}: expected an object, or a folder of some, found none"):
        next(read_lines(ObjectFile(FAQ)))
    store.pipe(FAQ, gzip.compress(TEXT)[:-9])
    with pytest.raises(DataError, match=r"faq.jsonl, line \d+: expected whole gzip data"):
        list(read_lines(ObjectFile(FAQ)))
    store.pipe(FAQ, b"PAR1")
    with pytest.raises(DataError, match="found a Parquet file"):
        list(read_lines(ObjectFile(FAQ)))


def test_a_packed_object_that_unfolds_without_end_is_refused(store: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hbir.core.unpacked.FLOOR", 1000)
    store.pipe(FAQ, gzip.compress(b"x" * 1_000_000))
    with pytest.raises(DataError, match=f"{FAQ}: expected gzip that unpacks to at most"):
        list(read_lines(ObjectFile(FAQ)))


def test_an_object_that_changes_while_it_is_read_is_refused(store: Any):
    store.pipe(FAQ, TEXT)
    with steady(ObjectFile(FAQ)):
        list(read_lines(ObjectFile(FAQ)))
    with pytest.raises(
        DataError, match="expected an object that nobody writes to while it is read, found 3 bytes"
    ):
        with steady(ObjectFile(FAQ)):
            for number, _ in read_lines(ObjectFile(FAQ)):
                if number == 9:
                    store.pipe(FAQ, b"new")


def test_a_stage_refuses_another_version_than_the_stage_inputs_saw(store: Any, monkeypatch: pytest.MonkeyPatch):
    store.pipe(FAQ, b"one\n")
    write_json(Path("data/inputs/collect.json"), {FAQ: version_of(FAQ).digest})
    monkeypatch.setenv("DVC_STAGE", "collect")
    require_recorded(FAQ, version_of(FAQ))
    store.pipe(FAQ, b"two\n")
    with pytest.raises(DataError, match="expected the version .{8} that the stage inputs has seen.*hbir repro"):
        local_copy(FAQ)
    with pytest.raises(DataError, match="that the stage inputs has seen"), steady(ObjectFile(FAQ)):
        pass
    for stage in ("inputs", None):
        monkeypatch.setenv("DVC_STAGE", stage) if stage else monkeypatch.delenv("DVC_STAGE")
        require_recorded(FAQ, version_of(FAQ))


def test_a_folder_is_copied_once_for_each_version(store: Any, project: Path, monkeypatch: pytest.MonkeyPatch):
    store.pipe({f"{FOLDER}/de.json": b"de", f"{FOLDER}/more/th.json": b"th"})
    first = local_copy(FOLDER)
    assert first.parent.parent == project / COPIES
    assert {path.name: path.read_bytes() for path in first.rglob("*.json")} == {
        "de.json": b"de",
        "th.json": b"th",
    }
    with monkeypatch.context() as patch:
        patch.setattr(type(store), "get_file", None)
        assert local_copy(FOLDER) == first
    store.pipe(f"{FOLDER}/de.json", b"new")
    second = local_copy(FOLDER)
    assert second != first
    assert (second / "de.json").read_bytes() == b"new"
    assert (first / "de.json").read_bytes() == b"de"


def test_a_copy_of_what_changes_meanwhile_is_refused_and_leaves_nothing(
    store: Any, project: Path, monkeypatch: pytest.MonkeyPatch
):
    store.pipe(FAQ, b"one\n")
    get = type(store).get_file

    def slowly(self, path, target):
        get(self, path, target)
        store.pipe(FAQ, b"two\n")

    with monkeypatch.context() as patch:
        patch.setattr(type(store), "get_file", slowly)
        with pytest.raises(DataError, match="expected an object that nobody writes to while it is read"):
            local_copy(FAQ)
    assert [path for path in (project / COPIES).iterdir() if path.is_dir()] == []
    assert local_copy(FAQ).read_bytes() == b"two\n"


def test_a_copy_without_room_is_refused_before_it_begins(store: Any, monkeypatch: pytest.MonkeyPatch):
    store.pipe(FAQ, b"one\n")
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 3}))
    with pytest.raises(DataError, match="expected room for a copy of 0.00 GB"):
        local_copy(FAQ)


@pytest.mark.parametrize("name", ["../out.json", "a/../../out.json"])
def test_a_name_that_leads_out_of_the_copy_is_refused(store: Any, name: str, monkeypatch: pytest.MonkeyPatch):
    store.pipe(f"{FOLDER}/de.json", b"")
    found = {f"/bucket/xquad-r/{name}": {"name": name, "type": "file", "size": 1, "created": 1}}
    monkeypatch.setattr(type(store), "find", lambda *_, **__: found)
    with pytest.raises(DataError, match="expected names that are paths below the folder"):
        local_copy(FOLDER)


class Quiet(SimpleHTTPRequestHandler):
    """Serve files, and say nothing of it."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """Serve a folder as most web servers do, without parts."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web/faq.jsonl.gz").write_bytes(gzip.compress(TEXT))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "web")) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_file_of_a_web_server_is_copied_and_its_change_noticed(web: str, tmp_path: Path):
    file, served = ObjectFile(f"{web}/faq.jsonl.gz"), tmp_path / "web/faq.jsonl.gz"
    with steady(file):
        assert list(read_lines(file)) == list(read_lines(served))
    before = version_of(file.url)
    served.write_bytes(gzip.compress(TEXT[: len(TEXT) // 2]))
    assert version_of(file.url).digest != before.digest
    assert list(read_lines(file)) == list(read_lines(served))
    with pytest.raises(DataError, match="expected an object, or a folder of some, found none"):
        version_of(f"{web}/none")
    with pytest.raises(DataError, match="expected a store that answers, found ClientConnectorError"):
        version_of("http://127.0.0.1:9/faq.jsonl.gz")


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.setattr(sys.modules["fsspec.registry"], "_registry", {})
    with pytest.raises(
        ParamsError, match=r"s3://b/k: expected the package s3fs, found none.*pip install -e '\.\[s3\]'"
    ):
        faults.connected("s3://b/k")


class NoCredentialsError(OSError):
    """As botocore's is called."""


class FileExpired(OSError):  # noqa: N818
    """As s3fs's is called."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError("Access Denied"), "expected the right to read or write it, found permission denied"),
        (
            NoCredentialsError("Unable to locate credentials"),
            "found Unable to locate credentials. Credentials come",
        ),
        (FileExpired("etag"), "expected an object that nobody writes to while it is read"),
        (
            TimeoutError("no answer"),
            "expected a store that answers, found TimeoutError: no answer. Check the net",
        ),
        (OSError("GET https://u:hunter2@h/f?sig=hunter2 failed"), "found OSError: GET https://…@h/f?… failed"),
    ],
)
def test_what_a_store_refuses_is_said_without_a_secret(error: Exception, said: str):
    with pytest.raises(HbirError) as caught, explained("s3://b/k"):
        raise error
    assert str(caught.value).startswith("s3://b/k: ")
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_own_disk_s_faults_stay_what_they_are():
    with pytest.raises(OSError, match="No space left"), explained("s3://b/k"):
        raise OSError(28, "No space left on device")
