"""The demo: a whole crisis in a municipality that does not exist, on every real part, with the sandbox as the judge."""

from crisis.demo.performance import play, run
from crisis.demo.place import environment

__all__ = ["environment", "play", "run"]
