"""A wire of some length: every byte between a client and the server behind it arrives half a round trip later, TLS or not.

usage: delay.py LISTEN SERVER ROUND_TRIP_MS     each [ADDRESS:]PORT, on loopback if not said; 0: a free port; it is printed
"""
import asyncio
import sys


async def carry(reader, writer, delay):
    """Bytes in order, each block `delay` seconds after it came; reading goes on meanwhile."""
    loop, blocks = asyncio.get_running_loop(), asyncio.Queue()

    async def deliver():
        while (item := await blocks.get()) is not None:
            due, block = item
            await asyncio.sleep(max(0, due - loop.time()))
            writer.write(block)
        writer.close()

    out = asyncio.create_task(deliver())
    try:
        while block := await reader.read(65536):
            blocks.put_nowait((loop.time() + delay, block))
    except ConnectionError:
        pass
    blocks.put_nowait(None)
    await asyncio.gather(out, return_exceptions=True)


def place(text):
    address, _, port = text.rpartition(":")
    return address or "127.0.0.1", int(port)


async def main(listen, server, round_trip_ms):
    delay = int(round_trip_ms) / 2000

    async def connected(reader, writer):
        # The handshake of TCP itself costs a round trip too: two halves before the first byte moves.
        await asyncio.sleep(2 * delay)
        try:
            there_reader, there_writer = await asyncio.open_connection(*place(server))
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, there_writer, delay), carry(there_reader, writer, delay))

    listener = await asyncio.start_server(connected, *place(listen), backlog=1024)
    print(listener.sockets[0].getsockname()[1], flush=True)
    await listener.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
