"""Settings of the program: one frozen object from a TOML file and the environment.

Order of precedence: environment (``HOTLINE_…``), then the file named by ``HOTLINE_CONFIG``
(default ``hotline.toml``, which alone may be absent), then the defaults below.
"""

import os
from collections.abc import Mapping
from datetime import time
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.case_settings import CaseSettings
from gateway.errors import SettingsError
from gateway.switchboard_settings import SwitchboardSettings, check_entries
from gateway.urls import check_networks, check_url
from telephony.seats.seat import WRAP_UP_REASON

# What Asterisk keeps of a member is separated by ``;`` and ``|`` (app_queue.c).
NotReadyReason = Annotated[
    str, StringConstraints(pattern=r"^[^;|,\s\x00-\x1f\x7f]{1,12}$", strip_whitespace=True)
]
Role = Literal["switchboard", "web", "ivr", "worker"]
ALL_ROLES: tuple[Role, ...] = ("switchboard", "web", "ivr", "worker")

PREFIX = "HOTLINE_"
FILE = "HOTLINE_CONFIG"
# Read elsewhere: they are no settings of the running program.
_OTHERS = (FILE, "HOTLINE_CACHE", "HOTLINE_TEST_")


class Settings(CaseSettings, SwitchboardSettings, BaseSettings):
    """Everything that can be set. Unknown keys are refused, so that a typing error is seen."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    var_dir: Path = Field(Path("var"), description="data of the embedded servers")
    production: bool = Field(False, description="refuse embedded servers and weak secrets")

    database_url: SecretStr | None = Field(None, description="postgresql://…; none: embedded")
    redis_url: SecretStr | None = Field(None, description="redis://…; none: embedded")

    switchboards: tuple[SwitchboardSettings, ...] = Field(
        (), description="several at once, each with its switchboard (name) and ami_url"
    )
    transcript: Path | None = Field(None, description="a raw AMI capture to replay, no switchboard")
    not_ready_reasons: tuple[NotReadyReason, ...] = Field(
        ("小休", "就餐", "培训", "会议"), min_length=1, max_length=12, description="示忙原因"
    )
    planned_seats: int = Field(171, ge=1, description="denominator of staffing (上席率)")

    http_host: str = Field("127.0.0.1", description="where pages and API listen")
    http_port: int = Field(8080, ge=1, le=65535, description="their port")
    metrics_host: str = Field("127.0.0.1", description="where /metrics, /healthz, /readyz listen")
    metrics_port: int = Field(9108, ge=1, le=65535, description="their port")
    agi_host: str = Field("127.0.0.1", description="where FastAGI listens")
    agi_port: int = Field(4573, ge=1, le=65535, description="its port")
    agi_peers: tuple[str, ...] = Field(("127.0.0.1", "::1"), description="who may speak FastAGI")
    allowed_origins: tuple[str, ...] = Field((), description="more WebSocket origins than our own")
    session_hours: float = Field(12, gt=0, le=24, description="how long a login lasts")

    reconciliation_hour: int = Field(
        3, ge=0, le=23, description="from when on the past day is compared, Asia/Shanghai"
    )
    reconciliation_days: int = Field(
        400, ge=7, le=4000, description="how long differences that were found are kept"
    )

    short_abandon_s: float = Field(
        5, ge=0, le=60, description="giving up within it is told apart (short abandons)"
    )
    survey_delay_s: float = Field(60, ge=0, description="between closing a case and calling back")
    survey_ring_s: float = Field(30, gt=0, le=120, description="how long a callback rings")
    survey_attempts: int = Field(3, ge=1, le=10, description="callbacks to one citizen at most")
    survey_concurrency: int = Field(5, ge=1, le=1000, description="callbacks at once")
    survey_opens: time = Field(time(9), description="no callback before, Asia/Shanghai")
    survey_closes: time = Field(time(20), description="no callback from then on, Asia/Shanghai")
    survey_caller_id: str = Field("12345", pattern=r"^[0-9]{3,20}$", description="number shown")

    ringback_greeting: bool = Field(
        False, description="ring back also who hung up before asking for a person"
    )
    ringback_short_abandons: bool = Field(
        False, description="ring back also who gave up within short_abandon_s"
    )
    ringback_open_hours: float = Field(
        24, gt=0, le=168, description="how long after the last missed call a task stays open"
    )
    ringback_attempts: int = Field(3, ge=1, le=10, description="of one task at most")
    ringback_spacing_s: float = Field(600, ge=0, description="between two attempts")
    ringback_opens: time = Field(time(8), description="no ring-back before, Asia/Shanghai")
    ringback_closes: time = Field(time(21), description="no ring-back from then on")

    @field_validator("database_url", "redis_url")
    @classmethod
    def _url(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if url is not None:
            production = info.data.get("production", False)
            check_url(info.field_name or "", url.get_secret_value(), production=production)
        return url

    @field_validator("agi_peers")
    @classmethod
    def _peers(cls, peers: tuple[str, ...]) -> tuple[str, ...]:
        return check_networks(peers)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.transcript is not None and (self.ami_url is not None or self.production):
            raise ValueError("transcript cannot be set together with ami_url or production")
        if WRAP_UP_REASON in self.not_ready_reasons:
            raise ValueError(f"not_ready_reasons cannot have {WRAP_UP_REASON}: that is a state")
        if len(set(self.not_ready_reasons)) != len(self.not_ready_reasons):
            raise ValueError("not_ready_reasons must differ from each other")
        if self.survey_opens >= self.survey_closes:
            raise ValueError("survey_opens must be earlier in the day than survey_closes")
        if self.ringback_opens >= self.ringback_closes:
            raise ValueError("ringback_opens must be earlier in the day than ringback_closes")
        check_entries(self.switchboards, self.model_fields_set)
        for each in self.of_each():
            for name in ("ami_url", "records_url"):
                url: SecretStr | None = getattr(each, name)
                if url is not None:
                    check_url(name, url.get_secret_value(), production=self.production)
        return self

    def of_each(self) -> "tuple[Settings, ...]":
        """The settings as they are for each switchboard: just these where there is one."""
        if not self.switchboards:
            return (self,)
        alone = {"switchboards": ()}
        return tuple(self.model_copy(update=alone | one.given()) for one in self.switchboards)

    def at(self, switchboard: str) -> "Settings":
        """The settings as they are for this switchboard; these for one that is not set."""
        return next((one for one in self.of_each() if one.switchboard == switchboard), self)

    @property
    def first_switchboard(self) -> str:
        """Where what names no switchboard belongs: a new seat, a callback without a call."""
        return self.of_each()[0].switchboard

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file; no dotenv, which would hide where a value came from."""
        del env_settings, dotenv_settings, file_secret_settings
        file = TomlConfigSettingsSource(settings_cls, _file(os.environ))
        return init_settings, _Environment(settings_cls), file


