"""Files made to harm: each is refused in a moment, in little memory, with a line.

Measured in a process of its own, over what an innocent playbook takes there. The aim is 100 ms and 50 MB; a machine that is busy with
other tests gets five times the time.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.crisis.playbooks.sample import TEXT

ROOT = Path(__file__).parents[3]
AIM_SECONDS, AIM_BYTES = 0.100, 50 << 20
BUSY = 5
MEASURE = """
import json, resource, sys, time
from pathlib import Path
from crisis.bootstrap import known_of
from crisis.playbooks.faults import PlaybookRefused
from crisis.playbooks.reading import read_file
from crisis.settings import Settings

known = known_of(Settings())
innocent, *others = map(Path, sys.argv[1:])
read_file(innocent, known)  # everything is imported, and every pattern made
for path in others:
    before, begin, faults = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter(), []
    try:
        read_file(path, known)
    except PlaybookRefused as refused:
        faults = [(each.line, each.said) for each in refused.faults]
    seconds = time.perf_counter() - begin
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    print(json.dumps({"seconds": seconds, "bytes": grown, "faults": faults}))
"""
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
LOOP = "".join(
    f"  - {{id: X{at}, at: PT0M, via: phone, from: a, to: leder, after: X{at + 1}, text: {{nb: x}}}}\n"
    for at in range(190)
)
FILES = {
    "alias bomb": (BOMB.encode(), "alias"),
    "brackets": (b"[" * 100_000, "inside each other"),
    "braces": (b"{a: " * 60_000, "inside each other"),
    "dashes": (b"- " * 100_000, "inside each other"),
    "unclosed quote": (b'a: "' + b"x" * 250_000, "no YAML"),
    "unknown keys": (TEXT.encode() + b"".join(b"titel%d: x\n" % at for at in range(180)), "is no key"),
    "very many keys": (b"".join(b"titel%d: x\n" % at for at in range(9000)), "more than 200 keys"),
    "double keys": (TEXT.encode() + b"title: x\n" * 4500, "stands here already"),
    "many items": (b"- a\n" * 60_000, "more than 200 items"),
    "many everything": ((b"- " + b"[" + b"[a,a,a,a,a,a,a]," * 190 + b"]\n") * 70, "10000"),
    "long key": (b"x" * 250_000 + b": a", "no YAML"),
    "wrong values": (b"schema: playbook/1\nchannels:\n" + b"  - 1 1\n" * 200, "cannot stand here"),
    "wrong keys": (
        b"roles:\n" + b"".join(b"  - {id: a, via%d: x, title: 1, plays: directo, side: player}\n" % at for at in range(50)),
        "is no key",
    ),
    "long text": (TEXT.replace("headline: Faren er", f"headline: '{'{[Faren er ' * 19_000}'\n        x: Faren er").encode(), "characters"),
    "circle": (
        TEXT.replace("injects:\n", f"injects:\n{LOOP}").replace("after: X190", "after: X0").encode(), "wait for each other"
    ),
}  # fmt: skip


GIGABYTE = "a gigabyte"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """By name: how long it took, how much memory, and what was said."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "skred.yaml").write_text(TEXT, encoding="utf-8")
    for name, (data, _) in FILES.items():
        assert len(data) <= 256 * 1024, "within the size, so that it is the other caps that hold"
        (folder / name).write_bytes(data)
    with (folder / GIGABYTE).open("wb") as file:
        file.truncate(1 << 30)
    names = [*FILES, GIGABYTE]
    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, "skred.yaml", *names], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    return dict(zip(names, map(json.loads, ran.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", [*FILES, GIGABYTE])
def test_it_is_refused_in_a_moment_and_in_little_memory(name: str, measured: dict[str, dict[str, Any]]) -> None:
    found = measured[name]
    said = FILES[name][1] if name in FILES else "larger than 256 KB"
    assert any(said in each and line >= 1 for line, each in found["faults"]), found["faults"][:3]
    assert found["seconds"] < AIM_SECONDS * BUSY
    assert found["bytes"] < AIM_BYTES
