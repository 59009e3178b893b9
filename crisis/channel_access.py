"""Access: who else can publish on an account at its platform, and the lever that takes it from them for a while. Part of the port.

The gate stops what goes through this service. A lever stops what does not: it is pulled after the gate is locked, never before
and never instead, with an administrator's credentials of its own (``AccountRef.credentials`` of the account as
:class:`Lever` is given it), and given back when the activation is stood down.

::

    inspect                what is so: saved before anything is changed
    revoke(what was so)    take the right to publish from everyone on it but this service
    inspect                read back: a platform's "yes" is no evidence
    restore(what was so)   give back exactly that, however often it is asked for
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from crisis.channels import AccountRef


@dataclass(frozen=True, slots=True)
class Right:
    """One way to publish on an account that is not this service's own: a person, a user, an app, a sub-account."""

    id: str
    """The platform's id of whoever has it."""
    name: str
    """Whom to call, as the platform names them."""
    rights: Sequence[str] = ()
    """In the platform's own words, exactly as :meth:`Lever.restore` has to give them back: tasks, roles, a status."""
    can_publish: bool = True
    """False for what is listed only so that it is given back whole."""
    is_removable: bool = True
    """False where no interface of the platform takes it away: such a person is named, and called."""


@dataclass(frozen=True, slots=True)
class Access:
    """Everyone who can publish on one account beside this service, as the platform says at this moment."""

    rights: Sequence[Right] = ()
    facts: dict[str, str] = field(default_factory=dict)
    """What else a person should see as evidence, such as ``{"application passwords": "2"}``. Never a secret."""

    @property
    def open_to(self) -> Sequence[Right]:
        """Those who can publish now."""
        return tuple(each for each in self.rights if each.can_publish)

    def to_json(self) -> dict[str, Any]:
        """What :meth:`from_json` reads."""
        return {
            "rights": [
                {
                    "id": each.id,
                    "name": each.name,
                    "rights": list(each.rights),
                    "can_publish": each.can_publish,
                    "is_removable": each.is_removable,
                }
                for each in self.rights
            ],
            "facts": dict(self.facts),
        }

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "Access":
        """As it was saved."""
        rights = tuple(Right(**{**each, "rights": tuple(each["rights"])}) for each in given["rights"])
        return cls(rights, dict(given["facts"]))


@runtime_checkable
class Lever(Protocol):
    """What a channel offers where its platform lets an administrator say who may publish.

    Every verb is one or a few calls, bounded in time, and may be repeated: what is already so is done. Raises a
    :class:`~crisis.channels.ChannelError`; :class:`~crisis.channels.Gone` when the account is no longer at the platform, and
    :class:`~crisis.channels.Unsupported` where this account has no lever (no administrator's credentials for it, say).
    """

    admin_credentials: Sequence[str]
    """What the account's administrator credentials must have."""
    is_reversible: bool
    """False where what is taken cannot be given back by any interface: :meth:`restore` then changes nothing, and a person does it."""

    async def inspect(self, account: AccountRef) -> Access:
        """Who can publish there now. ``account.credentials`` are the administrator's. Reads only."""
        ...

    async def revoke(self, account: AccountRef, access: Access) -> None:
        """Take it from everyone in ``access`` who can publish and is removable."""
        ...

    async def restore(self, account: AccountRef, access: Access) -> None:
        """Give everyone in ``access`` exactly what they had."""
        ...
