"""Settings: where they come from, and that a bad one is named with what is allowed."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.errors import SettingsError
from gateway.settings import load_settings

SECRET = "open-sesame-1234"

Environment = Mapping[str, object]


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty directory and no variable of ours."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("HOTLINE_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """To set variables in."""
    return monkeypatch


def refusal() -> str:
    """The sentence with which the settings are refused."""
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


def assert_refused(*words: str) -> None:
    sentence = refusal()
    assert [word for word in words if word not in sentence] == [], sentence
    assert "\n" not in sentence
    assert SECRET not in sentence


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings()
    assert (settings.http_port, settings.database_url, settings.queues) == (
        8080,
        None,
        ("12345", "expert"),
    )


def test_environment_before_file_before_default(environment: pytest.MonkeyPatch) -> None:
    Path("hotline.toml").write_text('http_port = 8081\nmetrics_port = 9109\nqueues = ["zone"]\n')
    environment.setenv("HOTLINE_HTTP_PORT", "8082")
    settings = load_settings()
    assert (settings.http_port, settings.metrics_port, settings.agi_port) == (8082, 9109, 4573)
    assert settings.queues == ("zone",)


def test_argument_before_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HOTLINE_HTTP_PORT", "8082")
    assert load_settings(http_port=8083).http_port == 8083


def test_file_by_name(environment: pytest.MonkeyPatch) -> None:
    Path("hotline.toml").write_text("http_port = 8081\n")
    Path("other.toml").write_text("http_port = 8084\n")
    environment.setenv("HOTLINE_CONFIG", "other.toml")
    assert load_settings().http_port == 8084


def test_lists_and_names_of_the_environment(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HOTLINE_QUEUES", '["12345", "zone"]')
    environment.setenv("hotline_trunk_contexts", '["from-city"]')
    environment.setenv("HOTLINE_CACHE", "/cache")  # not of the program, but ours all the same
    environment.setenv("HOTLINE_TEST_DATABASE_URL", "postgresql://localhost/postgres")
    environment.setenv("HOTLINES", "another program's")
    settings = load_settings()
    assert (settings.queues, settings.trunk_contexts) == (("12345", "zone"), ("from-city",))


CITY = {"switchboard": "city", "ami_url": f"ami://hotline:{SECRET}@10.0.0.5"}
EAST = {"switchboard": "east", "ami_url": f"amis://hotline:{SECRET}@10.8.0.5", "district": "东区"}


def test_several_switchboards(environment: pytest.MonkeyPatch) -> None:
    entries = [CITY, EAST | {"queues": ["12345"], "wrap_up_s": 20}]
    environment.setenv("HOTLINE_SWITCHBOARDS", json.dumps(entries))
    environment.setenv("HOTLINE_QUEUES", '["12345", "zone"]')
    environment.setenv("HOTLINE_OUTSIDE_MIN_DIGITS", "7")
    settings = load_settings()
    city, east = settings.of_each()
    assert SECRET not in repr(settings) + repr(east)
    assert settings.first_switchboard == "city"
    assert (city.switchboard, city.district, city.queues) == ("city", "", ("12345", "zone"))
    assert (east.switchboard, east.district, east.queues) == ("east", "东区", ("12345",))
    assert (city.wrap_up_s, east.wrap_up_s, east.outside_min_digits) == (0, 20, 7)
    assert east.ami_url is not None
    assert east.ami_url.get_secret_value() == EAST["ami_url"]


def test_several_switchboards_of_the_file() -> None:
    text = "".join(
        "[[switchboards]]\n" + "".join(f'{name} = "{value}"\n' for name, value in entry.items())
        for entry in (CITY, EAST)
    )
    Path("hotline.toml").write_text(text, encoding="utf-8")
    assert [each.switchboard for each in load_settings().of_each()] == ["city", "east"]


def test_one_switchboard_is_the_settings_themselves() -> None:
    settings = load_settings(switchboard="city")
    assert settings.of_each() == (settings,)


def test_no_dotenv_file() -> None:
    Path(".env").write_text("HOTLINE_HTTP_PORT=8085\n")
    assert load_settings().http_port == 8080


def test_secrets_are_not_shown(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HOTLINE_DATABASE_URL", f"postgresql://hotline:{SECRET}@db/hotline")
    environment.setenv("HOTLINE_REDIS_URL", f"redis://:{SECRET}@redis/0")
    environment.setenv("HOTLINE_AMI_URL", f"amis://hotline:{SECRET}@10.0.0.5")
    assert SECRET not in repr(load_settings()) + str(load_settings())


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("database_url", "postgresql://hotline@/hotline?host=/run/postgresql"),
        ("database_url", "postgres://hotline:secret@db1:5432,db2:5433/hotline"),
        ("database_url", "postgresql://hotline:s%40cret@[::1]:5432/hotline?sslmode=require"),
        ("redis_url", "redis://redis"),
        ("redis_url", "rediss://user:secret@redis:6380/3"),
        ("redis_url", "unix:///run/redis.sock?db=1"),
        ("ami_url", "ami://hotline:secret@10.0.0.5"),
        ("ami_url", "amis://hotline:secret@[2001:db8::5]:5039/"),
    ],
)
def test_usual_url(environment: pytest.MonkeyPatch, name: str, url: str) -> None:
    environment.setenv(f"HOTLINE_{name.upper()}", url)
    assert getattr(load_settings(), name).get_secret_value() == url


WRONG_SETTINGS: dict[str, tuple[Environment, tuple[str, ...]]] = {
    "unknown": ({"http_prot": 8080}, ("HOTLINE_HTTP_PROT", "no setting", "http_port?")),
    "out of range": ({"http_port": 99999}, ("http_port", "65535")),
    "no number": ({"survey_attempts": "many"}, ("survey_attempts", "integer")),
    "no switch": ({"production": "perhaps"}, ("production", "boolean")),
    "no time of day": ({"survey_opens": "nine"}, ("survey_opens", "time")),
    "no list": ({"queues": "12345,expert"}, ("queues", 'JSON list, such as ["one", "two"]')),
    "empty list": ({"queues": "[]"}, ("queues", "at least 1")),
    "a reason that is a state": (
        {"not_ready_reasons": '["小休", "话后处理"]'},
        ("not_ready_reasons", "话后处理"),
    ),
    "a reason Asterisk cannot keep": ({"not_ready_reasons": '["a;b"]'}, ("not_ready_reasons",)),
    "a reason twice": ({"not_ready_reasons": '["小休", "小休"]'}, ("not_ready_reasons", "differ")),
    "bad name": ({"switchboard": "SB 1"}, ("switchboard", "[a-z0-9]{1,16}")),
    "bad endpoint": ({"outbound_endpoint": "PJSIP/trunk"}, ("outbound_endpoint", "number")),
    "bad peers": ({"agi_peers": '["10.1.2.3/8"]'}, ("agi_peers", "10.1.2.3/8", "host bits")),
    "two at once": (
        {"http_port": 0, "session_hours": 48},
        ("http_port", "greater than or equal to 1", "session_hours", "less than or equal to 24"),
    ),
    "never open": (
        {"survey_opens": "20:00", "survey_closes": "09:00"},
        ("survey_opens must be earlier", "survey_closes"),
    ),
    "ring-backs at night": (
        {"ringback_opens": "21:00", "ringback_closes": "21:00"},
        ("ringback_opens must be earlier", "ringback_closes"),
    ),
    "no working hours": ({"clock_hours": "9-5"}, ("clock_hours", "09:00-12:00,13:00-17:30")),
    "working hours out of order": ({"clock_hours": "13:00-17:30,09:00-12:00"}, ("clock_hours",)),
    "database of another kind": (
        {"database_url": f"mysql://hotline:{SECRET}@db/hotline"},
        ("database_url", "postgresql://user:secret@host:5432/name"),
    ),
    "secret where the port belongs": (
        {"database_url": f"postgresql://hotline:{SECRET}"},
        ("database_url", "postgresql://user:secret@host:5432/name"),
    ),
    "secret with a hash": (
        {"ami_url": f"ami://hotline:{SECRET}#1@10.0.0.5"},
        ("ami_url", "ami://user:secret@host:5038", "%40"),
    ),
    "AMI without a user": ({"ami_url": "ami://10.0.0.5:5038"}, ("ami_url", "ami://user:secret@")),
    "AMI port": (
        {"ami_url": f"ami://hotline:{SECRET}@10.0.0.5:amiport"},
        ("ami_url", "ami://user:secret@host:5038"),
    ),
    "no Redis": ({"redis_url": "localhost:6379"}, ("redis_url", "redis://:secret@host:6379/0")),
    "Redis database": (
        {"redis_url": f"redis://:{SECRET}@redis/hotline"},
        ("redis_url", "redis://:secret@host:6379/0"),
    ),
    "several of one name": (
        {"switchboards": json.dumps([CITY, CITY])},
        ("switchboards", "same name"),
    ),
    "several, one without a name": (
        {"switchboards": json.dumps([{"ami_url": CITY["ami_url"]}])},
        ("switchboards", "a name of its own"),
    ),
    "several, one nowhere": (
        {"switchboards": json.dumps([CITY, {"switchboard": "east"}])},
        ("switchboards", "ami_url"),
    ),
    "several and one": (
        {"switchboards": json.dumps([CITY]), "ami_url": CITY["ami_url"], "switchboard": "city"},
        ("ami_url, switchboard must be set in each",),
    ),
    "several, one wrongly": (
        {"switchboards": json.dumps([CITY | {"outbound_endpoint": "PJSIP/trunk"}])},
        ("switchboards.0.outbound_endpoint", "number"),
    ),
    "several, one unknown": (
        {"switchboards": json.dumps([CITY | {"ami": "x"}])},
        ("switchboards.0.ami is no setting",),
    ),
    "several, weak secret in production": (
        {
            "production": True,
            "switchboards": json.dumps([CITY | {"ami_url": "ami://hotline:short@10.0.0.5"}]),
        },
        ("ami_url", "12 characters"),
    ),
    "two switchboards": (
        {"ami_url": f"ami://hotline:{SECRET}@10.0.0.5", "transcript": "day.ami"},
        ("transcript", "ami_url"),
    ),
    "weak secret in production": (
        {"production": True, "ami_url": "ami://hotline:short@10.0.0.5"},
        ("ami_url", "12 characters"),
    ),
    "no secret in production": (
        {"production": True, "ami_url": "ami://hotline@10.0.0.5"},
        ("ami_url", "12 characters"),
    ),
    "no file of settings": ({"config": "here/hotline.toml"}, ("here/hotline.toml", "not exist")),
    "a directory of settings": ({"config": "."}, ("HOTLINE_CONFIG", "is a directory")),
}


@pytest.mark.parametrize("case", WRONG_SETTINGS)
def test_wrong_setting(environment: pytest.MonkeyPatch, case: str) -> None:
    settings, words = WRONG_SETTINGS[case]
    for name, value in settings.items():
        environment.setenv(f"HOTLINE_{name.upper()}", str(value))
    assert_refused(*words)


WRONG_FILES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "no TOML": (b"http_port: 8080\n", ("hotline.toml", "line 1")),
    "no text": (b"\xff\xfe\x00", ("hotline.toml", "utf-8")),
    "unknown": (b"http_prot = 8080\n", ("http_prot is no setting", "http_port?")),
    "a table": (b"[web]\nport = 8080\n", ("web is no setting",)),
    "out of range": (b"http_port = 0\n", ("http_port", "greater than or equal to 1")),
    "secret": (
        f'ami_url = "http://{SECRET}@10.0.0.5"\n'.encode(),
        ("ami_url", "ami://user:secret@host:5038"),
    ),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_wrong_file(case: str) -> None:
    text, words = WRONG_FILES[case]
    Path("hotline.toml").write_bytes(text)
    assert_refused(*words)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("surge_windows_min", (60, 60), "setting surge_windows_min: must differ from each other"),
        ("surge_class_percent", 101, "setting surge_class_percent"),
        ("suggest_dispatch_percent", 10, "setting suggest_dispatch_percent"),
        ("suggest_preselect_percent", 20, "must not be below suggest_offer_percent"),
    ],
)
def test_surges_and_suggestions(name: str, value: object, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load_settings(**{name: value})
