"""Shape: the base of everything that goes in or comes out."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

LARGEST_INT = (1 << 31) - 1

Id = Annotated[int, Path(ge=1, le=LARGEST_INT, description="Its number.")]
"""In an address."""
Number = Annotated[int, Field(ge=1, le=LARGEST_INT)]
"""In a body."""


class Shape(BaseModel):
    """Read from rows and records by attribute; in a request, a name that is not known is refused."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")
