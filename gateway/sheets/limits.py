"""How large a sheet may be. A file is small, what it unpacks to need not be."""

from dataclasses import dataclass

MB = 1 << 20
UPLOAD_BYTES = 20 * MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``unpacked`` bytes of an XLSX in all, ``texts`` of its table of texts, held in memory."""

    rows: int
    columns: int = 64
    cell_chars: int = 32_767  # what a cell of Excel holds
    unpacked: int = 400 * MB
    texts: int = 100 * MB
    parts: int = 1000  # files in the archive
    memory: int = 1024 * MB  # of the process that reads
    cpu_s: int = 120


UPLOADED = Limits(rows=100_000)
FROM_DISK = Limits(rows=1_000_000, unpacked=4096 * MB, texts=400 * MB, memory=4096 * MB, cpu_s=3600)
TREE_ROWS = 20_000  # departments or categories, which are checked one by one
