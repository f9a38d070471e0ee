"""A line to a port of this machine on which everything takes a while."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65536


class Relay:
    """Passes bytes on, both ways, `delay_s` seconds after they came. It may be changed at any time."""

    def __init__(self, to_port: int) -> None:
        self.delay_s = 0.0
        self.port = 0
        self._to = to_port

    async def serve(self, ready: threading.Event, over: asyncio.Event) -> None:
        """Relay until it is over."""
        async with await asyncio.start_server(self._connected, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            ready.set()
            await over.wait()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._to)
            await asyncio.gather(self._pass_on(reader, to_writer), self._pass_on(to_reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        clock = asyncio.get_running_loop().time

        async def write() -> None:
            with suppress(OSError):
                while (item := await due.get())[1]:
                    await asyncio.sleep(max(0.0, item[0] - clock()))
                    writer.write(item[1])
                    await writer.drain()
            writer.close()

        writing = asyncio.create_task(write())
        data = b"-"
        while data:
            try:
                data = await reader.read(CHUNK)
            except OSError:
                data = b""
            due.put_nowait((clock() + self.delay_s, data))
        await writing


@contextmanager
def relay_to(port: int) -> Iterator[Relay]:
    """Run a relay to a port of this machine."""
    made, ready = Relay(port), threading.Event()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(made.serve(ready, over))

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