class _Environment(EnvSettingsSource):
    """Environment variables; a list that cannot be read is named like any other bad setting."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            raise SettingsError(
                f"setting {field_name}: {PREFIX}{field_name.upper()} must be a JSON list, "
                'such as ["one", "two"]'
            ) from None


def load_settings(**overrides: object) -> Settings:
    """Read the settings.

    Raises `SettingsError`: for each bad setting its name and what is allowed, never its value.
    """
    _refuse_unknown(os.environ)
    file = _file(os.environ)
    if file.is_dir() or (FILE in os.environ and not file.exists()):
        what = "is a directory" if file.is_dir() else "does not exist"
        raise SettingsError(f"the file of settings {file}, as {FILE} names it, {what}")
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # validated by pydantic itself
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise SettingsError("; ".join(map(_sentence, problems))) from None
    except OSError as error:
        raise SettingsError(f"the settings in {file} cannot be read: {error.strerror}") from None
    except ValueError as error:  # no TOML, or no UTF-8
        raise SettingsError(f"the settings in {file} cannot be read: {error}") from None


def _file(environment: Mapping[str, str]) -> Path:
    return Path(environment.get(FILE, "hotline.toml"))


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """A variable that looks like a setting and is none is a typing error."""
    for variable in environment:
        name = variable.upper().removeprefix(PREFIX)
        if variable.upper().startswith(_OTHERS) or name == variable.upper():
            continue
        if name.lower() not in Settings.model_fields:
            hint = _nearest(name.lower())
            raise SettingsError(f"environment variable {variable} is no setting{hint}")


def _sentence(problem: ErrorDetails) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{name} is no setting{_nearest(name)}"
    what = problem["msg"].removeprefix("Value error, ")
    return f"setting {name}: {what}" if name else f"settings: {what}"


def _nearest(name: str) -> str:
    near = get_close_matches(name, Settings.model_fields, n=1)
    return f"; did you mean {near[0]}?" if near else ""
