"""``make bench``: one line a figure, each beside its must. Exits 1 if one is missed.

``python -m bench --only S1,S6 --rounds 5 --json``. Rounds are measured in turn with their reference; a disturbed one is repeated.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping

from bench import click, lock, race, sms
from bench.figure import Figure
from bench.ground import Ground, ground

FIGURES: Mapping[str, Callable[[Ground, int], Figure]] = {
    "S1": sms.fan_out,
    "S3": sms.slow_provider,
    "S6": lock.commits,
    "S7": race.confirmation,
    "S9": click.acceptance,
}
LEAST_ROUNDS = 3


def main() -> int:
    """Measure and print."""
    given = _arguments()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"  # everything measured is on this machine
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing started here is left behind
    met = True
    with ground() as found:
        for name in given.only:
            figure = FIGURES[name](found, given.rounds)
            print(json.dumps(figure.as_json()) if given.json else figure.line(), flush=True)
            met &= figure.ok
    return 0 if met else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, and compare with what must be.")
    parser.add_argument("--only", type=_names, default=list(FIGURES), help=f"of {','.join(FIGURES)}; all unless told")
    parser.add_argument("--rounds", type=_rounds, default=LEAST_ROUNDS, help=f"of each figure, at least {LEAST_ROUNDS}")
    parser.add_argument("--json", action="store_true", help="one JSON object a figure")
    return parser.parse_args()


def _names(given: str) -> list[str]:
    names = [name.strip().upper() for name in given.split(",")]
    if unknown := set(names) - FIGURES.keys():
        raise argparse.ArgumentTypeError(
            f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}"
        )
    return names


def _rounds(given: str) -> int:
    if not given.isdecimal() or int(given) < LEAST_ROUNDS:
        raise argparse.ArgumentTypeError(f"a whole number, at least {LEAST_ROUNDS}")
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
