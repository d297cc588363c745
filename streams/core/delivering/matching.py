"""What silences and inhibitions look at: an alert's labels, and matchers over them.

A matcher is `name=value`, `name!=value`, or `name=start*`. Matching is comparison of strings: nothing that a
person writes can take long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.alert import Alert, AlertKind
from schemas.rule import GroupBy
from streams.core.outcome import Usage
from streams.core.toml_lines import near

LABELS: Final = (
    "rule", "version", "severity", "kind", "alert", "line", "speaker", "qid", "role", "outlet", "channel",
)
"""Labels that alerts have; a rule's group_by adds its own."""

FOLLOW_UPS: Final = (AlertKind.CORRECTION, AlertKind.WITHDRAWAL)
"""These go to whoever had the alert: neither silence nor inhibition nor a delivery mode holds them back."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; an absent label is ""."""

    name: str
    value: str
    unlike: bool = False

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Return whether an alert's labels fulfil it. Upper and lower case are the same."""
        found, wanted = labels.get(self.name, "").casefold(), self.value.casefold()
        alike = found.startswith(wanted[:-1]) if wanted.endswith("*") else found == wanted
        return alike != self.unlike

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.name}{'!=' if self.unlike else '='}{self.value}"


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While an alert like `source` is not older than `for_seconds`, alerts like `target` are held back.

    Only where both have the same values of the labels `equal`.
    """

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()
    for_seconds: float = 3600.0


def matcher(text: str) -> Matcher:
    """Return the matcher that `text` writes. Raises `Usage`.

    >>> str(matcher("speaker!=Ines Varga")), matcher("rule=harbour*").holds({"rule": "Harbour-1"})
    ('speaker!=Ines Varga', True)
    """
    name, equals, value = text.partition("=")
    unlike = name.endswith("!")
    if not equals or not name.rstrip("!").strip() or not value.strip():
        raise Usage(f"{text!r} is no matcher: write name=value, name!=value or name=start*, e.g. rule=ha*")
    return Matcher(name.removesuffix("!").strip(), value.strip(), unlike)


def check_names(matchers: Iterable[Matcher]) -> None:
    """Raise `Usage` where a matcher asks for a label that no alert can have: it would hold nothing back."""
    known = (*LABELS, *(each.value for each in GroupBy if each.value not in LABELS))
    for each in matchers:
        if each.name not in known:
            raise Usage(f"no alert has {each.name!r}{near(each.name, known)}: names are {', '.join(known)}")


def labels_of(alert: Alert, channel: str = "") -> dict[str, str]:
    """Return what an alert is matched by; what it does not have is left out."""
    first = alert.evidence[0] if alert.evidence else None
    found: dict[str, str | None] = {
        **alert.rule.group,
        "rule": alert.rule.name, "version": alert.rule.version, "severity": alert.rule.severity.value,
        "kind": alert.kind.value, "alert": alert.alert_id, "line": alert.line, "channel": channel,
        "speaker": first.speaker if first else None, "qid": first.speaker_qid if first else None,
        "role": first.role if first else None, "outlet": first.outlet if first else None,
    }
    return {name: value for name, value in found.items() if value}


def group_name(alert: Alert) -> str:
    """Return the group that an alert waits in, as text: its rule and the values of its group_by.

    >>> from schemas.alert import AlertRule
    >>> group_name(Alert.model_construct(rule=AlertRule(name="r", version="1", group={"speaker": "A B"})))
    'r speaker=A B'
    """
    values = " ".join(f"{name}={value}" for name, value in sorted(alert.rule.group.items()))
    return f"{alert.rule.name} {values}".strip()


def all_hold(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return whether every matcher holds; of none, all do."""
    return all(each.holds(labels) for each in matchers)


def inhibited(
    labels: Mapping[str, str], at: float, others: Sequence[tuple[Mapping[str, str], float]],
    rules: Iterable[Inhibition],
) -> bool:
    """Return whether an alert of the moment `at` is held back by one of `others` (labels and moment)."""
    return any(
        all_hold(rule.target, labels)
        and any(
            all_hold(rule.source, other)
            and abs(at - when) <= rule.for_seconds
            and other.get("alert") != labels.get("alert")
            and all(other.get(name, "") == labels.get(name, "") for name in rule.equal)
            for other, when in others
        )
        for rule in rules
    )
