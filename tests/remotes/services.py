"""Start what others share: S3, as moto plays it, and PostgreSQL."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tracking.servers import free_port

INSTALL = "pip install -e '.[remotes]'"
KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
BINARIES = Path("/usr/lib/postgresql")
"""Where Debian puts them, a folder for each version, and not on the PATH."""
SECONDS_TO_START = 180


@contextmanager
def s3(log: Path, bucket: str) -> Iterator[str]:
    """Serve a bucket from this machine's memory.

    Yields:
        The address of the service.
    """
    for name in ("moto", "flask", "dvc_s3"):
        pytest.importorskip(name, reason=f"no S3 here: {INSTALL}")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (
        log.open("wb") as stream,
        subprocess.Popen(command, env={**os.environ, **KEYS}, stdout=stream, stderr=stream) as server,
    ):
        try:
            wait_for(port, server, log)
            address = f"http://127.0.0.1:{port}"
            make_bucket(address, bucket)
            yield address
        finally:
            server.terminate()


def make_bucket(address: str, name: str) -> None:
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=address, **keys).create_bucket(Bucket=name)


def objects(address: str, bucket: str) -> int:
    """Count what a bucket holds."""
    import boto3

    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    pages = boto3.client("s3", endpoint_url=address, **keys).get_paginator("list_objects_v2")
    return sum(page["KeyCount"] for page in pages.paginate(Bucket=bucket))


@contextmanager
def postgres() -> Iterator[str]:
    """Serve an empty database of PostgreSQL from a temporary folder.

    Yields:
        Its address for MLflow.
    """
    pytest.importorskip("psycopg2", reason=f"no driver of PostgreSQL here: {INSTALL}")
    found = sorted(BINARIES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if not initdb:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="hbir-postgres-"))
    if user:
        shutil.chown(folder, user)
    port = free_port()
    data, log = folder / "data", folder.parent / f"{folder.name}.log"
    options = ("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}")
    try:
        subprocess.run(
            [initdb, "-D", str(data), "-U", "mlflow", "-A", "trust", "-E", "UTF8", "--no-sync"],
            user=user,
            cwd="/",
            check=True,
            capture_output=True,
        )
        command = [str(Path(initdb).with_name("postgres")), "-D", str(data), "-p", str(port), *options]
        with (
            log.open("wb") as stream,
            subprocess.Popen(command, user=user, cwd="/", stdout=stream, stderr=stream) as server,
        ):
            try:
                wait_for(port, server, log)
                yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/postgres"
            finally:
                server.terminate()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        log.unlink(missing_ok=True)


def wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text(errors="replace"))
