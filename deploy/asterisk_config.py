"""Asterisk's configuration files, rendered from ``deploy/asterisk/*.conf``.

The same templates serve a production switchboard, the one of ``make run`` and the one of the
tests; only :class:`AsteriskSettings` differs. Rendering is pure: values in, texts out.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from deploy.errors import ConfigurationError

TEMPLATE_DIR = Path(__file__).parent / "asterisk"

_NAME = re.compile(r"[0-9a-z-]{1,32}")
_DIGITS = re.compile(r"[0-9]{3,8}")
_SCALE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_KEYS = re.compile(r"[0-9]-[0-9]")
_SWITCHBOARD = re.compile(r"[0-9a-z]{1,16}")
_HOST = re.compile(r"[0-9A-Za-z.:-]{1,253}")
_NETWORK = re.compile(r"[0-9A-Fa-f.:]+/[0-9A-Fa-f.:]+")
_PATH = re.compile(r"/[0-9A-Za-z._/-]+")
_SECRET = re.compile(r"[0-9A-Za-z_-]{16,128}")


class FieldTemplate(Template):
    """``@{name}`` alone is a field: a dialplan is full of ``${...}`` and ``user@host``."""

    delimiter = "@"
    # Template compiles this itself when the class is made, hence a str where a Pattern is declared.
    pattern = r"(?P<escaped>(?!))|(?P<named>(?!))|@\{(?P<braced>[a-z_]+)\}|(?P<invalid>@\{)"  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskSettings:
    """One switchboard. Ports are TCP/UDP numbers, durations are seconds.

    ``seats`` are desk or desktop SIP phones, ``browser_seats`` register over WebSocket (WebRTC).
    A seat's number is its SIP user name and its extension. ``switchboard`` is the name in the
    gateway's settings. ``rating_scale`` is the name of the scale by which callers rate,
    ``rating_keys`` its first and last key. ``record_calls``: what callers and agents say to each
    other is recorded.
    """

    ami_port: int = 5038
    sip_port: int = 5060
    http_port: int = 8088
    rtp_start: int = 10000
    rtp_end: int = 10999
    agi_host: str = "127.0.0.1"
    agi_port: int = 4573
    ami_bind: str = "127.0.0.1"
    ami_permit: str = "127.0.0.1/255.255.255.255"
    sip_bind: str = "127.0.0.1"
    trunk_host: str = "127.0.0.1"
    trunk_port: int = 5070
    seats: tuple[str, ...] = ("1001", "1002", "1003", "1004")
    browser_seats: tuple[str, ...] = ()
    queues: tuple[str, ...] = ("12345", "expert")
    queue_maxlen: int = 50
    queue_timeout_s: int = 300
    ring_timeout_s: int = 20
    wrapup_s: int = 0
    entry_timeout_s: int = 3
    rating_timeout_s: int = 60
    rating_scale: str = "three_step"
    rating_keys: str = "1-3"
    key_timeout_s: int = 6
    survey_timeout_s: int = 180
    enquiry_timeout_s: int = 180
    dial_timeout_s: int = 30
    outside_min_digits: int = 5
    record_calls: bool = True
    system_name: str = "hotline"
    switchboard: str = "sb1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchboardPaths:
    """Directories as the Asterisk process sees them; the last one is that of the recordings."""

    instance_dir: str
    module_dir: str
    prompt_dir: str
    recording_dir: str


@dataclass(frozen=True, slots=True)
class SwitchboardSecrets:
    """What only this instance and the gateway know. Never shown by ``repr``."""

    ami: str = field(repr=False)
    seats: dict[str, str] = field(repr=False)

    @classmethod
    def generate(cls, seats: tuple[str, ...]) -> "SwitchboardSecrets":
        """Random secrets of 192 bits for the AMI user and for each seat."""
        return cls(secrets.token_urlsafe(24), {seat: secrets.token_urlsafe(24) for seat in seats})


def render_configuration(
    settings: AsteriskSettings,
    paths: SwitchboardPaths,
    known: SwitchboardSecrets,
    *,
    overlay: Path | None = None,
    overlay_fields: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """File name to text for every configuration file of one switchboard.

    Templates in the directory ``overlay`` take the place of those with the same name and may use
    ``overlay_fields``. Raises :class:`~deploy.errors.ConfigurationError` for a value that could
    break out of its place.
    """
    _refuse_unsafe(settings, paths, known)
    fields = _fields(settings, paths, known) | dict(overlay_fields or {})
    templates = [*TEMPLATE_DIR.glob("*.conf"), *(overlay.glob("*.conf") if overlay else ())]
    return {
        template.name: FieldTemplate(template.read_text("utf-8")).substitute(fields)
        for template in templates
    }


def _fields(
    settings: AsteriskSettings, paths: SwitchboardPaths, known: SwitchboardSecrets
) -> dict[str, object]:
    own = {name: getattr(settings, name) for name in AsteriskSettings.__dataclass_fields__}
    every_seat = settings.seats + settings.browser_seats
    return own | {
        "instance_dir": paths.instance_dir,
        "module_dir": paths.module_dir,
        "prompt_dir": paths.prompt_dir,
        "recording_dir": paths.recording_dir,
        "record_calls": "yes" if settings.record_calls else "no",
        "recording_modules": "load = app_mixmonitor.so" if settings.record_calls else "",
        "uniqueid_from": len(settings.system_name) + 1,
        "ami_secret": known.ami,
        "default_queue": settings.queues[0],
        "queue_names": "|".join(settings.queues),
        "queue_sections": "\n".join(f"\n[{name}](service)" for name in settings.queues),
        "seat_sections": "\n".join(
            _seat_section(seat, known.seats[seat], browser=seat in settings.browser_seats)
            for seat in every_seat
        ),
        "seat_extensions": "\n".join(_seat_extension(seat) for seat in every_seat),
        "queue_extensions": "\n".join(_queue_extension(name) for name in settings.queues),
        "extra_modules": "",
    }


def _seat_section(seat: str, password: str, *, browser: bool) -> str:
    kind = "seat-browser" if browser else "seat"
    return (
        f"\n[{seat}]({kind})\nauth = {seat}\naors = {seat}\n"
        f"\n[{seat}](seat-auth)\nusername = {seat}\npassword = {password}\n"
        f"\n[{seat}](seat-aor)\n"
    )


def _seat_extension(seat: str) -> str:
    return f"exten => {seat},hint,PJSIP/{seat}\nexten => {seat},1,Goto(seat,${{EXTEN}},1)"


def _queue_extension(queue: str) -> str:
    return f"exten => {queue},1,Set(QUEUE={queue})\n same => n,Goto(hotline,queue,1)"


def _refuse_unsafe(
    settings: AsteriskSettings, paths: SwitchboardPaths, known: SwitchboardSecrets
) -> None:
    every_seat = settings.seats + settings.browser_seats
    checks: list[tuple[str, re.Pattern[str], tuple[str, ...]]] = [
        ("queue name", _NAME, settings.queues),
        ("seat number", _DIGITS, every_seat),
        ("scale", _SCALE, (settings.rating_scale,)),
        ("keys of a scale", _KEYS, (settings.rating_keys,)),
        ("system name", _NAME, (settings.system_name,)),
        ("switchboard name", _SWITCHBOARD, (settings.switchboard,)),
        ("host", _HOST, (settings.agi_host, settings.trunk_host, settings.sip_bind)),
        ("AMI bind address", _HOST, (settings.ami_bind,)),
        ("AMI network", _NETWORK, (settings.ami_permit,)),
        ("path", _PATH, (paths.instance_dir, paths.module_dir)),
        ("path", _PATH, (paths.prompt_dir, paths.recording_dir)),
        ("secret", _SECRET, (known.ami, *known.seats.values())),
    ]
    for what, allowed, values in checks:
        for value in values:
            if not allowed.fullmatch(value):
                shown = "it" if what == "secret" else repr(value)
                raise ConfigurationError(
                    f"Not usable as {what}: {shown} does not match {allowed.pattern}."
                )
    if len(set(every_seat)) != len(every_seat):
        raise ConfigurationError("A seat number is given twice.")
    if not settings.queues:
        raise ConfigurationError("A switchboard needs at least one queue.")
