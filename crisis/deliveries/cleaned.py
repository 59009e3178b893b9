"""What a provider said, made fit to be kept: a text that PostgreSQL can hold, and not a book."""

MOST = 500
_CUT = " (cut)"


def cleaned(said: str | None, most: int = MOST) -> str | None:
    """``said`` without NUL and lone surrogates, which no text column takes, and no longer than ``most`` characters."""
    if said is None:
        return None
    kept = said.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
    return kept if len(kept) <= most else kept[: most - len(_CUT)] + _CUT
