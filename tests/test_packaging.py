"""What is built and installed: the wheel, and the lock files."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import adapters
import api
import crisis
from api.desk.assets import FETCHED

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock")


def normal(requirement: str) -> str:
    """The name in a requirement, as package indexes compare names."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def locked(lock: str) -> dict[str, str]:
    """Name to version and hashes of each requirement in a lock file."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return {normal(line): line for line in lines}


def test_the_three_packages_live_side_by_side() -> None:
    assert len({Path(package.__file__ or "").parents[1] for package in (crisis, adapters, api)}) == 1


def test_the_wheel_brings_every_template_playbook_and_browser_file(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    for folder in ("templates", "playbooks"):
        files = {path for path in (ROOT / folder).rglob("*") if path.is_file() and not path.name.startswith(".")}
        assert {f"crisis/_data/{path.relative_to(ROOT).as_posix()}" for path in files} <= inside
    browser = {f"crisis/_data/browser/{place}" for place in FETCHED.values()}
    assert browser == {name for name in inside if "/browser/" in name and not name.endswith("/LICENSE")}
    modules = {
        path.relative_to(ROOT).as_posix()
        for top in ("crisis", "adapters", "api")
        for path in (ROOT / top).rglob("*.py")
    }
    assert modules <= inside
    assert {name.split("/")[0] for name in inside} == {"crisis", "adapters", "api", "crisis-0.1.0.dist-info"}
    assert any(name.endswith("licenses/LICENSE") for name in inside)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_has_hashes_for_everything_and_names_no_address(lock: str) -> None:
    requirements = locked(lock)
    assert len(requirements) > 50
    for name, line in requirements.items():
        assert re.match(r"\S+==\S+", line), name
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), name
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash)", text, flags=re.MULTILINE)  # no option, no index


def test_the_lock_files_cover_what_the_project_names() -> None:
    runtime = {normal(requirement) for requirement in PROJECT["project"]["dependencies"]}
    development = {normal(requirement) for requirement in PROJECT["dependency-groups"]["dev"]}
    assert runtime <= locked("requirements.lock").keys()
    assert runtime | development <= locked("requirements-dev.lock").keys()
    assert "pytest" not in locked("requirements.lock")


def test_both_lock_files_agree() -> None:
    runtime, development = locked("requirements.lock"), locked("requirements-dev.lock")
    for name, line in runtime.items():
        assert line.split()[0] == development[name].split()[0], name
