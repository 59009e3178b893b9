"""Contacts as JSON. A number and an address go in; what comes out is masked."""

from datetime import datetime

from pydantic import Field, SecretStr

from api.v1.schemas.shape import Shape
from crisis.notifications.contacts import ContactIn as Given
from crisis.notifications.models import Part


class ContactChange(Shape):
    """What to change; what is left out stays. An empty phone, email or language takes it away."""

    name: str | None = Field(default=None, max_length=1000, examples=["Biblioteksjef"])
    part: Part | None = None
    phone: SecretStr | None = Field(default=None, max_length=100, description="A mobile number, in any notation.")
    email: SecretStr | None = Field(default=None, max_length=320)
    language: str | None = Field(default=None, max_length=100, examples=["nb"])

    def given(self) -> Given:
        """As the domain takes it."""
        phone, email = (each.get_secret_value() if each is not None else None for each in (self.phone, self.email))
        return Given(self.name, self.part, phone, email, self.language)


class ContactIn(ContactChange):
    """Somebody who answers for a unit's accounts: a number, an address, or both."""

    unit: str = Field(max_length=1000, examples=["biblioteket"])


class ContactOut(Shape):
    """A contact, masked."""

    id: int
    unit: str
    name: str
    part: Part
    phone: str | None = Field(description="The last two digits.", examples=["…12"])
    email: str | None = Field(description="The first letter and the domain.", examples=["k…@fjordvik.kommune.no"])
    language: str | None
    created_at: datetime
