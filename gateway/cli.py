"""The command line: ``hotline run | migrate | replay | import-queue-log | user | lines | …``."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from deploy.errors import DeployError
from gateway import (
    audit_command,
    import_command,
    import_sheet_command,
    line_commands,
    replay_command,
    user_commands,
)
from gateway.errors import GatewayError, SettingsError
from gateway.logs import configure_logs
from gateway.settings import ALL_ROLES, Role, load_settings
from telephony.errors import TelephonyError

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; every expected failure is one sentence on standard error."""
    options = _parser().parse_args(argv)
    try:
        return int(options.command(options))
    except (GatewayError, DeployError, TelephonyError) as error:
        sys.stderr.write(f"hotline: {error}\n")
        return EXIT_ERROR
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hotline", description="12345 hotline gateway")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="run the gateway (all roles, or those given)")
    run.add_argument("--role", type=_roles, default=ALL_ROLES, help=",".join(ALL_ROLES))
    run.add_argument("--demo", action="store_true", help="demonstration callers, agents, citizens")
    run.set_defaults(command=_run)
    migrate = commands.add_parser("migrate", help="bring the database up to date")
    migrate.add_argument(
        "--program-role",
        metavar="ROLE",
        help="grant this role what the program needs to run as it, and no more",
    )
    migrate.set_defaults(command=_migrate)
    replay_command.add_parser(commands)
    import_command.add_parser(commands)
    import_sheet_command.add_parsers(commands)
    user_commands.add_parser(commands)
    line_commands.add_parser(commands)
    audit_command.add_parser(commands)
    return parser


def _roles(text: str) -> tuple[Role, ...]:
    chosen = tuple(role for role in ALL_ROLES if role in text.split(","))
    if set(chosen) != set(text.split(",")):
        raise argparse.ArgumentTypeError(f"roles are {', '.join(ALL_ROLES)}, not {text!r}")
    return chosen


def _run(options: argparse.Namespace) -> int:
    # Imported by this command alone: replay and help need not wait for the whole program.
    from gateway.run import run  # noqa: PLC0415

    configure_logs()
    asyncio.run(run(load_settings(), options.role, demo=options.demo))
    return 0


def _migrate(options: argparse.Namespace) -> int:
    # Imported by this command alone: the other commands need not wait for Alembic.
    from deploy.grants import grant_program_role  # noqa: PLC0415
    from deploy.migrate import migrate  # noqa: PLC0415

    settings = load_settings()
    if settings.database_url is None:
        raise SettingsError(
            "HOTLINE_DATABASE_URL must be set: the embedded database is migrated by run"
        )
    dsn = settings.database_url.get_secret_value()
    asyncio.run(migrate(dsn))
    if options.program_role is not None:
        tables = asyncio.run(grant_program_role(dsn, options.program_role))
        sys.stdout.write(f"{options.program_role} can only add to: {', '.join(tables)}\n")
    return 0
