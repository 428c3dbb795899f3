"""Rendering of Asterisk's configuration: pure, and closed to values that could break out."""

from dataclasses import replace

import pytest

from callback_survey.questionnaire import AFTER_CALL_RATING
from deploy.asterisk_config import (
    AsteriskSettings,
    SwitchboardPaths,
    SwitchboardSecrets,
    render_configuration,
)
from deploy.errors import ConfigurationError
from telephony.opinions import RATING_EVENT

SETTINGS = AsteriskSettings(seats=("1001", "1002"), browser_seats=("2001",))
PATHS = SwitchboardPaths(
    instance_dir="/srv",
    module_dir="/usr/lib/x",
    prompt_dir="/srv/prompts",
    recording_dir="/srv/recordings",
)
SECRETS = SwitchboardSecrets("a" * 32, {seat: f"{seat}-secret-of-seat" for seat in
                                        ("1001", "1002", "2001")})  # fmt: skip


def rendered(**changes: object) -> dict[str, str]:
    return render_configuration(replace(SETTINGS, **changes), PATHS, SECRETS)  # type: ignore[arg-type] # mixed types


def test_every_field_is_filled() -> None:
    assert [name for name, text in rendered().items() if "@{" in text] == []


def test_dialplan_keeps_its_own_variables() -> None:
    dialplan = rendered()["extensions.conf"]
    assert "Set(LINE=${FILTER(0-9,${EXTEN})})" in dialplan
    assert "Dial(PJSIP/${NUMBER}@trunk,30,g)" in dialplan
    assert 'REGEX("^(12345|expert)$" ${QUEUE})' in dialplan


def test_each_seat_has_its_own_password_and_kind() -> None:
    seats = rendered()["pjsip_seats.conf"]
    for seat in ("1001", "1002", "2001"):
        assert f"username = {seat}\npassword = {seat}-secret-of-seat" in seats
    assert "[1001](seat)" in seats
    assert "[2001](seat-browser)" in seats


def test_gateway_account_has_no_dangerous_class() -> None:
    [line] = [
        text for text in rendered()["manager.conf"].splitlines() if text.startswith("write =")
    ]
    assert not {"system", "command", "config", "all"} & set(
        line.removeprefix("write = ").split(",")
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"queues": ("12345)\nexten => x",)},
        {"queues": ()},
        {"queues": (".*",)},
        {"seats": ("1001\n[evil]",)},
        {"seats": ("1001", "1001")},
        {"seats": ("2001",)},
        {"agi_host": "127.0.0.1/x,${SHELL(id)}"},
        {"trunk_host": "host\n[x]"},
        {"system_name": "a b"},
        {"rating_scale": "three_step,${SHELL(id)}"},
        {"rating_keys": "1-3]$"},
        {"ami_bind": "0.0.0.0\nenabled=yes"},
        {"ami_permit": "0.0.0.0/0\nwrite=all"},
    ],
    ids=",".join,
)
def test_unsafe_value_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        rendered(**changes)


def test_weak_secret_is_refused_without_showing_it() -> None:
    weak = SwitchboardSecrets("hunter2", SECRETS.seats)
    with pytest.raises(ConfigurationError) as refusal:
        render_configuration(SETTINGS, PATHS, weak)
    assert "hunter2" not in str(refusal.value)
    assert "hunter2" not in repr(weak)


def test_callers_are_asked_on_the_scale_that_ratings_are_stored_by() -> None:
    keys = "".join(AFTER_CALL_RATING.keys)
    assert AFTER_CALL_RATING.name == SETTINGS.rating_scale
    assert f"{keys[0]}-{keys[-1]}" == SETTINGS.rating_keys
    dialplan = rendered()["extensions.conf"]
    assert '${REGEX("^[1-3]$" ${KEY})}' in dialplan
    assert f"CELGenUserEvent({RATING_EVENT},three_step ${{KEY}})" in dialplan
