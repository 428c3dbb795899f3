"""``hotline user …``: people who may log in, managed from the command line."""

import argparse
import getpass
import sys
from typing import Any

from redis.exceptions import RedisError

from deploy.embedded.redis import EmbeddedRedis
from deploy.embedded.server import running_url
from gateway import redis_client
from gateway.auth import sessions
from gateway.auth.passwords import random_password
from gateway.auth.roles import EVERYONE, Role
from gateway.database_command import with_database
from gateway.errors import UserError
from gateway.settings import load_settings
from gateway.users import NewUser, create_user, list_users, set_password


def add_parser(commands: Any) -> None:
    """Add the sub-commands ``add``, ``list`` and ``password``."""
    user: argparse.ArgumentParser = commands.add_parser("user", help="people who may log in")
    actions = user.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a person; a random password is printed once")
    add.add_argument("login")
    add.add_argument("--role", choices=sorted(role.value for role in EVERYONE), required=True)
    add.add_argument("--name", required=True, help="display name")
    add.add_argument("--agent", help="agent number (工号), for agents")
    add.add_argument(
        "--extension", help="telephone of the seat; a supervisor listens and takes over there"
    )
    add.add_argument(
        "--switchboard", help="where that telephone is; none: the first of the settings"
    )
    add.add_argument("--department", metavar="CODE", help="for the role department: which one")
    add.set_defaults(command=with_database(_add))
    listing = actions.add_parser("list", help="who there is")
    listing.set_defaults(command=with_database(_list))
    password = actions.add_parser("password", help="set a password, asked for or piped in")
    password.add_argument("login")
    password.set_defaults(command=with_database(_password))


async def _add(connection: Any, options: argparse.Namespace) -> None:
    user = NewUser(
        login=options.login,
        role=Role(options.role),
        display_name=options.name,
        agent=options.agent,
        extension=options.extension,
        switchboard=options.switchboard or load_settings().first_switchboard,
        department=options.department,
    )
    password = random_password()
    await create_user(connection, user, password)
    sys.stdout.write(f"{options.login}\t{password}\n")


async def _list(connection: Any, _options: argparse.Namespace) -> None:
    for user in await list_users(connection):
        person = user.person
        seat = (
            f"{person.agent}@{person.extension}@{person.switchboard}"
            if person.agent
            else person.department or "-"
        )
        standing = "active" if user.active else "closed"
        columns = (person.login, person.role.value, person.display_name, seat, standing)
        sys.stdout.write("\t".join(columns) + "\n")


async def _password(connection: Any, options: argparse.Namespace) -> None:
    password = _ask_password()
    await _end_sessions(await set_password(connection, options.login, password))


def _ask_password() -> str:
    """From the terminal without showing it, or the first line of what is piped in."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    try:
        return getpass.getpass("new password: ")
    except EOFError:
        raise UserError("no password was given") from None


async def _end_sessions(user_id: int) -> None:
    """Whoever is logged in with the old password is logged out."""
    settings = load_settings()
    url = running_url(settings.var_dir / "redis")
    if settings.redis_url is not None:
        url = settings.redis_url.get_secret_value()
    if url is None:  # the embedded Redis does not run, but keeps sessions on disk
        async with EmbeddedRedis(settings.var_dir / "redis") as server:
            await _end_sessions_at(server.url, user_id)
    else:
        await _end_sessions_at(url, user_id)


async def _end_sessions_at(url: str, user_id: int) -> None:
    redis = redis_client.connect(url)
    try:
        await sessions.end_all(redis, user_id)
    except RedisError as error:
        raise UserError(
            f"the password is changed, but sessions could not be ended: {type(error).__name__}"
        ) from None
    finally:
        await redis.aclose()
