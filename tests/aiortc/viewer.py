"""A viewer on aiortc: lines of JSON with descriptions and candidates in and out, and what it decoded.

With --offer it makes the offer, else it answers one. Ends when its input does.
"""

import asyncio
import json
import sys

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import candidate_from_sdp


def say(**message):
    print(json.dumps(message), flush=True)


async def watch(track):
    """Says what comes: of video how much light differs within a picture, of audio the loudest sample."""
    count = 0
    try:
        while True:
            frame = await track.recv()
            count += 1
            plane = bytes(frame.planes[0])
            if track.kind == "video":
                measure = max(plane[::97]) - min(plane[::97])
            else:
                samples = memoryview(plane).cast("h")
                measure = max(abs(sample) for sample in samples)
            say(frame=track.kind, count=count, measure=measure)
    except MediaStreamError:
        say(ended=track.kind)


async def hear(connection):
    reader = asyncio.StreamReader(limit=1 << 20)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    early = []
    while line := await reader.readline():
        message = json.loads(line)
        if "sdp" in message:
            await connection.setRemoteDescription(RTCSessionDescription(message["sdp"], message["type"]))
            if message["type"] == "offer":
                await connection.setLocalDescription(await connection.createAnswer())
                local = connection.localDescription
                say(type=local.type, sdp=local.sdp)
            for candidate in early:
                await connection.addIceCandidate(candidate)
            early = []
        elif "candidate" in message:
            candidate = candidate_from_sdp(message["candidate"].removeprefix("candidate:"))
            candidate.sdpMLineIndex = message["index"]
            if connection.remoteDescription is None:
                early.append(candidate)
            else:
                await connection.addIceCandidate(candidate)


async def main():
    # Without servers: nothing here asks the internet.
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    tasks = []
    connection.on("track", lambda track: tasks.append(asyncio.ensure_future(watch(track))))
    connection.on("connectionstatechange", lambda: say(state=connection.connectionState))
    if "--offer" in sys.argv:
        for kind in ["video", "audio"]:
            connection.addTransceiver(kind, direction="recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        local = connection.localDescription
        say(type=local.type, sdp=local.sdp)
    await hear(connection)
    await connection.close()


asyncio.run(main())
