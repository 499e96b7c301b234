"""The live view's server on a real port: who is let in, what is found there, and what it does with bad words."""

from __future__ import annotations

import gc
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from live_server import ROOT, SMALL, Page, live
from websockets.exceptions import ConnectionClosed, InvalidStatus

import abm
from abm.cli import main
from abm.economy import Economy
from abm.live.connection import UNSEEN
from abm.live.guard import Guard, is_loopback
from abm.live.server import ASLEEP, FULL, MOST_SESSIONS, application, bound

pytestmark = pytest.mark.slow  # a real server and real sockets

SMALL_WORLD = "".join(
    ['format = 1\nextends = "us_late_2025"\nname = "small"\ntitle = "A small world"\nwhy = "For tests"\n']
    + [f"{path} = {value}\n" for path, value in SMALL.items()]
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("own") / "small.toml"
    file.write_text(SMALL_WORLD, "utf-8")
    with live(str(file)) as (found, _):
        yield found


def get(address: str, path: str = "/", **headers: str) -> tuple[int, bytes]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def test_the_page_and_its_parts_are_there_and_name_nothing_elsewhere(address: str) -> None:
    status, page = get(address)
    assert status == 200
    for name in ("style.css", "live.js", "echarts.js", "echarts.LICENSE.txt"):
        assert get(address, f"/{name}")[0] == 200, name
    for name in ("", "style.css", "live.js", "panels.js", "controls.js", "coach.js", "who.js", "keep.js", "look.js"):
        content = get(address, f"/{name}")[1]
        assert b"http://" not in content, name
        assert b"https://" not in content, name
    assert b"Powder Keg" in page


@pytest.mark.parametrize(
    "path",
    [
        "/pyproject.toml",
        "/../../../pyproject.toml",
        "/..%2f..%2f..%2fpyproject.toml",
        "/%2e%2e/server.py",
        "//etc/passwd",
        "/page/style.css",
        "/style.css/",
        "/live",
        "/.",
    ],
)
def test_no_file_of_the_machine_can_be_named(address: str, path: str) -> None:
    assert get(address, path)[0] == 404


def test_foreign_hosts_and_origins_are_refused(address: str) -> None:
    own = urlsplit(address).netloc
    port = urlsplit(address).port
    assert get(address, Host=f"localhost:{port}")[0] == 200
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1",
        f"127.0.0.1:{port}@evil.example",
        f"1.2.3.4:{port}",
    ):
        assert get(address, Host=host)[0] == 403, host
    assert get(address, Origin="http://evil.example")[0] == 403
    assert get(address, Origin=f"http://{own}")[0] == 200
    for origin in (
        "http://evil.example",
        "null",
        f"https://{own}",
        "http://127.0.0.1:1",
        f"http://localhost:{port}",
        None,
    ):
        with pytest.raises(InvalidStatus, match="403"):
            Page(address, origin)


def guard(host: str, token: str = "") -> Guard:
    async def nothing(*_: object) -> None:
        raise AssertionError

    return Guard(nothing, host, 8050, token)


def test_beyond_this_machine_a_token_comes_first_and_names_are_not_trusted() -> None:
    outside = guard("192.168.1.5", "secret")
    assert outside.path_inside("/secret/live") == "/live"
    assert outside.path_inside("/secret/") == "/"
    for path in ("/", "/live", "/secret", "/secre/live", "/secrets/live", "//secret/", "/Secret/"):
        assert outside.path_inside(path) is None, path
    assert outside.is_own("192.168.1.5:8050")
    assert outside.is_own("10.0.0.7:8050")  # a number leads to nobody else
    assert not outside.is_own("evil.example:8050")
    assert not guard("127.0.0.1").is_own("10.0.0.7:8050")
    assert guard("::1").is_own("[::1]:8050")
    assert [is_loopback(host) for host in ("localhost", "127.8.0.1", "::1", "0.0.0.0", "example.org")] == [True] * 3 + [
        False
    ] * 2


