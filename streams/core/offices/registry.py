"""Registry: the index of people and their tenures, handed to the Tagger.

`people(name)` by normal form: full names, aliases, "Initial. Surname"; never a bare surname. The compiled
form is bytes (`packed`), in memory or in a mapped file: nothing is loaded, a look-up reads what it needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from streams.core.offices.model import Held, Office, Person, Tenure, held
from streams.core.offices.packed import EMPTY, Packed, pack

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from streams.core.offices.packed import Entry


@dataclass(frozen=True, slots=True)
class Registry:
    """People, by name and by office."""

    packed: Packed

    @classmethod
    def empty(cls) -> Registry:
        """Return the registry that knows nobody."""
        return cls(Packed(EMPTY))

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Registry:
        """Return a registry in memory."""
        return cls(Packed(pack(entries)))

    def __len__(self) -> int:
        """Return how many people it knows."""
        return len(self.packed)

    def people(self, name: str) -> tuple[Person, ...]:
        """Return who may be meant by a full name, in the registry's order; () for a bare surname."""
        return tuple(self.packed.person(key) for key in self.packed.named(name))

    def tenures(self, person: Person) -> tuple[Tenure, ...]:
        """Return a person's tenures, earliest first."""
        return self.packed.tenures(person.key)

    def holders(
        self, office: Office, country: str | None, organization: str | None, on: date
    ) -> tuple[Person, ...]:
        """Return who surely held an office on a day; deputies do not. None: any country, any organisation."""
        return tuple(person for person, _ in self.held(office, country, organization, on))

    def held(
        self, office: Office, country: str | None, body: str | None, on: date, *, unsure: bool = False
    ) -> tuple[tuple[Person, Tenure], ...]:
        """Return who held an office on a day, with the tenure; `unsure`: those too of whom it is not sure."""
        wanted = (Held.YES, Held.UNSURE) if unsure else (Held.YES,)
        found = []
        for key in self.packed.grouped(office, country, body):
            for tenure in self.packed.tenures(key):
                if (
                    tenure.office is office
                    and not tenure.deputy
                    and (country is None or tenure.country == country)
                    and (body is None or body in (tenure.body, tenure.organization))
                    and held(tenure, on) in wanted
                ):
                    found.append((self.packed.person(key), tenure))
                    break
        return tuple(found)
