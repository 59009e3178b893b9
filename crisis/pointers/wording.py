"""Wording: what a pointer would say on each channel that carries one, and whether it fits there."""

from collections.abc import Mapping
from typing import Final

from crisis.channels import Capabilities
from crisis.errors import Invalid
from crisis.messages.content import clean
from crisis.messages.render import Renderer
from crisis.messages.rendered import Rendered, faults
from crisis.mode import Mode
from crisis.said import Said

MOST: Final = 500
"""Characters. Fewer where a channel holds less."""


class Wording:
    """A pointer's words, by channel."""

    def __init__(self, renderer: Renderer, capabilities: Mapping[str, Capabilities], language: str) -> None:
        self._renderer, self.capabilities, self.language = renderer, capabilities, language

    @property
    def channels(self) -> list[str]:
        """The channels that carry one: those where units post to everybody. Nobody is sent one by SMS."""
        return sorted(name for name, held in self.capabilities.items() if held.unit_posts and not held.recipients)

    def render(self, text: str, mode: Mode) -> Mapping[str, Rendered]:
        """``{channel: what would go out there}``; an exercise's begins with the marker. Raises :class:`Invalid` with what does
        not fit, by channel.
        """
        words = clean(text)
        if len(words) > MOST:
            raise Invalid(
                Said("A pointer is at most {most} characters; this one is {count}.", most=MOST, count=len(words))
            )
        made = {
            channel: self._renderer.render_post(
                words, "", channel, self.capabilities[channel], language=self.language, mode=mode
            )
            for channel in self.channels
        }
        problems = [
            Said.coded(each.code, each.said, **each.values)
            for channel, rendered in made.items()
            for each in faults(rendered, self.capabilities[channel])
        ]
        if problems:
            raise Invalid(Said("The pointer cannot go out as it is."), problems)
        return made
