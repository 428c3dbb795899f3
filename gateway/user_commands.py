"""``hotline user …``: people who may log in, managed from the command line."""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import asyncpg

from deploy.migrate import SchemaStanding, schema_state
from gateway.auth.passwords import random_password
from gateway.auth.roles import Role
from gateway.engines import database_dsn
from gateway.errors import GatewayError
from gateway.settings import load_settings
from gateway.users import NewUser, create_user, list_users, set_password


def add_parser(commands: Any) -> None:
    """Add the sub-commands ``add``, ``list`` and ``password``."""
    user: argparse.ArgumentParser = commands.add_parser("user", help="people who may log in")
    actions = user.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a person; a random password is printed once")
    add.add_argument("login")
    add.add_argument("--role", choices=[role.value for role in Role], required=True)
    add.add_argument("--name", required=True, help="display name")
    add.add_argument("--agent", help="agent number (工号), for agents")
    add.add_argument("--extension", help="telephone of the seat, for agents")
    add.set_defaults(command=_with_database(_add))
    listing = actions.add_parser("list", help="who there is")
    listing.set_defaults(command=_with_database(_list))
    password = actions.add_parser("password", help="set a password, asked for on the terminal")
    password.add_argument("login")
    password.set_defaults(command=_with_database(_password))


Action = Callable[[Any, argparse.Namespace], Awaitable[None]]


def _with_database(action: Action) -> Callable[[argparse.Namespace], int]:
    async def run(options: argparse.Namespace) -> None:
        async with AsyncExitStack() as stack:
            dsn = await database_dsn(load_settings(), stack)
            if (await schema_state(dsn)).standing is not SchemaStanding.CURRENT:
                raise GatewayError("the database has another schema: do hotline migrate or run")
            connection = await asyncpg.connect(dsn)
            stack.push_async_callback(connection.close)
            await action(connection, options)

    def command(options: argparse.Namespace) -> int:
        asyncio.run(run(options))
        return 0

    return command


async def _add(connection: Any, options: argparse.Namespace) -> None:
    user = NewUser(
        login=options.login,
        role=Role(options.role),
        display_name=options.name,
        agent=options.agent,
        extension=options.extension,
    )
    password = random_password()
    await create_user(connection, user, password)
    sys.stdout.write(f"{options.login}\t{password}\n")


async def _list(connection: Any, _options: argparse.Namespace) -> None:
    for user in await list_users(connection):
        person = user.person
        seat = f"{person.agent}@{person.extension}" if person.agent else "-"
        standing = "active" if user.active else "closed"
        columns = (person.login, person.role.value, person.display_name, seat, standing)
        sys.stdout.write("\t".join(columns) + "\n")


async def _password(connection: Any, options: argparse.Namespace) -> None:
    await set_password(connection, options.login, getpass.getpass("new password: "))
