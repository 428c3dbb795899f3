"""What is set for a switchboard: for the only one, or for each of several."""

from pathlib import Path
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from gateway.urls import check_url


class SwitchboardSettings(BaseModel):
    """One switchboard; what the entry of one of several leaves out is as set for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    switchboard: str = Field("sb1", pattern=r"^[a-z0-9]{1,16}$", description="name in call ids")
    district: str = Field(
        "", max_length=32, pattern=r"^[^/\x00-\x1f]*$", description="where its callers are"
    )
    ami_url: SecretStr | None = Field(
        None, description="ami://user:secret@host:5038 or amis://… (TLS); none: a local Asterisk"
    )
    trunk_contexts: tuple[str, ...] = Field(("from-trunk",), description="contexts callers enter")
    queue_log: Path | None = Field(None, description="the switchboard's queue_log file")
    cel_csv: Path | None = Field(None, description="the switchboard's CEL CSV file")
    records_url: SecretStr | None = Field(
        None, description="postgresql://… with tables queue_log and cel, in place of the files"
    )
    recordings_dir: Path | None = Field(
        None,
        description="its recordings, the same for all processes; none: those of a local Asterisk",
    )
    recordings_days: int = Field(180, ge=1, le=4000, description="how long recordings are kept")
    outbound_endpoint: str = Field(
        "PJSIP/{number}@trunk",
        pattern=r"^[A-Za-z0-9_/@.-]*\{number\}[A-Za-z0-9_/@.-]*$",
        description="how citizens are dialled",
    )
    outside_min_digits: int = Field(
        5, ge=3, le=15, description="shortest outside number, as in the dialplan"
    )
    queues: tuple[str, ...] = Field(
        ("12345", "expert"),
        min_length=1,
        description="that agents sit in, all unless arranged otherwise",
    )
    wrap_up_s: float = Field(0, ge=0, le=600, description="rest after a talk (话后处理)")
    wrap_up_prolong_s: float = Field(60, gt=0, le=600, description="what one prolongation adds")
    wrap_up_longest_s: float = Field(600, gt=0, le=3600, description="longest wrap-up, prolonged")

    @field_validator("ami_url", "records_url")
    @classmethod
    def _switchboard_url(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if url is not None:
            check_url(info.field_name or "", url.get_secret_value(), production=False)
        return url

    @model_validator(mode="after")
    def _one_kind_of_records(self) -> Self:
        if self.records_url is not None and (self.queue_log or self.cel_csv):
            raise ValueError("records_url cannot be set together with queue_log or cel_csv")
        return self

    def given(self) -> dict[str, Any]:
        """What is set here, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


# Of one switchboard by nature: nothing that could hold for all of several.
OWN = frozenset(
    {
        "switchboard",
        "district",
        "ami_url",
        "transcript",
        "queue_log",
        "cel_csv",
        "records_url",
        "recordings_dir",
    }
)


def check_entries(entries: tuple[SwitchboardSettings, ...], for_all: set[str]) -> None:
    """Raises `ValueError` for entries of several switchboards that contradict each other.

    ``for_all`` are the settings given outside of them.
    """
    if not entries:
        return
    if twice := ", ".join(sorted(OWN & for_all)):
        raise ValueError(f"with switchboards, {twice} must be set in each of them, not for all")
    names = [entry.switchboard for entry in entries]
    if any("switchboard" not in entry.model_fields_set for entry in entries):
        raise ValueError("each of switchboards needs a name of its own: switchboard")
    if len(set(names)) < len(names):
        raise ValueError("two of switchboards have the same name")
    if any(entry.ami_url is None for entry in entries):
        raise ValueError("each of switchboards needs its ami_url")
