"""Commands: which module brings each, so that a command imports what it needs and no more.

All of them together take more than a second and 60 MiB: an activation should not wait for what a drill's report is made with, and
``crisis standby``, which runs all year, should not hold it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

COMMANDS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "activate": ("activations",),
        "stand-down": ("activations",),
        "message": ("messages", "drafts", "release", "stories"),
        "status": ("status",),
        "posts": ("posts",),
        "post": ("posts",),
        "pointer": ("pointers",),
        "delivery": ("deliveries",),
        "accounts": ("accounts", "limits", "administration"),
        "contacts": ("contacts",),
        "lock": ("lock", "lock_board", "handover"),
        "breaches": ("breaches",),
        "recipients": ("recipients",),
        "token": ("tokens",),
        "users": ("users",),
        "playbook": ("playbooks",),
        "drill": ("drills", "drill_reports"),
        "activation": ("drill_reports",),
        "audit": ("audit",),
        "doctor": ("doctor",),
        "demo": ("demo",),
        "up": ("processes",),
        "api": ("processes",),
        "worker": ("processes",),
        "standby": ("processes",),
        "beat": ("processes",),
        "conductor": ("processes",),
        "sandbox": ("processes",),
        "migrate": ("processes",),
    }
)
"""By command, in the order of the help page: the modules of ``crisis.cli`` to ask for it. Each has ``register(app)``."""


class Commands(TyperGroup):
    """The root of the command line. A module is imported when its command is called, and all are for the help page."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer's signature
        """In the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - Typer's signature
        """``None`` where there is none. Then all are imported, for Typer to find the one that was meant."""
        for name in (cmd_name,) if cmd_name in COMMANDS else COMMANDS:
            if name not in self.commands:
                self.add_command(_command(name))
        return self.commands.get(cmd_name)


def root(**more: Any) -> typer.Typer:
    """A Typer application whose words are read as all of ours are."""
    return typer.Typer(rich_markup_mode=None, **more)


@cache
def _command(name: str) -> Any:
    """A command, or a group of them. Once, since some modules add to the group of another."""
    brought = root()
    for module in COMMANDS[name]:
        import_module(f"crisis.cli.{module}").register(brought)
    return get_group(brought).commands[name]
