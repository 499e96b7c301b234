"""The rules give the same bits as machine code and as plain Python."""

import json

import pytest
from worlds import crash_seed, crash_world, digests, finished, has_everything, uncompiled


@pytest.mark.slow
def test_plain_python_gives_the_same_bits_without_a_warning() -> None:
    compiled = finished(crash_world(), crash_seed())
    assert has_everything(compiled), "a crash has everything in it"
    assert json.loads(uncompiled("print_digest.py", str(crash_seed()))) == digests(compiled)
