"""``make run DEMO=1``: a town in which people call the hotline by themselves.

The town is a second Asterisk from the same root. It is everything at the other end of the hotline's
lines: callers (some patient, some not, some who rate), the agents' phones (they register with the
seats' real passwords and answer after a few seconds) and the citizens who are called back. Its
dialplan is in ``deploy/asterisk/town``; here is only who calls when.
"""

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from secrets import SystemRandom

from deploy.asterisk_config import TEMPLATE_DIR, AsteriskSettings, render_configuration
from deploy.embedded.asterisk_home import paths_inside
from deploy.embedded.asterisk_process import AsteriskInstance
from deploy.errors import SwitchboardError

_TEMPLATES = TEMPLATE_DIR / "town"
_MODULES = ("func_rand", "res_clioriginate", "res_pjsip_outbound_registration")
_PORTS_ABOVE = 2  # of AMI and HTTP, above the hotline's own

_MEAN_PAUSE_S = 12.0
_PATIENT = 0.75
_IMPATIENT_S = (3, 40)


class DemoTown(AsteriskInstance):
    """The other end of the hotline's lines.

    ``agents`` are the demonstration's own: seat number (of ``hotline.settings.seats``) to agent
    number. Their phones and those of all other seats answer; only they are logged in from here.
    """

    def __init__(
        self, hotline: AsteriskInstance, directory: Path, *, agents: Mapping[str, str]
    ) -> None:
        theirs = hotline.settings
        width = theirs.rtp_end - theirs.rtp_start
        settings = AsteriskSettings(
            sip_port=theirs.trunk_port,
            trunk_port=theirs.sip_port,
            ami_port=theirs.ami_port + _PORTS_ABOVE,
            http_port=theirs.http_port + _PORTS_ABOVE,
            rtp_start=theirs.rtp_end + 1,
            rtp_end=theirs.rtp_end + 1 + width,
            seats=(),
            record_calls=False,
            system_name="town",
        )
        super().__init__(hotline.root, directory, hotline.prompts, settings)
        self._hotline = hotline
        self._agents = dict(agents)
        self._random = SystemRandom()

    async def run(self) -> None:
        """People call, at random, until cancelled; then the demonstration's agents log out."""
        queue = self._hotline.settings.queues[0]
        for seat, agent in self._agents.items():
            phone = f"PJSIP/{seat}"
            await self._hotline.cli(
                f"queue add member {phone} to {queue} penalty 0 as {agent} state_interface {phone}"
            )
        try:
            while True:
                await asyncio.sleep(self._random.expovariate(1 / _MEAN_PAUSE_S))
                await self.place_call(patient=self._random.random() < _PATIENT)
        finally:
            # The hotline may have gone first: then nobody is logged in any more.
            with contextlib.suppress(SwitchboardError):
                for seat in self._agents:
                    await self._hotline.cli(f"queue remove member PJSIP/{seat} from {queue}")

    async def place_call(self, *, patient: bool) -> None:
        """One caller with an invented number; a patient one stays to the end and rates."""
        number = f"1380000{self._random.randrange(10_000):04d}"
        temper = "s@patient" if patient else f"{self._random.randint(*_IMPATIENT_S)}@impatient"
        await self.cli(f"channel originate Local/{number}@callers extension {temper}")

    def _configuration(self) -> dict[str, str]:
        return render_configuration(
            self.settings,
            paths_inside(self.root),
            self.secrets,
            overlay=_TEMPLATES,
            overlay_fields={
                "extra_modules": "\n".join(f"load = {name}.so" for name in _MODULES),
                "town_phones": "\n".join(
                    _phone(seat, self._hotline) for seat in self._hotline.settings.seats
                ),
            },
        )


def _phone(seat: str, hotline: AsteriskInstance) -> str:
    server = f"sip:127.0.0.1:{hotline.settings.sip_port}"
    return (
        f"\n[{seat}]\ntype = registration\ntransport = transport-udp\nserver_uri = {server}\n"
        f"client_uri = sip:{seat}@127.0.0.1:{hotline.settings.sip_port}\ncontact_user = {seat}\n"
        f"outbound_auth = {seat}\nretry_interval = 5\nforbidden_retry_interval = 30\n"
        f"\n[{seat}]\ntype = auth\nauth_type = digest\nusername = {seat}\n"
        f"password = {hotline.secrets.seats[seat]}\n"
    )
