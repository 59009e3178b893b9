"""An outlet whose posts can be changed, and what a look for one of them finds."""

from crisis.channels import AccountRef, Capabilities, Finding, FollowUp, Found, Outgoing, Receipt, ReceiptStatus
from tests.crisis.deliveries.outlet import Outlet

EDITS = {
    "correction": FollowUp.EDIT_AND_COMMENT,
    "all_clear": FollowUp.EDIT_IN_PLACE,
    "retraction": FollowUp.EDIT_IN_PLACE,
    "update": FollowUp.NEW_WITH_REFERENCE,
}
ABLE = Capabilities(edit=True, follow_ups=EDITS, reconcile=True, settle_seconds=0.0)


class Page(Outlet):
    """An outlet whose posts can be changed. ``at`` says what becomes of an edit of a post; without a word it is done."""

    def __init__(self, capabilities: Capabilities = ABLE, **at: Exception) -> None:
        super().__init__("facebook", capabilities=capabilities)
        self.at, self.edited = at, list[Outgoing]()

    async def edit(self, account: AccountRef, reference: str, outgoing: Outgoing) -> Receipt:  # noqa: ARG002 - the port's
        self.edited.append(outgoing)
        assert outgoing.edits == reference
        if reference in self.at:
            raise self.at[reference]
        return Receipt(reference, ReceiptStatus.ACCEPTED, key=outgoing.key)


GONE, UNCHANGED = Finding(Found.NO), Finding(Found.NO, in_place=True)
YES, DONT_KNOW = Finding(Found.YES), Finding(Found.CANNOT_TELL)
