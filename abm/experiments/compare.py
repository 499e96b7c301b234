from abm.errors import InputError


def compare(*a, **k):
    raise InputError("not yet there, not written")
