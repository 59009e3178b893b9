import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

import crisis
from crisis.embedded.child import end, wait_until_gone
from crisis.embedded.lock import Held
from crisis.embedded.place import User, blocking
from crisis.embedded.postgres import Postgres
from crisis.errors import Unready

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes user")
OWN = """
import sys, time
from pathlib import Path
from crisis.embedded.postgres import Postgres
postgres = Postgres(Path(sys.argv[1]))
print(postgres.start(), postgres.pid, flush=True)
if sys.argv[2:] == ["stop"]:
    postgres.stop()
else:
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Path]:
    """One database for the tests that leave it as they found it."""
    folder = Path(tempfile.mkdtemp(prefix="crisis-test-"))
    folder.chmod(0o755)
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def postgres(shared_home: Path) -> Iterator[Postgres]:
    with Postgres(shared_home) as server:
        yield server


def ask(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None


def tell(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def facts(path: Path) -> tuple[int, int, int]:
    info = path.stat()
    return info.st_mode, info.st_uid, info.st_gid


def test_it_keeps_what_it_is_given_and_knows_our_letters(postgres: Postgres) -> None:
    url = postgres.start()
    assert ask(url, "SHOW fsync") == "on"
    assert ask(url, "SHOW synchronous_commit") == "on"
    assert ask(url, "SHOW server_encoding") == "UTF8"
    assert ask(url, "SELECT lower('ÆØÅ')") == "æøå"
    assert ask(url, "SHOW TimeZone") == "UTC"
    assert int(str(ask(url, "SHOW max_connections"))) >= 100


def test_nobody_gets_in_without_the_password(postgres: Postgres) -> None:
    url = postgres.start()
    password = url.split(":")[2].split("@")[0]
    for wrong in ("", "crisis", password[:-1]):
        with pytest.raises(psycopg.OperationalError, match=r"password|fe_sendauth"):
            psycopg.connect(url.replace(password, wrong), connect_timeout=5)
    assert ask(url, "SHOW unix_socket_directories") == ""
    assert ask(url, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(url, "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = 'crisis'") is True


def test_only_its_owner_may_look_inside(postgres: Postgres, shared_home: Path) -> None:
    postgres.start()
    assert stat.S_IMODE(shared_home.stat().st_mode) & ~0o010 == 0o700  # its user may pass, when that is not ourselves
    assert stat.S_IMODE((shared_home / "postgres").stat().st_mode) == 0o700
    assert stat.S_IMODE((shared_home / "log").stat().st_mode) == 0o700
    for secret in (
        shared_home / "postgres.password",
        shared_home / "log" / "postgres.log",
        shared_home / "postgres.lock",
    ):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600, secret


def test_nothing_outside_the_home_changes(open_folder: Path, home: Path) -> None:
    (open_folder / "neighbour").mkdir(mode=0o700)
    folders = [open_folder / "neighbour", *home.parents]
    before = [facts(folder) for folder in folders]
    with Postgres(home):
        pass
    assert [facts(folder) for folder in folders] == before
    assert sorted(path.name for path in open_folder.iterdir()) == ["home", "neighbour"]


def test_stopping_leaves_no_process(home: Path) -> None:
    postgres = Postgres(home)
    postgres.start()
    server = psutil.Process(postgres.pid)
    processes = [server.pid, *(child.pid for child in server.children(recursive=True))]
    postgres.stop()
    assert postgres.pid is None
    assert wait_until_gone(processes, 0) == []


def test_a_killed_server_starts_again_where_it_was_with_everything_committed(postgres: Postgres) -> None:
    url = postgres.start()
    tell(url, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer")
    postgres.kill()
    assert postgres.pid is None
    assert postgres.start() == url
    assert ask(url, "SELECT answer FROM kept") == 42


@pytest.mark.parametrize("mode", ["smart", "fast", "immediate"])
def test_it_starts_again_where_it_was_after_a_stop(postgres: Postgres, mode: str) -> None:
    url = postgres.start()
    tell(url, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer")
    postgres.stop(mode)  # type: ignore[arg-type]
    assert postgres.start() == url
    assert ask(url, "SELECT answer FROM kept") == 42


def test_a_second_owner_is_refused_and_told_who_has_it(postgres: Postgres, shared_home: Path) -> None:
    url = postgres.start()
    with pytest.raises(Held, match=f"in use by process {os.getpid()}"):
        Postgres(shared_home).start()
    assert ask(url, "SELECT 1") == 1


def test_it_ends_with_a_killed_owner_and_the_next_one_recovers(home: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWN, str(home)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    url, pid = owner.stdout.readline().split()
    owner.stdout.close()
    tell(url, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS answer")
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    with Postgres(home) as postgres:
        assert ask(postgres.start(), "SELECT answer FROM kept") == 42
        assert wait_until_gone([int(pid)], 0) == []


def test_an_orphan_that_still_runs_is_ended_first(home: Path) -> None:
    postgres = Postgres(home)
    postgres.start()
    server = psutil.Process(postgres.pid)
    command, user, group = server.cmdline(), server.uids().real, server.gids().real
    postgres.stop()
    as_server = {"user": user, "group": group, "extra_groups": []} if os.geteuid() == 0 else {}
    orphan = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_server)
    try:
        while not (home / "postgres" / "postmaster.pid").exists():
            assert orphan.poll() is None
            time.sleep(0.02)
        assert ask(postgres.start(), "SELECT 1") == 1
        assert orphan.wait(5) == 0
    finally:
        postgres.stop()
        end(orphan, (signal.SIGKILL, 5))


def test_a_pid_file_that_names_somebody_else_stops_nobody(home: Path) -> None:
    postgres = Postgres(home)
    url = postgres.start()
    uid = psutil.Process(postgres.pid).uids().real
    pid_file = home / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    postgres.kill()
    stranger = subprocess.Popen(["/bin/sleep", "60"], user=uid if os.geteuid() == 0 else None)
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        os.chown(pid_file, uid, -1)
        assert postgres.start() == url
        assert stranger.poll() is None
    finally:
        postgres.stop()
        end(stranger, (signal.SIGKILL, 5))


def test_a_half_made_data_folder_is_made_again(home: Path) -> None:
    (home / "postgres.new" / "data").mkdir(parents=True)
    (home / "postgres.new" / "data" / "PG_VERSION").write_text("18\n")
    with Postgres(home) as postgres:
        assert ask(postgres.start(), "SELECT 1") == 1
    assert not (home / "postgres.new").exists()


def test_data_of_another_version_is_left_alone_and_named(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(Unready, match="was made by PostgreSQL 15"):
        Postgres(home).start()
    assert [path.name for path in (home / "postgres").iterdir()] == ["PG_VERSION"]


def test_a_start_that_fails_says_what_the_server_said(home: Path) -> None:
    postgres = Postgres(home)
    postgres.start()
    postgres.stop()
    configuration = home / "postgres" / "postgresql.conf"
    configuration.write_text("no_such_setting = 1\n")
    with pytest.raises(Unready, match="no_such_setting"):
        postgres.start()
    assert postgres.pid is None


@as_root
def test_started_by_root_it_does_not_run_as_root(postgres: Postgres, shared_home: Path) -> None:
    postgres.start()
    uids = psutil.Process(postgres.pid).uids()
    assert 0 not in uids
    assert (shared_home / "postgres").stat().st_uid == uids.real


@as_root
def test_a_home_that_the_servers_user_cannot_reach_is_refused_by_name(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(Unready, match=rf"may not pass {closed} on the way to {closed}/home\."):
        Postgres(closed / "home")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@as_root
def test_a_home_that_nobody_chose_and_nobody_can_reach_has_its_data_elsewhere(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with Postgres(closed / "var", fallback=open_folder / "fallback") as postgres:
        assert postgres.note
        assert postgres.note.startswith(f"PostgreSQL's data is in {open_folder}/fallback/")
        assert ask(postgres.start(), "SELECT 1") == 1
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert stat.S_IMODE((closed / "var").stat().st_mode) == 0o700
    assert not (closed / "var" / "postgres").exists()


@as_root
def test_an_ordinary_user_runs_it_as_itself(open_folder: Path) -> None:
    entry = next(entry for entry in pwd.getpwall() if entry.pw_name not in {"root", "crisis", "nobody"})
    user = User(entry.pw_name, entry.pw_uid, entry.pw_gid)
    libraries = sysconfig.get_path("purelib")
    system = Path(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")
    python = next((path for path in (Path(sys.executable), system) if path.exists() and not blocking(path, user)), None)
    if python is None or blocking(Path(libraries), user):
        pytest.skip("an ordinary user can reach neither this Python nor the system's, or not the installed packages")
    os.chown(open_folder, user.uid, user.gid)
    done = subprocess.run(
        [str(python), "-c", OWN, str(open_folder / "home"), "stop"],
        user=user.uid,
        group=user.gid,
        extra_groups=[],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{Path(crisis.__file__).parents[1]}:{libraries}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("postgresql://crisis:"), done.stderr
    assert (open_folder / "home" / "postgres").stat().st_uid == user.uid
    assert stat.S_IMODE((open_folder / "home").stat().st_mode) == 0o700
