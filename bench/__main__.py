"""``make bench``: a table of S1 to S9, each beside its reference, its must and its goal. Exits 1 if a must is missed.

``python -m bench --only S1,S6 --rounds 1`` for a quick look; ``--json`` for a program; ``--markdown`` to paste. What a figure
and its rounds are: :mod:`bench.figure`, :mod:`bench.rounds`. A measurement is a function of the ground and the number of
rounds that returns its figure, or several when more than one thing is required of it.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from bench import click, lock, memory, page, peer, race, receipts, sms, table
from bench.figure import Figure
from bench.ground import Ground, ground
from bench.machine import machine

Measurement = Callable[[Ground, int], Figure | Sequence[Figure]]
FIGURES: Mapping[str, Measurement] = {
    "S1": sms.fan_out,
    "S2": peer.task_each,
    "S3": sms.slow_provider,
    "S4": memory.peak,
    "S5": receipts.callbacks,
    "S6": lock.commits,
    "S7": race.confirmation,
    "S8": page.fallback,
    "S9": click.acceptance,
}
ROUNDS = 5


def main() -> int:
    """Measure and print."""
    given = _arguments()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"  # everything measured is on this machine
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing started here is left behind
    found: list[Figure] = []
    with ground() as place:
        here = machine(place)
        if not given.json:
            print(f"{here}\n\n{table.heading(markdown=given.markdown)}", flush=True)
        for name in given.only:
            measured = FIGURES[name](place, given.rounds)
            for figure in (measured,) if isinstance(measured, Figure) else measured:
                found.append(figure)
                if not given.json:
                    print(table.row(figure, markdown=given.markdown), flush=True)
    if given.json:
        print(json.dumps({"machine": asdict(here), "figures": [figure.as_json() for figure in found]}, indent=1))
    elif given.markdown:
        print(f"\n{table.notes(found)}")
    return 0 if all(figure.ok for figure in found) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, and compare with what must be.")
    parser.add_argument("--only", type=_names, default=list(FIGURES), help=f"of {','.join(FIGURES)}; all unless told")
    parser.add_argument(
        "--rounds", type=_rounds, default=ROUNDS, help=f"of each figure; {ROUNDS} unless told, fewer for a quick look"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON document when all is measured")
    form.add_argument("--markdown", action="store_true", help="a table to paste")
    return parser.parse_args()


def _names(given: str) -> list[str]:
    names = [name.strip().upper() for name in given.split(",")]
    if unknown := set(names) - FIGURES.keys():
        raise argparse.ArgumentTypeError(
            f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}"
        )
    return names


def _rounds(given: str) -> int:
    if not given.isdecimal() or int(given) < 1:
        raise argparse.ArgumentTypeError("a whole number, at least 1")
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
