"""Compiled: what Jinja makes of a template, kept in memory for every environment of this process that reads the same one.

To compile the crisis page's templates takes some 85 ms, and each channel of each mode has an environment of its own.
"""

from types import CodeType

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class Compiled(BytecodeCache):
    """One for environments of the same options and filters, and no others: Jinja works out constants as it compiles."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Jinja asks; a template whose source has changed since is another."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Jinja has compiled it."""
        self._codes[bucket.key, bucket.checksum] = bucket.code
