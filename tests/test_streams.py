"""Random streams: the published answers, the right distributions, and nothing shared between two draws."""

import itertools
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from abm import streams

SEED = 20251124
ONES = 0xFFFFFFFF
# "philox4x32 10" of tests/kat_vectors in Random123, as counter, key, answer
KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ((ONES, ONES, ONES, ONES), (ONES, ONES), "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        "d16cfe09 94fdcceb 5001e420 24126ea1",
    ),
]
BITS = """
import json, warnings
warnings.simplefilter("error")
import numpy as np
from abm import streams
places = [(np.uint64(seed), stream, identity, tick) for seed in (0, 7, 2**32, 2**64 - 1)
          for stream in (streams.NEWS, streams.TRADING)
          for identity in (0, 1, 2**33 + 5) for tick in (0, 749)]
draws = [[*streams.uniforms(*p), *streams.normals(*p), streams.normal(*p)] for p in places]
words = [hex(int(w)) for w in streams.philox(1, 2, 3, 4, 5, 6)]
print(json.dumps([words, [[float(x).hex() for x in d] for d in draws]]))
"""


def named_streams() -> dict[str, int]:
    return {name: value for name, value in vars(streams).items() if name.isupper() and name[0] != "_"}


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN_ANSWERS)
def test_published_answers(counter: tuple[int, ...], key: tuple[int, ...], answer: str) -> None:
    assert " ".join(f"{int(word):08x}" for word in streams.philox(*counter, *key)) == answer


@pytest.mark.slow
def test_uncompiled_bits_are_the_same_and_silent() -> None:
    def bits(disabled: str) -> list[object]:
        environment = {**os.environ, "NUMBA_DISABLE_JIT": disabled}
        ran = subprocess.run([sys.executable, "-c", BITS], env=environment, capture_output=True, text=True, check=True)
        return json.loads(ran.stdout)

    assert bits("1") == bits("0")


def test_numbers_of_streams_are_distinct() -> None:
    numbers = named_streams()
    assert len(numbers) >= 5
    assert len(set(numbers.values())) == len(numbers)
    assert all(isinstance(number, int) and 0 < number < 2**32 for number in numbers.values())


def test_uniforms_are_uniform_and_never_an_end() -> None:
    draws = np.array([streams.uniforms(SEED, streams.NEWS, i, 3) for i in range(20_000)])
    assert draws.min() > 0.0
    assert draws.max() < 1.0
    for column in draws.T:
        ranks = np.arange(1, len(column) + 1) / len(column)
        distance = np.abs(np.sort(column) - ranks).max()
        assert distance < 1.95 / math.sqrt(len(column))  # Kolmogorov-Smirnov, 0.1 percent
    correlation = np.corrcoef(draws.T) - np.eye(4)
    assert np.abs(correlation).max() < 4.0 / math.sqrt(len(draws))


def test_ends_of_the_grid_stay_inside() -> None:
    assert 0.0 < streams._share(np.uint64(0)) < 1e-9
    assert 1.0 - 1e-9 < streams._share(np.uint64(ONES)) < 1.0


def test_normals_have_the_moments_and_the_shape_of_the_normal_law() -> None:
    draws = np.array([streams.normals(SEED, streams.TRADING, i, 3) for i in range(20_000)])
    n = draws.size
    assert abs(draws.mean()) < 4.0 / math.sqrt(n)
    assert abs(draws.var() - 1.0) < 4.0 * math.sqrt(2.0 / n)
    assert abs((draws**3).mean()) < 4.0 * math.sqrt(15.0 / n)
    assert abs((draws**4).mean() - 3.0) < 4.0 * math.sqrt(96.0 / n)
    ordered = np.sort(draws.ravel())
    law = np.array([0.5 * math.erfc(-x / math.sqrt(2.0)) for x in ordered])
    assert np.abs(law - np.arange(1, n + 1) / n).max() < 1.95 / math.sqrt(n)
    assert np.abs(np.corrcoef(draws.T) - np.eye(4)).max() < 4.0 / math.sqrt(len(draws))


def test_one_normal_is_the_first_of_four() -> None:
    for place in ((SEED, streams.NEWS, 0, 1), (SEED, streams.OPENING_SIZES, 9, 2)):
        assert streams.normal(*place) == streams.normals(*place)[0]


def test_no_two_places_share_a_draw() -> None:
    """Seeds, streams, agents and ticks that look alike (swapped, shifted, in the high words) meet nowhere."""
    small = (0, 1, 2, 3)
    seeds, identities = (*small, 2**32, 2**33, 2**64 - 1), (*small, 2**32, 2**33)
    places = list(itertools.product(seeds, named_streams().values(), identities, small))
    draws = {streams.uniforms(np.uint64(seed), *rest)[:2] for seed, *rest in places}
    assert len(draws) == len(places)


def test_neighbours_are_unrelated() -> None:
    """Next tick, next agent, next stream and next seed each give an uncorrelated series."""
    n = 20_000
    own = np.array([streams.normal(SEED, streams.NEWS, 0, t) for t in range(n)])
    others = {
        "tick": own[1:],
        "agent": np.array([streams.normal(SEED, streams.NEWS, 1, t) for t in range(n)]),
        "stream": np.array([streams.normal(SEED, streams.TRADING, 0, t) for t in range(n)]),
        "seed": np.array([streams.normal(SEED + 1, streams.NEWS, 0, t) for t in range(n)]),
    }
    for name, other in others.items():
        assert abs(np.corrcoef(own[: len(other)], other)[0, 1]) < 4.0 / math.sqrt(n), name


def test_order_of_drawing_does_not_matter() -> None:
    forward = [streams.normals(SEED, streams.NEWS, i, 5) for i in range(50)]
    backward = [streams.normals(SEED, streams.NEWS, i, 5) for i in reversed(range(50))]
    assert forward == backward[::-1]
