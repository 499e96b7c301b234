"""Named random streams without a position: a draw is a function of (seed, stream, identity, tick).

Switching a channel off, adding or permuting agents, or asking for more output moves no other draw, and there
is nothing to save. The generator is Philox4x32-10: Salmon, Moraes, Dror and Shaw (2011), "Parallel random
numbers: as easy as 1, 2, 3", SC'11. The key is the seed, the counter is (tick, identity low,
identity high, stream).
"""

import math

import numpy as np

from abm.compiled import rule

# One line per source of chance. A number is never used again after its stream is gone.
NEWS = 1  # daily news about the worth of every traded asset; identity: the market
TRADING = 2  # whether an agent trades today without need; identity: the agent
OPENING_SIZES = 3  # how much each agent starts with; identity: the agent, tick 0
OPENING_LEVERAGE = 4  # how much of it is borrowed
OPENING_AI_SHARE = 5  # how much of the book is in AI equity
OPENING_LENDERS = 6  # who lends to whom, who banks where
OPENING_CAPITAL = 7  # capital of dealers and banks
WISHES = 8  # what an agent who trades wishes to hold; identity: the agent and the market
OPENING_DEALERS = 9  # whom a fund with several dealers deals with
OPENING_POOLS = 10  # which cash pools lend to a dealer
OPENING_INTERBANK = 11  # which banks lend to a bank
OPENING_UNINSURED = 12  # how much of a bank's deposits is not insured
HOLDERS_TRADING = 20  # a crypto holder's tilt of the day; identity: the holder
OPENING_HOLDERS = 21  # how large a crypto holder is
OPENING_HOLDER_KINDS = 22  # of what kind
OPENING_HOLDER_LEVERAGE = 23  # how much of a position on credit is borrowed
OPENING_HOLDER_EQUITY = 24  # who owns shares too
OPENING_HOLDER_COINS = 25  # whose coins a holder uses, and where it banks
OPENING_ISSUERS = 26  # where an issuer banks, and with which dealers it deals
OPENING_MATURITIES = 27  # when a builder's loans fall due

_LOW_WORD = np.uint64(0xFFFFFFFF)
_WORD_BITS = np.uint64(32)
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_KEY_STEP_0 = np.uint64(0x9E3779B9)
_KEY_STEP_1 = np.uint64(0xBB67AE85)
_ROUNDS = 10
_WORD_SHARE = 1.0 / 4294967296.0
_FULL_TURN = 2.0 * math.pi


@rule
def philox(counter_0, counter_1, counter_2, counter_3, key_0, key_1):
    """Return four random 32-bit words, as uint64 values, for a counter of four words and a key of two.

    Source: Salmon et al. (2011), section 3.3; checked on the known answers published with Random123.
    """
    word_0, word_1 = np.uint64(counter_0), np.uint64(counter_1)
    word_2, word_3 = np.uint64(counter_2), np.uint64(counter_3)
    round_key_0, round_key_1 = np.uint64(key_0), np.uint64(key_1)
    for _ in range(_ROUNDS):
        product_0 = _MULTIPLIER_0 * word_0
        product_1 = _MULTIPLIER_1 * word_2
        word_0 = (product_1 >> _WORD_BITS) ^ word_1 ^ round_key_0
        word_1 = product_1 & _LOW_WORD
        word_2 = (product_0 >> _WORD_BITS) ^ word_3 ^ round_key_1
        word_3 = product_0 & _LOW_WORD
        round_key_0 = (round_key_0 + _KEY_STEP_0) & _LOW_WORD
        round_key_1 = (round_key_1 + _KEY_STEP_1) & _LOW_WORD
    return word_0, word_1, word_2, word_3


@rule
def uniforms(seed, stream, identity, tick):
    """Return four numbers in (0, 1), never an end, each on a grid of 2**32 points.

    Seed and identity: 0 to 2**64 - 1 (from 2**63 on as ``np.uint64``); stream and tick: 0 to 2**32 - 1.
    """
    whole_seed, whole_identity = np.uint64(seed), np.uint64(identity)
    word_0, word_1, word_2, word_3 = philox(
        np.uint64(tick),
        whole_identity & _LOW_WORD,
        whole_identity >> _WORD_BITS,
        np.uint64(stream),
        whole_seed & _LOW_WORD,
        whole_seed >> _WORD_BITS,
    )
    return _share(word_0), _share(word_1), _share(word_2), _share(word_3)


@rule
def normals(seed, stream, identity, tick):
    """Return four independent standard normal numbers, at most 6.8 in size, from the words of ``uniforms``.

    Source: Box and Muller (1958), "A note on the generation of random normal deviates".
    """
    size_0, turn_0, size_1, turn_1 = uniforms(seed, stream, identity, tick)
    radius_0, radius_1 = math.sqrt(-2.0 * math.log(size_0)), math.sqrt(-2.0 * math.log(size_1))
    angle_0, angle_1 = _FULL_TURN * turn_0, _FULL_TURN * turn_1
    return (
        radius_0 * math.cos(angle_0),
        radius_0 * math.sin(angle_0),
        radius_1 * math.cos(angle_1),
        radius_1 * math.sin(angle_1),
    )


@rule
def normal(seed, stream, identity, tick):
    """Return the first of ``normals`` alone, at half of their cost."""
    size, turn, _, _ = uniforms(seed, stream, identity, tick)
    return math.sqrt(-2.0 * math.log(size)) * math.cos(_FULL_TURN * turn)


@rule
def _share(word):
    # by way of a signed number, which the processor converts faster
    return (float(np.int64(word)) + 0.5) * _WORD_SHARE
