"""Office: what kind of office somebody holds, the same in any country."""

from __future__ import annotations

from enum import StrEnum


class Office(StrEnum):
    """What kind of office a position is, in any country: a closed set."""

    HEAD_OF_STATE = "head_of_state"
    HEAD_OF_GOVERNMENT = "head_of_government"
    DEPUTY_HEAD = "deputy_head"
    FOREIGN_MINISTER = "foreign_minister"
    DEFENCE_MINISTER = "defence_minister"
    FINANCE_MINISTER = "finance_minister"
    INTERIOR_MINISTER = "interior_minister"
    MINISTER = "minister"
    SPOKESPERSON = "spokesperson"
    CENTRAL_BANK = "central_bank"
    INTL_ORG_HEAD = "intl_org_head"
    AMBASSADOR = "ambassador"
    LEGISLATOR = "legislator"
    OTHER = "other"