def test_beyond_this_machine_the_address_has_the_token(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(SMALL_WORLD, "utf-8")
    with live(str(file), "--host", "0.0.0.0") as (address, _):
        parts = urlsplit(address)
        token = parts.path.strip("/")
        assert len(token) >= 20
        here = f"http://127.0.0.1:{parts.port}/"
        assert get(here)[0] == 404
        assert get(here, "/live.js")[0] == 404
        assert get(here, f"/{token}/live.js")[0] == 200
        assert get(here, f"/{token}/", Host=f"evil.example:{parts.port}")[0] == 403
        with pytest.raises(InvalidStatus, match="403"):
            Page(here)
        with Page(f"{here}{token}/", origin=here.rstrip("/")) as page:
            assert page.frame()["tick"] == 0


def test_a_page_plays_pauses_and_steps(address: str) -> None:
    with Page(address) as page:
        assert page.frame()["tick"] == 0
        page.say(do="speed", days_a_second=100)
        page.say(do="play")
        page.frame(lambda frame: frame["tick"] >= 5)
        page.say(do="pause")
        stopped = page.frame(lambda frame: not frame["playing"])["tick"]
        assert stopped < 60
        page.say(do="step")
        assert page.frame()["tick"] == stopped + 1
        page.say(do="play", until=stopped + 4)
        assert page.frame(lambda frame: not frame["playing"])["tick"] == stopped + 4
        page.say(do="speed", days_a_second=0)
        page.say(do="play")
        assert page.frame(lambda frame: frame["over"])["tick"] == 60
        page.say(do="start", scenario="small", seed=9, dials={}, own_spark=True, total=0.5, days=3, side_by_side=True,
                 slow_days=20)  # fmt: skip
        assert page.frame()["tick"] == 0
        assert page.opening["start"]["seed"] == 9
        assert [world["name"] for world in page.opening["worlds"]] == ["sudden", "gradual"]


def test_books_can_be_opened_anew_while_nothing_is_drawn(address: str) -> None:
    with Page(address) as page:
        page.say(do="play")

        def heard(what: str) -> dict[str, Any]:
            while True:  # without a word of what was drawn
                message = json.loads(page.socket.recv(timeout=20))
                if what in message:
                    return message[what]

        assert [heard("frame")["frame"] for _ in range(UNSEEN)] == [1, 2]
        page.say(do="start", scenario="small", seed=1, dials={}, own_spark=False, total=0.5, days=1, side_by_side=False,
                 slow_days=20)  # fmt: skip
        assert heard("opening")["start"]["seed"] == 1
        assert heard("frame")["generation"] == 2


def test_two_pages_do_not_disturb_each_other(address: str) -> None:
    with Page(address) as one, Page(address) as other:
        one.frame(), other.frame()
        one.say(do="act", action={"kind": "spark", "total": 1.0, "days": 1})
        one.say(do="step")
        assert one.frame(lambda frame: frame["tick"] == 1)["worlds"][0]["days"]["disappointment"] == [1.0]
        other.say(do="step")
        assert other.frame(lambda frame: frame["tick"] == 1)["worlds"][0]["days"]["disappointment"] == [0.0]


BAD = [
    "nonsense",
    "{}",
    '{"do": "fly"}',
    '{"do": "speed", "days_a_second": -1}',
    '{"do": "speed", "days_a_second": "fast"}',
    '{"do": "play", "until": "tomorrow"}',
    '{"do": "start"}',
    '{"do": "act", "action": {"kind": "spark", "tick": 0, "total": 1e400, "days": 1}}',
    '{"do": "look", "world": 0, "table": "funds", "row": 999999}',
    '{"do": "look", "world": 7, "table": "funds", "row": 0}',
    '{"do": "look", "table": ["funds"]}',
    '{"do": "keep", "world": 3, "series": true}',
    '{"do": "keep", "world": 0, "series": "/etc/passwd"}',
    '{"do": "drawn", "frame": -1}',
]


def test_bad_words_get_one_sentence_and_the_page_goes_on(address: str) -> None:
    with Page(address) as page:
        page.frame()
        for bad in BAD:
            page.socket.send(bad)
            sentence = page.problem()
            assert "\n" not in sentence
            assert "Traceback" not in sentence
        page.socket.send(b"\x00\xff")
        assert page.problem()
        page.say(do="step")
        assert page.frame(lambda frame: frame["tick"] == 1)


def test_a_message_that_is_too_long_ends_its_own_page_only(address: str) -> None:
    with Page(address) as other, Page(address) as page:
        other.frame()
        page.socket.send("x" * 100_000)
        page.hear_the_end()
        other.say(do="step")
        assert other.frame(lambda frame: frame["tick"] == 1)


def test_files_that_are_kept_are_named_plainly_and_come_whole(address: str) -> None:
    with Page(address) as page:
        page.say(do="step")
        page.say(do="keep", world=0, series=False)
        assert page.hear_until(lambda message: "file" in message)["file"] == "small-sudden-seed3.toml"
        scenario = page.hear()
        while not isinstance(scenario, bytes):
            scenario = page.hear()
        assert scenario.startswith(b"format = 1\n")
        assert str(ROOT).encode() not in scenario


def test_the_ninth_page_is_told_so_and_the_next_finds_room(address: str) -> None:
    with ExitStack() as pages:
        for _ in range(MOST_SESSIONS):
            pages.enter_context(Page(address)).frame()
        with Page(address) as ninth:
            refused = ninth.hear_the_end()
    assert (refused.code, refused.reason) == (FULL, "8 pages are open here; close one of them")
    deadline = time.monotonic() + 10
    while True:
        try:
            with Page(address) as page:
                page.frame()
            break
        except ConnectionClosed:
            assert time.monotonic() < deadline


@contextmanager
def live_here(**changes: Any) -> Iterator[str]:
    """The server in this process, where what it leaves behind can be counted."""
    import uvicorn

    listening = bound("127.0.0.1", 0)
    port = listening.getsockname()[1]
    app = application(abm.load("us_late_2025", **SMALL), "127.0.0.1", port, "", **changes)
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="websockets-sansio")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def test_a_page_that_nobody_touches_is_let_go() -> None:
    with live_here(idle=0.3) as address, Page(address) as page:
        assert page.hear_the_end().code == ASLEEP


