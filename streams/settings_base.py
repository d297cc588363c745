"""What every group of settings is: frozen, and strict about names."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """A group of settings: a name nobody knows is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
