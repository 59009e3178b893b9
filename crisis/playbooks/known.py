"""Known: what a playbook may name of this installation, and what its messages are tried with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crisis.channels import Capabilities
from crisis.messages.library import Library
from crisis.messages.render import Renderer


@dataclass(frozen=True, slots=True)
class Known:
    """Hazards, channels and languages by name, and what makes a message's text for a channel."""

    library: Library
    renderer: Renderer
    capabilities: Mapping[str, Capabilities]

    @property
    def hazards(self) -> Sequence[str]:
        """Every hazard there is a message template for."""
        return [each.hazard for each in self.library]

    @property
    def channels(self) -> Sequence[str]:
        """Every channel there is."""
        return tuple(self.capabilities)

    @property
    def languages(self) -> Sequence[str]:
        """Every language that messages can be written in."""
        return tuple(self.renderer.words.languages)
