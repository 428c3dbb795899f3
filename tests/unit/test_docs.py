"""Pages that are made from the code are those of the code as it is."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", ["call_states", "case_states", "settings"])
def test_page_is_current(name: str) -> None:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    current = (DOCS / f"{name.replace('_', '-')}.md").read_text("utf-8")
    assert current == module.page(), f"run: python docs/{name}.py"
