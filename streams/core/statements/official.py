"""Official: whether somebody speaks for an office held on the day, and why.

A role that the registry confirms speaks for its office; one that it contradicts does not; one that it does
not know does when its words are those of a public office, and the evidence says that only the text says so.
Bodies of states and of unions of states, and those who speak for them without a name, do. Former, sought and
private offices do not, nor do sources without a name, companies, parties and media.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.mention import RoleCheck
from schemas.statement import Attribution, Official
from streams.core.offices.model import Office

if TYPE_CHECKING:
    from streams.core.offices.decide import Decided
    from streams.core.statements.context_words import BodyWords, PersonWords
    from streams.core.statements.meant import Meant
    from streams.core.tagging.roles import RoleSaid

_PUBLIC: Final = frozenset(Office) - {Office.OTHER, Office.SPOKESPERSON}
"""Kinds of office that only public bodies have."""
_BY_BODY: Final = frozenset((Office.SPOKESPERSON, Office.DEPUTY_HEAD))
"""Kinds that companies have too: whose they are decides."""

_EXPERT: Final = "expert"
"""The rank of those who serve a body with what they know."""


class Claim(NamedTuple):
    """What there is to judge by.

    `found`: the role said of a person, as of the day; `held`: an office that the registry knows he held;
    `source`: the speaker as written; `near`: the body named last before him, for a spokesman of nothing;
    `around`: the words around the role; `owner`: whose it is, by the possessive before it ("the company's").
    """

    meant: Meant
    found: Decided | None
    held: str | None
    source: str
    near: str
    around: str = ""
    owner: str = ""


def official(claim: Claim, people: PersonWords, bodies: BodyWords) -> Official:
    """Return whether the speaker speaks for an office, with the evidence."""
    meant = claim.meant
    if meant.name is None or meant.attribution is Attribution.AMBIGUOUS:
        return _no("it cannot be told who speaks")
    if claim.found is not None and not meant.nominal:
        return _by_role(claim, claim.found, people, bodies)
    if claim.held:
        return _yes(f"not said in the text: {claim.held}")
    if meant.nominal:
        return _by_noun(claim, meant.nominal, people, bodies)
    if meant.kind == "person":
        return _no("no office is said")
    return _by_name(meant, claim.source, bodies)


def _by_role(claim: Claim, found: Decided, people: PersonWords, bodies: BodyWords) -> Official:
    role, words = found.role, found.role.text.lower()
    if role.check is RoleCheck.CONTRADICTED:
        return _no(f"the registry contradicts it: {role.evidence or role.text}")
    if found.said.former or people.former.search(words):
        return _no(f"a former office: {role.text}")
    if found.said.elect or bodies.sought.search(words):
        return _no(f"an office not held yet: {role.text}")
    if role.check is RoleCheck.CONSISTENT:
        return Official(is_official=True, evidence=role.evidence or role.text)
    if _is_public_role(found.said, claim, people, bodies):
        return Official(is_official=True, evidence=f"said to be {role.text}; the registry does not know")
    return _no(f"not a public office: {role.text}")


def _is_public_role(said: RoleSaid, claim: Claim, people: PersonWords, bodies: BodyWords) -> bool:
    """Say whether a role's words are those of a public office: by its kind, else by whose it is."""
    head, owner, served = _parted(said.text.lower(), people)
    owner, around = f"{claim.owner.lower()} {owner}".strip(), f"{claim.around} {claim.near}".lower()
    named = f"{head} {served} {said.organization or ''}".lower()
    if _private(f"{owner} {named}", bodies):
        return False
    whose = f"{owner} {served}".strip()
    states = said.country is not None and said.office is not Office.OTHER
    known = states or any(bodies.public.search(each) for each in (named, owner))
    if said.rank != _EXPERT:  # "the president's lawyer" speaks for the man
        known = known or bool(bodies.offices.search(whose))
    if said.office in _BY_BODY:
        bare = not whose and bool(bodies.public.search(around)) and not bodies.private.search(around)
        return known or (
            bare if said.office is not Office.DEPUTY_HEAD else said.text[:1].isupper() and not whose
        )
    if not known and (
        (served and said.office is Office.OTHER) or (whose and said.office is Office.HEAD_OF_STATE)
    ):
        return False
    return (
        known or said.office in _PUBLIC or bool(bodies.offices.search(head) or bodies.public.search(around))
    )


