"""Every knob: its unit in its name, its reason in its description.

Read from flags (`load_settings(bus=…)`), then the environment (`COMMUNIQUE_BUS`,
`COMMUNIQUE_CLEANING__MIN_CHARS=0`), then a TOML file (`COMMUNIQUE_CONFIG`, else `communique.toml` where it is
run). A name nobody knows is an error with the nearest known one, wherever it stands. A secret is read from
the file that `…_file` names, so that it stands in no environment and no process list.

Source: pydantic-settings (`settings_customise_sources`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from streams.settings_alerts import AlertingSettings, DeliverSettings, NoveltySettings
from streams.settings_groups import (
    CleaningSettings,
    DedupSettings,
    GuardSettings,
    KafkaSettings,
    LogSettings,
    ObserveSettings,
    OfficesSettings,
    RunSettings,
    StreamSettings,
    TableSettings,
    TaggingSettings,
    TopicSettings,
)
from streams.settings_past import (
    ArchiveSettings,
    BackfillSettings,
    FeedsSettings,
    ReplaySettings,
    ServeSettings,
    TakedownSettings,
)
from streams.settings_sources import (
    PREFIX,
    SettingsError,
    check_environment,
    check_lists,
    explain,
    known_names,
    nested,
    read_secret,
    read_toml,
)

__all__ = [
    "AlertingSettings",
    "ArchiveSettings",
    "BackfillSettings",
    "CleaningSettings",
    "DedupSettings",
    "DeliverSettings",
    "FeedsSettings",
    "GuardSettings",
    "KafkaSettings",
    "LogSettings",
    "NoveltySettings",
    "ObserveSettings",
    "OfficesSettings",
    "ReplaySettings",
    "RunSettings",
    "ServeSettings",
    "Settings",
    "SettingsError",
    "StreamSettings",
    "TableSettings",
    "TaggingSettings",
    "TakedownSettings",
    "TopicSettings",
    "load_settings",
    "read_secret",
]


class Settings(BaseSettings):
    """All settings. `state` is where the embedded log, stores and marks of one machine live.

    Raises SettingsError for a name nobody knows and an unreadable TOML file, ValidationError for a value out
    of bounds (`load_settings` says that one better).
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
        env_parse_none_str="null",
    )

    bus: str = Field(
        default="",
        description="kafka://host:port[,…] or sqlite:///absolute/path; empty: the embedded log in `state`.",
    )
    state: Path = Field(
        default=Path(".communique"),
        description="Folder for everything a machine keeps: embedded log, stores, marks.",
    )
    topics: TopicSettings = Field(default_factory=TopicSettings)
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    stream: StreamSettings = Field(default_factory=StreamSettings)
    tables: TableSettings = Field(default_factory=TableSettings)
    guard: GuardSettings = Field(default_factory=GuardSettings)
    cleaning: CleaningSettings = Field(default_factory=CleaningSettings)
    tagging: TaggingSettings = Field(default_factory=TaggingSettings)
    offices: OfficesSettings = Field(default_factory=OfficesSettings)
    dedup: DedupSettings = Field(default_factory=DedupSettings)
    novelty: NoveltySettings = Field(default_factory=NoveltySettings)
    alerting: AlertingSettings = Field(default_factory=AlertingSettings)
    deliver: DeliverSettings = Field(default_factory=DeliverSettings)
    backfill: BackfillSettings = Field(default_factory=BackfillSettings)
    archive: ArchiveSettings = Field(default_factory=ArchiveSettings)
    replay: ReplaySettings = Field(default_factory=ReplaySettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    takedown: TakedownSettings = Field(default_factory=TakedownSettings)
    feeds: FeedsSettings = Field(default_factory=FeedsSettings)
    run: RunSettings = Field(default_factory=RunSettings)
    observe: ObserveSettings = Field(default_factory=ObserveSettings)

    @property
    def bus_url(self) -> str:
        """Return the bus URL, the embedded log in `state` when none is set."""
        return self.bus or f"sqlite://{self.state.resolve() / 'log.db'}"

    @property
    def work(self) -> Path:
        """Return the folder of stores and marks: a replay's stages have one of their own."""
        return self.state if self.run.job is None else self.state / "replays" / self.run.job

    @property
    def offices_folder(self) -> Path:
        """Return the folder of the registry of offices."""
        return (self.offices.folder or self.state / "offices").expanduser()

    @field_validator("state")
    @classmethod
    def _at_home(cls, state: Path) -> Path:
        return state.expanduser()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return where settings come from, strongest first: arguments, environment, TOML. Nothing else."""
        del dotenv_settings, file_secret_settings
        known = known_names(settings_cls)
        check_environment(known)
        check_lists(known)
        return init_settings, env_settings, InitSettingsSource(settings_cls, read_toml(known))


NAMES: Final = known_names(Settings)
"""Every setting as `group.name` → its field, in the order of the documentation."""


def load_settings(**flags: object) -> Settings:
    """Return the settings; `flags` win over the environment, the environment over the TOML file.

    A flag is a top-level name, `group__name`, or a group with a dictionary. Raises SettingsError, which names
    the setting, what is wrong with it, and the nearest known name.

    >>> load_settings(topics__partitions=3).topics.partitions
    3
    """
    try:
        return Settings(**nested(flags, NAMES))  # type: ignore[arg-type]  # checked by pydantic
    except ValidationError as error:
        raise SettingsError(explain(error)) from None
