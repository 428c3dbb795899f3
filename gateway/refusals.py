"""What people are told when a command cannot be done."""

from callback_survey.ringback.refusal import Refusal as RingbackRefusal
from telephony.errors import Refusal
from telephony.originate import Dialled

SENTENCES: dict[Refusal, str] = {
    Refusal.CALL_ENDED: "通话已结束",
    Refusal.NOT_IN_CALL: "该坐席不在这个通话中",
    Refusal.NO_CONVERSATION: "该坐席当前没有通话",
    Refusal.CONSULTING: "正在咨询，请先完成或取消咨询",
    Refusal.NOT_CONSULTING: "没有正在进行的咨询",
    Refusal.CONSULTED_SILENT: "被咨询方尚未接听",
    Refusal.IN_CONFERENCE: "三方通话中不能转接或咨询",
    Refusal.OWN_UNREGISTERED: "您的话机未注册",
    Refusal.OWN_BUSY: "您的话机正忙",
    Refusal.OWN_UNANSWERED: "您的话机没有接听",
    Refusal.OWN_NUMBER: "不能呼叫自己的分机",
    Refusal.UNREGISTERED: "坐席话机未注册",
    Refusal.BUSY: "对方正忙",
    Refusal.UNREACHABLE: "对方无法接通",
    Refusal.NO_SUCH_NUMBER: "没有这个分机，作为外线号码又太短",
    Refusal.NO_SUCH_QUEUE: "没有这个队列",
    Refusal.PHONE_TAKEN: "该分机已有其他坐席签入",
    Refusal.IN_CALL: "通话中不能更换话机",
    Refusal.NO_WRAP_UP: "当前不在话后处理中",
    Refusal.LONGEST_WRAP_UP: "话后处理已到最长时间，不能再延长",
}

RINGBACK_SENTENCES: dict[RingbackRefusal, str] = {
    RingbackRefusal.NO_SUCH_TASK: "没有这个回拨任务",
    RingbackRefusal.CLOSED: "这个回拨任务已结束，无需回拨",
    RingbackRefusal.IN_HAND: "其他坐席正在回拨",
    RingbackRefusal.AGENT_BUSY: "上一次回拨尚未结束，请稍候",
    RingbackRefusal.OUT_OF_HOURS: "不在允许回拨的时段内",
    RingbackRefusal.TOO_SOON: "距上次回拨时间太短，请稍后再拨",
    RingbackRefusal.CALLING: "来电人正在来电，无需回拨",
}

# How ringing the own phone failed.
OWN_PHONE: dict[Dialled, Refusal] = {
    Dialled.NO_ANSWER: Refusal.OWN_UNANSWERED,
    Dialled.HUNG_UP: Refusal.OWN_UNANSWERED,
    Dialled.BUSY: Refusal.OWN_BUSY,
    Dialled.CONGESTED: Refusal.OWN_BUSY,
    Dialled.FAILED: Refusal.OWN_UNREGISTERED,
}

# What Asterisk answers to an action on a channel that is gone: Hangup and Setvar, BlindTransfer and
# Atxfer, Redirect, PlayDTMF (manager.c, app_senddtmf.c).
CHANNEL_GONE = (
    "No such channel",
    "Channel specified does not exist",
    "Channel does not exist",
    "Channel not found",
)
