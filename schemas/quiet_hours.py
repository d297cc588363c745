"""QuietHours: when nobody wants to be woken."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.base import Value


class Weekday(StrEnum):
    """A day of the week, as rules write it."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class QuietHours(Value):
    """Hours in which alerts wait. They are held until the hours end, never dropped for it."""

    days: tuple[Weekday, ...] = Field(
        default=tuple(Weekday), description="Days on which they begin; mon to sun."
    )
    begins: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="When they begin, HH:MM.")
    ends: str = Field(
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="When they end, HH:MM; not after `begins`: on the next day.",
    )
    zone: str = Field(default="UTC", description="IANA time zone of the hours, e.g. Europe/Oslo.")
    critical_passes: bool = Field(default=True, description="Whether an alert of severity critical passes.")
