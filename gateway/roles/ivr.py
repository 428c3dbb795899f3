"""Role ``ivr``: the FastAGI scripts that the dialplan asks for, over PostgreSQL."""

import asyncio

from callback_survey.questionnaire import AFTER_CALL_RATING, CASE_CALLBACK_V1
from gateway.context import Context
from gateway.errors import GatewayError
from gateway.ivr_stores import CaseEnquiry, RatingStore, SurveyAnswers
from gateway.publisher import Publisher
from telephony.agi.flows.enquiry import enquiry_script
from telephony.agi.flows.entry import EntryPlan, entry_script
from telephony.agi.flows.rating import rating_script
from telephony.agi.flows.survey import survey_script
from telephony.agi.server import AgiServer


async def ivr(context: Context) -> None:
    """Serve FastAGI until cancelled. Raises `GatewayError` when the address cannot be used."""
    settings = context.settings
    publisher = Publisher(context.engines.redis)
    ratings = RatingStore(context, publisher)
    server = AgiServer(
        host=settings.agi_host,
        port=settings.agi_port,
        peers=settings.agi_peers,
        scripts={
            "entry": entry_script(EntryPlan(default_queue=settings.queues[0]), context.clock),
            "rating": rating_script(AFTER_CALL_RATING, ratings.store),
            "enquiry": enquiry_script(CaseEnquiry(context).ask),
            "survey": survey_script(CASE_CALLBACK_V1.questions, SurveyAnswers(context, publisher)),
        },
    )
    async with asyncio.TaskGroup() as tasks:
        publishing = tasks.create_task(publisher.run())
        serving = tasks.create_task(_serve(server))
        await server.started.wait()
        context.readiness.report("ivr", ready=True)
        try:
            await asyncio.shield(serving)
        finally:  # stopping: callers at a prompt may finish
            server.stop()
            await serving
            publishing.cancel()


async def _serve(server: AgiServer) -> None:
    try:
        await server.serve()
    except OSError as error:
        raise GatewayError(
            f"cannot listen for FastAGI on {server.host}:{server.port}: {error.strerror}"
        ) from None
