import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from typoattack.core.randomness import digest, stream

KEYS = st.lists(st.one_of(st.text(max_size=20), st.integers()), min_size=1, max_size=4)


@given(KEYS, KEYS)
def test_a_stream_depends_on_its_key_and_on_nothing_else(first: list, second: list) -> None:
    same = stream(*first).integers(2**63) == stream(*second).integers(2**63)
    assert same == (first == second)


def test_a_stream_is_the_same_in_another_process() -> None:
    code = (
        "from typoattack.core.randomness import stream; print(stream(3, 'a/b.jpg').integers(2**62))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(other.stdout) == stream(3, "a/b.jpg").integers(2**62)


@given(st.lists(st.text()), st.lists(st.text()))
def test_a_digest_sees_where_one_part_ends(first: list[str], second: list[str]) -> None:
    assert (digest(*first) == digest(*second)) == (first == second)