def _parted(words: str, people: PersonWords) -> tuple[str, str, str]:
    """Return a role's own words, whose it is by a possessive, and by "of" or "for"; "" for none."""
    cut = people.belongs.search(words)
    head, served = (words[: cut.start()], words[cut.end() :]) if cut else (words, "")
    for mark in people.possessives:
        at = head.rfind(f"{mark} ")
        if at >= 0:
            return head[at + len(mark) + 1 :], head[:at], served
    return head, "", served


def _private(words: str, bodies: BodyWords) -> bool:
    """Say whether a role is one in a company, party or club, and in no public body."""
    return bool(bodies.of_private.search(words)) and not bodies.public.search(words)


def _by_noun(claim: Claim, words: str, people: PersonWords, bodies: BodyWords) -> Official:
    """Judge who has no name: those who speak for a public body do, and a public body itself."""
    if people.former.search(words) or bodies.sought.search(words):
        return _no("a former or coming office")
    public = is_public(words, bodies)
    if bodies.spokespeople.search(words):
        return _by_spokesman(claim, words, bodies, public=public or _serves(words, people, bodies))
    if set(words.split()) & people.unnamed:
        return _no("a source without a name")
    if _heads(words, people, bodies) or (claim.meant.office and not _private(words, bodies)):
        return _yes(f"called {words}")
    return _no("no public office is said")


def _heads(words: str, people: PersonWords, bodies: BodyWords) -> bool:
    """Say whether a noun phrase's head is a public body or office ("government data" is neither)."""
    cut = people.belongs.search(words)
    head = words[: cut.start()].rstrip() if cut and cut.start() else words
    if (paper := people.documents.search(head)) and paper.end() == len(head):  # "a ministry statement"
        head = head[: paper.start()].rstrip()
    if bodies.private.search(words) or _private(words, bodies):
        return False
    found = (match for each in (bodies.public, bodies.offices) for match in each.finditer(head))
    return any(match.end() == len(head) for match in found)


def _serves(words: str, people: PersonWords, bodies: BodyWords) -> bool:
    """Say whether a spokesman's words name an office that he serves ("a spokesman for the president")."""
    _, owner, served = _parted(words, people)
    office = bodies.offices.search(f"{owner} {served}")
    return bool(office) and not bodies.private.search(words) and not bodies.of_private.search(words)


def _by_spokesman(claim: Claim, words: str, bodies: BodyWords, *, public: bool) -> Official:
    if public:
        return _yes(f"speaks for a public body: {words}")
    if is_public(claim.near.lower(), bodies) and not bodies.private.search(words):
        return _yes(f"speaks for the public body named before: {claim.near}")
    return _no("for no public body")


def is_public(words: str, bodies: BodyWords) -> bool:
    """Say whether words in lower case name a public body."""
    return bool(bodies.public.search(words)) and not bodies.private.search(words)


def _by_name(meant: Meant, source: str, bodies: BodyWords) -> Official:
    name = f"{meant.name} {source}".lower()
    if meant.kind == "country" and (meant.actor is None or meant.actor.mention.qid):
        return _yes(f"a state speaks: {meant.name}")
    if meant.kind == "office":
        return _yes(f"stands for a public body: {meant.name}")
    if is_public(name, bodies):
        return _yes(f"a public body: {meant.name}")
    return _no("not a public body")


def _yes(why: str) -> Official:
    return Official(is_official=True, evidence=why)


def _no(why: str) -> Official:
    return Official(is_official=False, evidence=why)
