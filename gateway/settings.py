"""Settings of the program: one frozen object from a TOML file and the environment.

Order of precedence: environment (``HOTLINE_…``), then the file named by ``HOTLINE_CONFIG``
(default ``hotline.toml``, which may be absent), then the defaults below.
"""

import os
from datetime import time
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.errors import SettingsError

Role = Literal["switchboard", "web", "ivr", "worker"]
ALL_ROLES: tuple[Role, ...] = ("switchboard", "web", "ivr", "worker")


class Settings(BaseSettings):
    """Everything that can be set. Unknown keys are refused, so that a typing error is seen."""

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", frozen=True, extra="forbid")

    var_dir: Path = Field(Path("var"), description="data of the embedded servers")
    production: bool = Field(False, description="refuse embedded servers and weak secrets")

    database_url: SecretStr | None = Field(None, description="postgresql://…; none: embedded")
    redis_url: SecretStr | None = Field(None, description="redis://…; none: embedded")

    switchboard: str = Field("sb1", pattern=r"^[a-z0-9]{1,16}$", description="name in call ids")
    ami_url: SecretStr | None = Field(
        None, description="ami://user:secret@host:5038 or amis://… (TLS); none: a local Asterisk"
    )
    trunk_contexts: tuple[str, ...] = Field(("from-trunk",), description="contexts callers enter")
    queue_log: Path | None = Field(None, description="the switchboard's queue_log file")
    cel_csv: Path | None = Field(None, description="the switchboard's CEL CSV file")
    outbound_endpoint: str = Field(
        "PJSIP/{number}@trunk", pattern=r"^[A-Za-z0-9_/@.-]*\{number\}[A-Za-z0-9_/@.-]*$"
    )
    queues: tuple[str, ...] = Field(("12345", "expert"), min_length=1)
    lines: tuple[str, ...] = Field(("12345",), description="numbers callers dial")
    planned_seats: int = Field(171, ge=1, description="denominator of staffing (上席率)")

    http_host: str = "127.0.0.1"
    http_port: int = Field(8080, ge=1, le=65535)
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(9108, ge=1, le=65535)
    agi_host: str = "127.0.0.1"
    agi_port: int = Field(4573, ge=1, le=65535)
    agi_peers: tuple[str, ...] = Field(("127.0.0.1", "::1"), description="who may speak FastAGI")
    allowed_origins: tuple[str, ...] = Field((), description="more WebSocket origins than our own")
    session_hours: float = Field(12, gt=0, le=24)

    short_abandon_s: float = Field(5, ge=0, le=60)
    survey_delay_s: float = Field(60, ge=0, description="between closing a case and calling back")
    survey_ring_s: float = Field(30, gt=0, le=120)
    survey_attempts: int = Field(3, ge=1, le=10)
    survey_concurrency: int = Field(5, ge=1, le=1000)
    survey_opens: time = Field(time(9), description="no callback before, Asia/Shanghai")
    survey_closes: time = Field(time(20), description="no callback from then on, Asia/Shanghai")
    survey_caller_id: str = Field("12345", pattern=r"^[0-9]{3,20}$", description="number shown")

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
        del dotenv_settings, file_secret_settings
        file = Path(os.environ.get("HOTLINE_CONFIG", "hotline.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)


def load_settings(**overrides: object) -> Settings:
    """Read the settings.

    Raises `SettingsError` with one sentence per bad setting, naming it and what is allowed.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # validated by pydantic itself
    except ValidationError as error:
        lines = [
            f"setting {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise SettingsError("; ".join(lines)) from None
