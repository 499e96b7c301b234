"""One page and its session: what it says is done between two days, and what there is to see is sent as it can be drawn.

Everything happens in one loop: a day is never half done when a message is read or a frame is made.
"""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any

from abm.errors import InputError
from abm.live.messages import FASTEST, PACE, action_of, number, on_or_off, read, start_of, whole
from abm.live.session import Session
from abm.live.words import hello

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

FRAMES = 30  # a second, at most
BUDGET = 0.02  # seconds of a frame that days may take: the rest is for others and for messages
BREATH = 0.005  # seconds after which others have a turn
UNSEEN = 2  # frames that a page may have before it has drawn the last
LATE = 0.25  # seconds of days at most that are caught up with
LOOKS = 5  # frames between two looks at the same institution


class Connection:
    """A page that is open. `talk` returns when it is closed, or when it has been silent for `idle` seconds."""

    def __init__(self, socket: WebSocket, session: Session, idle: float) -> None:
        self.socket, self.session, self.idle = socket, session, idle
        self.playing, self.speed, self.until = False, float(PACE), math.inf
        self.sent = self.drawn = 0  # frames
        self.days = 0  # that the page has
        self.told: list[int] = [0, 0]
        self.changed = self.unopened = True
        self.heard = self.now()
        self.awake = asyncio.Event()

    @staticmethod
    def now() -> float:
        return asyncio.get_running_loop().time()

    async def talk(self) -> None:
        """Listen and show until either ends."""
        both = {asyncio.ensure_future(self.listen()), asyncio.ensure_future(self.show())}
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def listen(self) -> None:
        """Do what the page says; what it cannot do is one sentence back."""
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                await self.do(read(message.get("text") or ""))
            except InputError as error:
                await self.say({"problem": str(error)})

    async def do(self, message: dict[str, Any]) -> None:
        """Do one thing that a page may ask for."""
        what, session = message["do"], self.session
        if what == "drawn":
            self.drawn = max(self.drawn, min(self.sent, whole(message, "frame", 0, 2**53)))
            self.awake.set()
            return
        self.heard = self.now()
        if what == "play":
            self.until = whole(message, "until", 0, 2**53) if "until" in message else math.inf
            self.playing = not session.is_over
        elif what == "pause":
            self.playing = False
        elif what == "step":
            self.playing = False
            session.step()
        elif what == "speed":
            speed = number(message, "days_a_second", 0, FASTEST)
            self.speed = speed or math.inf
        elif what == "start":
            session.begin(start_of(message))
            self.playing, self.unopened = False, True
        elif what == "act":
            session.act(action_of(message, session.tick))
        elif what == "look":
            self.look(message)
        elif what == "keep":
            await self.keep(message)
        else:
            raise InputError(f"message: {what[:40]!r} is nothing that can be done; allowed is what the page asks for")
        self.changed = True
        self.awake.set()

    def look(self, message: dict[str, Any]) -> None:
        table = message.get("table")
        if table is None:
            self.session.looked_at = None
            return
        if not isinstance(table, str):
            raise InputError("look: names no table; allowed is a table and a row")
        self.session.look(whole(message, "world", 0, 1), table, whole(message, "row", 0, 10**6))

    async def keep(self, message: dict[str, Any]) -> None:
        """Send a file to be kept: a head that names it, then its bytes."""
        world = whole(message, "world", 0, len(self.session.worlds) - 1)
        name = self.session.file_name(world)
        if on_or_off(message, "series"):
            content, name = self.session.parquet(world), name.removesuffix(".toml") + ".parquet"
        else:
            content = self.session.scenario_file(world).encode()
        await self.say({"file": name})
        await self.socket.send_bytes(content)

    async def say_opening(self) -> None:
        """Say what was opened; frames begin anew, and those that the page has not drawn are void."""
        self.days, self.told, self.unopened = 0, [0, 0], False
        self.drawn = self.sent
        await self.say({"opening": self.session.opening()})

    async def say(self, content: dict[str, Any]) -> None:
        await self.socket.send_text(json.dumps(content, separators=(",", ":"), allow_nan=False))

    async def show(self) -> None:
        """Run days as fast as the page wants them, and send a frame whenever it can draw one."""
        await self.say({"hello": hello(self.session)})
        due, before = 0.0, self.now()
        while True:
            began = self.now()
            if self.unopened:
                await self.say_opening()
                continue  # it may have been opened anew meanwhile
            if self.playing:
                most = max(1.0, self.speed * LATE)
                due = min(due + self.speed * (began - before), most) if most < math.inf else most
                due = await self.run_days(due, began + BUDGET)
            else:
                due = 0.0
            before = began
            if self.changed and self.sent - self.drawn < UNSEEN:
                await self.say_frame()
            self.awake.clear()
            if self.playing or (self.changed and self.sent - self.drawn < UNSEEN):
                await asyncio.sleep(max(0.0, began + 1 / FRAMES - self.now()))
                continue
            try:
                async with asyncio.timeout(self.idle):  # wait_for of 3.11 may swallow the end of this task
                    await self.awake.wait()
            except TimeoutError:
                if self.now() - self.heard >= self.idle:
                    return
            before = self.now()

    async def run_days(self, due: float, end: float) -> float:
        """Run as many days as are due and there is time for; return how many are left."""
        session, breath = self.session, self.now() + BREATH
        while due >= 1.0 and self.playing and self.now() < end:
            session.step()
            self.changed = True
            due -= 1.0
            if session.is_over or session.tick >= self.until:
                self.playing = False
            if self.now() > breath:
                await asyncio.sleep(0)  # a pause is heard here
                breath = self.now() + BREATH
        return due

    async def say_frame(self) -> None:
        """Send all that the page does not have yet."""
        session = self.session
        self.changed = False
        self.sent += 1
        frame = session.frame(self.days, self.told)
        frame |= {"frame": self.sent, "playing": self.playing}
        if not self.playing or self.sent % LOOKS == 0:
            frame["looked_at"] = session.seen()
            frame["commands"] = session.commands()
        self.days, self.told = session.tick, [len(world.log.entries) for world in session.worlds]
        await self.say({"frame": frame})
