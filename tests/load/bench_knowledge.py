"""How long a search of the knowledge base takes (C8): 50,000 articles in a real PostgreSQL.

``python -m tests.load.bench_knowledge [ARTICLES]``. Measured is `ticketing.knowledge.search` whole:
words of the question, queries, the twenty best articles read. Every kind of question is asked with
other words each time, one after another, after the server has seen each kind once.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.migrate import migrate
from tests.load.knowledge_town import MadeArticle, Town
from tests.load.report import note, percentile, say
from ticketing.knowledge.search import Question, search

ARTICLES = 50_000
BATCH = 2_500
ASKED = 200
AIM_MS = {"aim": 100}
TODAY = date(2026, 11, 23)
DEPARTMENTS = """
insert into departments (code, name, level) select 'D' || n, '部门' || n, 1
from generate_series(1, 40) as n
"""
# As after a restore: index and counts are made of the whole table.
WITHOUT_INDEX = """
drop index knowledge_words_words;
alter table knowledge_words disable trigger user;
create temporary table staged (version_id bigint, title_words text, body_words text)
"""
WORDS = """
insert into knowledge_words (
  version_id, title_words, words, department_id, valid_from, published_at
)
select v.version_id, to_tsvector('simple', s.title_words),
  setweight(to_tsvector('simple', s.title_words), 'A')
    || setweight(to_tsvector('simple', s.body_words), 'D'),
  v.department_id, v.valid_from, v.published_at
from staged s join knowledge_versions v using (version_id)
"""
WITH_INDEX = """
set maintenance_work_mem = '256MB';
create index knowledge_words_words on knowledge_words using gin (words) with (fastupdate = off);
insert into knowledge_word_counts (word, articles)
select word, count(*) from knowledge_words, unnest(tsvector_to_array(words)) as word group by word;
alter table knowledge_words enable trigger user
"""
VERSION = (
    *("article_id", "version_id", "version", "state", "department_id", "title", "body"),
    *("valid_from", "review_due", "writers", "approved_by", "published_at", "changed_at"),
)


async def fill(connection: Any, town: Town, count: int) -> None:
    """Publish so many articles."""
    await connection.execute(DEPARTMENTS)
    await connection.execute(WITHOUT_INDEX)
    numbered = enumerate(town.articles(count), start=1)
    while batch := list(islice(numbered, BATCH)):
        await copy(connection, "knowledge_articles", ((number, 1) for number, _ in batch))
        versions = (version(number, article) for number, article in batch)
        await copy(connection, "knowledge_versions", versions, VERSION)
        words = ((number, one.title_words, one.body_words) for number, one in batch)
        await connection.execute("truncate staged")
        await copy(connection, "staged", words)
        await connection.execute(WORDS)
        note(f"{batch[-1][0]} articles")
    await connection.execute(WITH_INDEX)
    await connection.execute("vacuum analyze")
    note("index and counts of words")


async def copy(
    connection: Any, table: str, rows: Iterable[tuple[Any, ...]], columns: Sequence[str] = ()
) -> None:
    """Store rows."""
    await connection.copy_records_to_table(table, records=rows, columns=list(columns) or None)


def version(number: int, article: MadeArticle) -> tuple[Any, ...]:
    """The row of a published version."""
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    where = (number, number, 1, "published", 1 + number % 40, article.title, article.body)
    return (*where, at.date(), date(2027, 1, 1), ["li"], "chief", at, at)


def questions(town: Town) -> dict[str, Callable[[], Question]]:
    """Kinds of questions: what agents type, and the text of a case."""
    return {
        "one_word": lambda: Question(text=town.topic()),
        "common_word": lambda: Question(text=town.act()),  # in two thirds of all articles
        "two_words": lambda: Question(text=f"{town.topic()} {town.act()}"),
        "sentence": lambda: Question(text=f"请问{town.topic()}{town.act()}怎么办理？"),
        "name": lambda: Question(text=town.road()),
        "one_character": lambda: Question(text=town.topic()[0]),
        "department": lambda: Question(text=town.topic(), department="D7"),
        "case_text": lambda: Question(text=town.case_text(), any_word=True),
    }


async def bench(count: int) -> None:
    """Measure and tell."""
    town = Town()
    with TemporaryDirectory(prefix="hl-bench-", dir="/tmp") as home:
        async with EmbeddedPostgres(Path(home)) as server:
            await migrate(server.dsn)
            connection = await asyncpg.connect(server.dsn)
            try:
                await fill(connection, town, count)
                for name, make in questions(town).items():
                    await measure(connection, name, make)
            finally:
                await connection.close()


async def measure(connection: Any, name: str, make: Callable[[], Question]) -> None:
    """Ask questions of one kind."""
    await search(connection, make(), today=TODAY)
    took_ms, found = [], 0
    for _ in range(ASKED):
        question = make()
        start = time.perf_counter()
        answer = await search(connection, question, today=TODAY)
        took_ms.append((time.perf_counter() - start) * 1000)
        found += bool(answer.versions)
    if found < ASKED / 2:
        raise SystemExit(f"{name}: only {found} of {ASKED} questions found anything")
    say(f"knowledge_{name}_p50", percentile(took_ms, 0.5), "ms")
    say(f"knowledge_{name}_p99", percentile(took_ms, 0.99), "ms", AIM_MS)


def main() -> None:
    """Fill a knowledge base and search it."""
    asyncio.run(bench(int(sys.argv[1]) if len(sys.argv) > 1 else ARTICLES))


if __name__ == "__main__":
    main()
