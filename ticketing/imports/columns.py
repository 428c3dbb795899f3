"""The sheets that can be imported and exported, and their columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Sheet(StrEnum):
    """What a sheet holds."""

    DEPARTMENTS = "departments"  # 部门
    CATEGORIES = "categories"  # 分类
    CASES = "cases"  # 工单 of the system before this one


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the program, its heading, an example, what people should know."""

    name: str
    title: str
    example: str
    about: str
    required: bool = False


# fmt: off
COLUMNS: Mapping[Sheet, tuple[Column, ...]] = {
    Sheet.DEPARTMENTS: (
        Column("code", "代码", "D0301", "最多32位字母、数字、连字符；已有的即修改", required=True),
        Column("name", "名称", "示例区城市管理局", "最多64字", required=True),
        Column("level", "级别", "区县级", "市级、区县级、街道镇级、社区村级", required=True),
        Column("parent", "上级代码", "C01", "市级部门不填，其他级别必填，且正好高一级"),
        Column("active", "状态", "启用", "启用、停用；不填为启用"),
    ),
    Sheet.CATEGORIES: (
        Column("code", "代码", "0301", "最多32位字母、数字、连字符；已有的即修改", required=True),
        Column("name", "名称", "路灯照明", "最多64字", required=True),
        Column("parent", "所属大类代码", "03", "大类不填，小类必填"),
        Column("department", "默认部门代码", "D0301", "未指定部门时派往哪里；可不填"),
        Column("closed", "状态", "开放", "开放、关闭；不填为开放"),
    ),
    Sheet.CASES: (
        Column("reference", "原系统编号", "GD2019-000123", "最多64字，不能重复", required=True),
        Column("kind", "诉求类型", "投诉", "咨询、求助、投诉、举报、建议、表扬", required=True),
        Column("title", "标题", "路灯不亮", "最多100字", required=True),
        Column("body", "内容", "示例路18号门前路灯三天不亮", "最多4000字", required=True),
        Column("state", "状态", "已办结", "待审核、退单待审、已并单以外的各种状态", required=True),
        Column("opened_at", "登记时间", "2019-05-06 09:30", "年-月-日 时:分", required=True),
        Column("closed_at", "办结时间", "2019-05-09 16:00", "已办结的必填，其他状态不填"),
        Column("dispatched_at", "派发时间", "2019-05-06 09:40", "签收时限由此计算；不填为登记时间"),
        Column("category", "分类代码", "0301", "小类的代码；可不填"),
        Column("department", "主办部门代码", "D0301", "待签收、已签收、办理中的必填；已登记的不填"),
        Column("caller", "来电号码", "01000000000", "数字，可以+开头；可不填"),
        Column("address", "地址", "示例路18号", "最多200字"),
        Column("result", "办理结果", "已修复", "最多4000字"),
        Column("urgency", "紧急程度", "一般", "特急、紧急、一般、疑难；不填为一般"),
        Column("confidential", "保密", "否", "是、否；不填为否"),
        Column("source", "来源", "网站", "最多32字，如电话、网站、信件、来访"),
    ),
}
# fmt: on

TITLES: Mapping[Sheet, str] = {
    Sheet.DEPARTMENTS: "部门",
    Sheet.CATEGORIES: "分类",
    Sheet.CASES: "工单",
}


PROBLEMS_TITLE = "不能导入的原因"
"""The heading over what is wrong with a row, where bad rows are given back; not imported."""


def title_of(sheet: Sheet, name: str) -> str:
    """The heading of a column; that of none for a problem of the whole row."""
    return next((column.title for column in COLUMNS[sheet] if column.name == name), "")


def headings(sheet: Sheet) -> Mapping[str, str]:
    """Name of the column by its heading; the names themselves are headings too."""
    columns = COLUMNS[sheet]
    return {column.name: column.name for column in columns} | {
        column.title: column.name for column in columns
    }
