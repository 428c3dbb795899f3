"""Pages that are made from the code are those of the code as it is."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_call_states_page_is_current() -> None:
    spec = importlib.util.spec_from_file_location("call_states", DOCS / "call_states.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    current = (DOCS / "call-states.md").read_text("utf-8")
    assert current == module.page(), "run: python docs/call_states.py"
