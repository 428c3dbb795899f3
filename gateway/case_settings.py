"""What is set for cases: who calls, clocks, other systems, warnings, suggestions, files."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from gateway.urls import check_networks, check_notice_url
from gateway.webhooks.errors import SecretInvalidError
from gateway.webhooks.signing import BYTES_MAX, BYTES_MIN, PREFIX, key_of
from ticketing.clocks.errors import ClockInvalidError
from ticketing.clocks.working_time import WorkingHours


class CaseSettings(BaseModel):
    """Part of the settings (`gateway.settings`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repeat_caller_calls: int = Field(
        3, ge=2, le=1000, description="so many calls make a repeat caller (重复来电)"
    )
    repeat_caller_days: int = Field(7, ge=1, le=365, description="within so many days")
    nuisance_days: int = Field(
        90, ge=1, le=365, description="how long a nuisance mark lasts unless decided otherwise"
    )
    reveals_per_hour: int = Field(
        20, ge=1, le=1000, description="numbers that one person may have shown in full"
    )

    clock_hours: str = Field(
        "09:00-12:00,13:00-17:30", description="working hours of a working day, Asia/Shanghai"
    )
    clock_yellow_percent: float = Field(
        25, ge=0, le=100, description="a clock is yellow with no more than this left of its time"
    )
    clock_yellow_hours: float = Field(
        0, ge=0, le=1000, description="or with no more than these hours left, whichever is earlier"
    )
    clock_start_day_counts: bool = Field(
        False, description="the day on which a clock starts is the first of its working days"
    )

    integration_per_minute: int = Field(
        120, ge=1, le=100_000, description="requests that one API key may send in a minute"
    )
    open311_url: str = Field(
        "",
        pattern=r"^(https?://[^\s/?#]+(/[^\s?#]*)?)?$",
        description="public address of /open311/v2 in its discovery; empty: as it was asked for",
    )
    open311_jurisdiction: str = Field(
        "", max_length=64, description="jurisdiction_id that is ours; empty: any is taken for ours"
    )
    open311_contact: str = Field(
        "12345 政务服务便民热线", min_length=1, description="whom to ask about Open311 and its keys"
    )
    idempotency_days: int = Field(
        7, ge=1, le=90, description="how long an Idempotency-Key is remembered"
    )

    supervision_hour: int = Field(
        8, ge=0, le=23, description="from when on supervision lists are made, Asia/Shanghai"
    )

    campaigns_per_year: int = Field(
        2, ge=0, le=52, description="campaigns of suggestions that each year is to have"
    )

    attachments_dir: Path | None = Field(
        None, description="files of cases, the same for all processes; none: in var_dir"
    )

    surge_windows_min: tuple[Annotated[int, Field(ge=5, le=10_080)], ...] = Field(
        (60, 1440), min_length=1, max_length=5, description="minutes over which shares are judged"
    )
    surge_class_percent: float = Field(10, ge=0, le=100, description="a class above it is a surge")
    surge_subclass_percent: float = Field(5, ge=0, le=100, description="so is a sub-class")
    surge_min_cases: int = Field(10, ge=2, le=100_000, description="fewer cases are no surge")
    surge_cluster_min: int = Field(
        180, ge=5, le=10_080, description="minutes within which cases of one place are a cluster"
    )
    surge_cluster_cases: int = Field(5, ge=2, le=1000, description="cases that make a cluster")
    surge_calm_min: int = Field(
        30, ge=1, le=1440, description="minutes without being found until a surge is over"
    )

    suggest_offer_percent: float = Field(
        30, ge=0, le=100, description="a suggestion of less confidence is not shown"
    )
    suggest_preselect_percent: float = Field(
        80, ge=0, le=100, description="from this confidence on it is chosen in the form already"
    )
    suggest_dispatch_percent: float | None = Field(
        None, ge=50, le=100, description="from this confidence on a case dispatches itself; never"
    )
    suggest_hour: int = Field(
        2, ge=0, le=23, description="from when on the model is made anew, Asia/Shanghai"
    )
    suggest_sample: int = Field(
        100_000, ge=1000, le=1_000_000, description="newest cases that a model is made from"
    )
    suggest_min_cases: int = Field(1000, ge=100, description="fewer make no model")
    suggest_new_cases: int = Field(500, ge=1, description="fewer new ones make no new model")

    webhook_http_hosts: tuple[str, ...] = Field(
        (), description="hosts that webhooks may be sent to without TLS"
    )
    webhook_networks: tuple[str, ...] = Field(
        (), description="networks (10.1.0.0/16) that webhooks may be sent to, though not public"
    )
    webhook_timeout_s: float = Field(15, ge=0.1, le=60, description="for one attempt")
    webhook_concurrency: int = Field(4, ge=1, le=50, description="cases at once per destination")
    webhook_attempts: int = Field(20, ge=1, le=100, description="then an event is given up")
    webhook_give_up_hours: float = Field(72, gt=0, le=720, description="or so long after the first")
    webhook_keep_days: int = Field(30, ge=1, le=400, description="how long what arrived is kept")

    notice_url: str | None = Field(
        None, description="the SMS gateway that notices to citizens are posted to; none: no notices"
    )
    notice_secret: SecretStr | None = Field(
        None, description="what they are signed with: whsec_ and base64"
    )
    notice_timeout_s: float = Field(15, ge=0.1, le=60, description="for one attempt")
    notice_concurrency: int = Field(4, ge=1, le=50, description="notices at once")
    notice_keep_days: int = Field(30, ge=1, le=400, description="how long ended notices are kept")

    @field_validator("surge_windows_min")
    @classmethod
    def _windows(cls, windows: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(windows)) != len(windows):
            raise ValueError("must differ from each other")
        return windows

    @field_validator("clock_hours")
    @classmethod
    def _hours(cls, hours: str) -> str:
        try:
            WorkingHours.parse(hours)
        except ClockInvalidError:
            raise ValueError("must be spans in order, such as 09:00-12:00,13:00-17:30") from None
        return hours

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        return check_networks(networks)

    @field_validator("notice_url")
    @classmethod
    def _notice_url(cls, url: str | None) -> str | None:
        if url is not None:
            check_notice_url(url)
        return url

    @field_validator("notice_secret")
    @classmethod
    def _notice_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        try:
            if secret is not None:
                key_of(secret.get_secret_value())
        except SecretInvalidError:
            form = f"{PREFIX} and base64 of {BYTES_MIN} to {BYTES_MAX} bytes"
            raise ValueError(f"must be {form}") from None
        return secret

    @model_validator(mode="after")
    def _notices_are_signed(self) -> Self:
        if (self.notice_url is None) != (self.notice_secret is None):
            raise ValueError("notice_url and notice_secret must be set together")
        return self

    @model_validator(mode="after")
    def _confidences_agree(self) -> Self:
        if self.suggest_preselect_percent < self.suggest_offer_percent:
            raise ValueError("suggest_preselect_percent must not be below suggest_offer_percent")
        return self
