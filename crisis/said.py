"""Said: a sentence for people, and what it was made of, so that whoever shows it can say it in another language."""

from collections.abc import Mapping
from typing import Any, Self


class Said(str):
    """Reads as its English self everywhere. ``template`` has named blanks, as of :meth:`str.format`, and ``values`` fill them.

    A value may be such a sentence itself. Write the template out where it is said: the desk finds its own by the template,
    and a test holds that it has one for each.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, **values: Any) -> Self:
        """The sentence with its blanks filled in."""
        return cls.coded(template, template.format(**values), **values)

    @classmethod
    def coded(cls, code: str, english: str, **values: Any) -> Self:
        """A sentence whose English was put together elsewhere. ``code`` stands where the template would."""
        made = super().__new__(cls, english)
        made.template, made.values = code, values
        return made
