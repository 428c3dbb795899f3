"""What PostgreSQL makes of the words of a text is what it makes of those of a question (C1, C8)."""

import asyncpg
import pytest

from ticketing.tokens import index_text, query_of, search_terms

FOUND = "select to_tsvector('simple', $1) @@ to_tsquery('simple', $2)"


@pytest.mark.parametrize(
    "text",
    [
        "宝山区淞发路18弄的路灯坏了，请市住建局处理。",
        "1e5 12ab abc123 x1e5 00e1 5e 0123 1.8元 e-mail a_b No.5 A股",
        "é ﬁ ٣٤ Москва ไทย देश 한국어 日本語カタカナ 𠀀𠀁",
        "水 的 了",
    ],
)
async def test_a_text_is_found_by_each_of_its_words(database_dsn: str, text: str) -> None:
    connection = await asyncpg.connect(database_dsn)
    try:
        for term in search_terms(text):
            assert await connection.fetchval(FOUND, index_text(text), query_of([term])), term
        assert not await connection.fetchval(FOUND, index_text(text), query_of([]))
    finally:
        await connection.close()
