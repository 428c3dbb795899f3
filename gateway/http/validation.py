"""What pydantic finds wrong, as zh-CN sentences that name the field and what is allowed."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.http.problems import FieldProblem

# Type of a pydantic error → sentence; `{…}` are values of the error's context.
# https://docs.pydantic.dev/latest/errors/validation_errors/
SENTENCES: Mapping[str, str] = {
    "missing": "必须填写",
    "extra_forbidden": "没有这个字段",
    "string_too_short": "至少 {min_length} 个字",
    "string_too_long": "最多 {max_length} 个字",
    "string_pattern_mismatch": "格式不正确，或含有不允许的字符",
    "string_type": "必须是文字",
    "literal_error": "只能是 {expected} 之一",
    "enum": "只能是 {expected} 之一",
    "int_type": "必须是整数",
    "int_parsing": "必须是整数",
    "int_parsing_size": "数值过大",
    "int_from_float": "必须是整数",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "float_type": "必须是数字",
    "float_parsing": "必须是数字",
    "too_short": "至少选 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "bool_type": "只能是 true 或 false",
    "bool_parsing": "只能是 true 或 false",
    "datetime_type": "必须是 ISO 8601 时间",
    "datetime_parsing": "必须是 ISO 8601 时间",
    "datetime_from_date_parsing": "必须是 ISO 8601 时间",
    "datetime_object_invalid": "必须是 ISO 8601 时间",
    "timezone_aware": "时间必须带时区",
    "model_type": "必须是 JSON 对象",
    "model_attributes_type": "必须是 JSON 对象",
}
FALLBACK = "取值不符合要求"


def malformed(error: ValidationError) -> bool:
    """Whether the text was no JSON at all (400), rather than JSON with wrong content (422)."""
    return any(problem["type"] == "json_invalid" for problem in error.errors())


def field_problems(error: ValidationError) -> list[FieldProblem]:
    """One entry per thing wrong; what was sent is not repeated (it may hold personal data)."""
    return [
        FieldProblem(".".join(str(part) for part in problem["loc"]), _sentence(problem))
        for problem in error.errors(include_input=False, include_url=False)
    ]


def _sentence(problem: ErrorDetails) -> str:
    context: dict[str, Any] = problem.get("ctx", {})
    if problem["type"] == "value_error":  # raised by a validator of ours, in our words
        return str(context["error"])
    sentence = SENTENCES.get(problem["type"], FALLBACK)
    if "expected" in context:
        context = {
            "expected": context["expected"]
            .replace("'", "")
            .replace(" or ", "、")
            .replace(", ", "、")
        }
    return sentence.format(**context)
