"""``make model``: the lock protocol explored to its end, at every size; every mutant and every witness. Exits 1 if the protocol breaks
an invariant, or if a mutant or a witness does not fail."""

import sys
import tempfile
from pathlib import Path

from tests.model.protocol import LONG, MUTANTS, WITNESSES, Explored, Size, explore, missing


def main() -> int:
    """Explore, and print a line for each."""
    if (reason := missing()) is not None:
        print(reason, file=sys.stderr)  # noqa: T201 - the command's output
        return 1
    with tempfile.TemporaryDirectory() as home:

        def look(name: str, size: Size, *switches: str) -> Explored:
            found = explore(Path(home) / name, size, *switches)
            said = f"fails: {found.broken}" if found.broken else "holds"
            print(f"{name:30} {size!s:38} {found.states:>11,} states {found.seconds:7.1f} s  {said}", flush=True)  # noqa: T201
            return found

        holds = [look("the protocol", size).broken is None for size in LONG]
        fails = [look(name, size, name).broken is not None for name, size in (MUTANTS | WITNESSES).items()]
    return 0 if all(holds) and all(fails) else 1


if __name__ == "__main__":
    sys.exit(main())