def economies() -> int:
    return sum(type(one) is Economy for one in gc.get_objects())


def test_no_economy_outlives_its_page() -> None:
    gc.collect()
    gc.disable()  # what is freed below is freed because a page was closed
    try:
        with live_here() as address:
            before = economies()
            for _ in range(3):
                with Page(address) as page:
                    page.say(do="step")
                    page.frame(lambda frame: frame["tick"] == 1)
                    assert economies() > before
            deadline = time.monotonic() + 10
            while economies() > before:
                assert time.monotonic() < deadline, f"{economies() - before} more than before"
                time.sleep(0.02)
    finally:
        gc.enable()


def test_a_port_that_is_taken_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["live", "--no-browser", "--port", str(port)]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith(f"--port: {port} on 127.0.0.1 cannot be had")
    assert written.err.count("\n") == 1


@pytest.mark.parametrize("host", ["no.such.host.invalid", "8.8.8.8", "a" * 300])
def test_an_address_of_nobody_here_is_one_sentence(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["live", "--no-browser", "--host", host, "--port", "0"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "websockets"])
def test_a_missing_extra_is_one_sentence(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from abm.cli import main; sys.exit(main(['live']))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"live: {missing} is not installed; allowed is after pip install 'powderkeg[live]'\n"


def test_an_unknown_scenario_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["live", "no_such", "--no-browser"]) == 2
    assert "no_such" in capsys.readouterr().err


def test_an_interrupt_ends_it_quietly() -> None:
    import signal

    with live() as (address, server):
        with Page(address) as page:
            page.frame()
            page.say(do="play")
            page.frame(lambda frame: frame["tick"] > 2)
            server.send_signal(signal.SIGINT)
            _, said = server.communicate(timeout=20)
        assert server.returncode == 130
        assert "Traceback" not in said


def test_memory_comes_back_when_pages_are_closed() -> None:
    with live() as (address, server):
        process = psutil.Process(server.pid)

        def visit() -> None:
            with Page(address) as page:
                page.say(do="speed", days_a_second=0)
                page.say(do="play", until=40)
                page.frame(lambda frame: frame["tick"] >= 40)
                page.say(do="look", world=0, table="banks", row=0)
                page.frame(lambda frame: frame.get("looked_at"))

        for _ in range(3):
            visit()
        before = process.memory_info().rss
        for _ in range(50):
            visit()
        assert process.memory_info().rss - before < 50e6
