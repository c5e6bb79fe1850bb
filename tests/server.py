"""A PostgreSQL server of our own for the tests: a private cluster on a free port, which logs every statement."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

OWNER_PASSWORD = "owner-s3cret"
READER_PASSWORD = "Vögel & Bäume/7@home"
"""A password that has to be quoted in a URL, and that no other text holds by chance."""


@dataclass(frozen=True)
class Server:
    """A running server with the database `shop`, its `owner`, and `reader`, who owns nothing and may do nothing."""

    port: int
    folder: Path

    def owner_url(self, database: str = "shop") -> str:
        """Give the URL of the owner."""
        return f"postgresql://owner:{OWNER_PASSWORD}@127.0.0.1:{self.port}/{database}"

    def url(self, asked: str, user: str = "reader", database: str = "shop") -> str:
        """Give the URL of a user without a password: `asked` is what stands behind the `?`."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}?{asked}"

    def run(self, *statements: str) -> None:
        """Run statements as the owner."""
        with psycopg.connect(self.owner_url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def load(self, table: str, columns: str, csv: Path) -> None:
        """Make a table of a CSV, and let the reader read it."""
        self.run(f"DROP TABLE IF EXISTS {table}", f"CREATE TABLE {table} ({columns})")
        with psycopg.connect(self.owner_url(), autocommit=True) as connection:
            with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv, HEADER)") as copy:
                copy.write(csv.read_bytes())
            connection.execute(f"GRANT SELECT ON {table} TO reader")
            connection.execute(f"ANALYZE {table}")

    def log(self) -> str:
        """Give all that the server has logged."""
        return (self.folder / "log").read_text(encoding="utf-8")


def find_binaries() -> Path | None:
    """Find where the programs of the server are: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return places[-1].parent if places else None


@contextmanager
def start_server(binaries: Path) -> Iterator[Server]:
    """Start a server that is gone afterwards. It refuses to run as root, who lends it another user's name."""
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="customerbase-postgres-", dir="/tmp"))
    if user:
        shutil.chown(folder, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(program: str, *words: str) -> None:
        words = (str(binaries / program), "-D", str(folder / "data"), *words)
        subprocess.run(words, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    secret = folder / "secret"
    secret.write_text(OWNER_PASSWORD)
    secret.chmod(0o644)
    call("initdb", "-U", "owner", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--locale=C.UTF-8", "-N")
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c log_statement=all"
    call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", settings, "start")
    try:
        server = Server(port, folder)
        with psycopg.connect(server.owner_url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE shop")
            connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{READER_PASSWORD}'")
            connection.execute("REVOKE ALL ON DATABASE shop FROM PUBLIC")
            connection.execute("GRANT CONNECT ON DATABASE shop TO reader")
        server.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        yield server
    finally:
        call("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)
