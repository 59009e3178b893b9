import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from crisis.embedded.child import launched
from crisis.embedded.place import Place, unprivileged

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes user")


def program(folder: Path, says: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "say"
    path.write_text(f"#!/bin/sh\necho {says}; id -u; id -G\n")
    path.chmod(0o700)
    return path


def run(command: Path, place: Place) -> list[str]:
    made = subprocess.run(
        launched([str(command)], place.user, signal.SIGTERM), cwd="/", capture_output=True, text=True, check=True
    )
    return made.stdout.split()


def test_programs_out_of_reach_are_copied_once_per_version(open_folder: Path, home: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    program(closed / "wheel" / "bin", "first")
    place = Place.find(home)
    assert place.user
    base = place.programs([closed / "wheel"], closed, "install", "1")
    assert base == home / "install"
    copied = base / "wheel" / "bin" / "say"
    assert run(copied, place) == ["first", str(place.user.uid), str(place.user.gid)]
    assert copied.stat().st_uid == 0  # a server cannot change its own programs

    program(closed / "wheel" / "bin", "second")
    place.programs([closed / "wheel"], closed, "install", "1")
    assert run(copied, place)[0] == "first"
    place.programs([closed / "wheel"], closed, "install", "2")
    assert run(copied, place)[0] == "second"


def test_programs_within_reach_are_run_where_they_are(open_folder: Path, home: Path) -> None:
    program(open_folder / "wheel" / "bin", "here").chmod(0o755)
    place = Place.find(home)
    assert place.programs([open_folder / "wheel"], open_folder, "install", "1") == open_folder
    assert not (home / "install").exists()


def test_a_home_made_before_is_opened_for_its_servers_only(home: Path) -> None:
    home.mkdir(mode=0o700)
    place = Place.find(home)
    user = unprivileged()
    assert place.user == user
    assert user
    assert home.stat().st_gid == user.gid
    assert stat.S_IMODE(home.stat().st_mode) == 0o710


def test_folders_of_the_place_belong_to_its_user(home: Path) -> None:
    place = Place.find(home)
    folder = place.folder("data")
    assert place.user
    assert folder.stat().st_uid == place.user.uid
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
