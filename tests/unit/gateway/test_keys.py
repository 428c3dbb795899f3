"""API keys: what is told once, and what is kept (O4)."""

from gateway.auth.keys import matches, new_key, prefix_of


def test_a_key_is_found_by_its_prefix_and_known_by_its_digest() -> None:
    one, other = new_key(), new_key()
    assert one.text != other.text
    assert prefix_of(one.text) == one.prefix
    assert matches(one.text, one.digest)
    assert not matches(one.text, other.digest)
    assert not matches(f"hk_{one.prefix}_{'A' * 43}", one.digest)
    assert one.text.encode() not in one.digest


def test_what_is_no_key_has_no_prefix() -> None:
    key = new_key().text
    for text in ("", "hk_", key[:-1], key + "A", key + "\n", key.upper(), "hk_short_" + "A" * 43):
        assert prefix_of(text) is None
