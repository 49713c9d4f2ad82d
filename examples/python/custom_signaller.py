#!/usr/bin/python3
"""webrtcsink with signalling in Python: a client of gst-webrtc-signalling-server in a few lines.

Every request of an element to its signaller is a signal, and a handler takes the place of what the signaller would do
itself. So a signaller in Python is the default one with handlers, and what it tells its element are signals that it emits.

Debian packages: python3-gi python3-websockets gir1.2-gst-plugins-bad-1.0
"""

import argparse
import asyncio
import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, GObject, Gst, GstSdp, GstWebRTC  # noqa: E402
import websockets  # noqa: E402


class Signaller:
    """Registers a producer at a signalling server, and carries what is said in its sessions.

    The handlers come in threads of the element and must not wait: they queue what is to be sent. The loop of asyncio
    has a thread of its own, in which everything that the server says is emitted.
    """

    # Seconds that an element waits for the last words when it stops.
    LAST_WORDS = 0.5

    def __init__(self, uri):
        self.uri = uri
        self.talking = None
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.object = GObject.new(GObject.type_from_name("GstWebRTCSignaller"))
        self.object.connect("start", self.on_start)
        self.object.connect("stop", self.on_stop)
        self.object.connect("send-session-description", self.on_send_description)
        self.object.connect("send-ice", self.on_send_ice)
        self.object.connect("end-session", self.on_end_session)
        # Where this one has no handler, end-session is emitted for failed sessions too.
        self.object.connect("end-session-with-error", self.on_end_session)

    # What the element asks for.

    def on_start(self, _object):
        self.queue, self.stopping = asyncio.Queue(), False
        self.talking = asyncio.run_coroutine_threadsafe(self.talk(), self.loop)

    def on_stop(self, _object):
        self.stopping = True
        self.say(None)
        try:
            self.talking.result(self.LAST_WORDS)
        except TimeoutError:
            self.talking.cancel()

    def on_send_description(self, _object, session, description):
        kind = "offer" if description.type == GstWebRTC.WebRTCSDPType.OFFER else "answer"
        self.say({"type": "peer", "sessionId": session, "sdp": {"type": kind, "sdp": description.sdp.as_text()}})

    def on_send_ice(self, _object, session, candidate, line, mid):
        ice = {"candidate": candidate, "sdpMLineIndex": line}
        if mid is not None:
            ice["sdpMid"] = mid
        self.say({"type": "peer", "sessionId": session, "ice": ice})

    def on_end_session(self, _object, session, _error=None):
        self.say({"type": "endSession", "sessionId": session})

    def say(self, message):
        """Queues a message, in the order of the calls; None is the end."""
        self.loop.call_soon_threadsafe(self.queue.put_nowait, message)

    # What the server says.

    async def talk(self):
        try:
            async with websockets.connect(self.uri) as socket:
                sending = asyncio.ensure_future(self.send(socket))
                async for text in socket:
                    try:
                        self.hear(json.loads(text))
                    except (KeyError, ValueError) as error:
                        print(f"{error!r} in what the server says: {text}", file=sys.stderr)
                sending.cancel()
            if not self.stopping:
                self.object.emit("error", f"{self.uri}: the server closed the connection")
        except (OSError, websockets.WebSocketException) as error:
            self.object.emit("error", f"{self.uri}: {error}; start gst-webrtc-signalling-server there")

    async def send(self, socket):
        while (message := await self.queue.get()) is not None:
            await socket.send(json.dumps(message))
        await socket.close()

    def hear(self, message):
        kind, session = message["type"], message.get("sessionId")
        if kind == "welcome":
            self.say({"type": "setPeerStatus", "roles": ["producer"], "meta": self.meta()})
            print("registered as", message["peerId"], flush=True)
        elif kind == "startSession":
            offer = message.get("offer")
            self.object.emit("session-requested", session, message["peerId"], offer and describe("offer", offer))
        elif kind == "peer" and "sdp" in message:
            self.object.emit("session-description", session, describe(**message["sdp"]))
        elif kind == "peer":
            ice = message["ice"]
            self.object.emit("handle-ice", session, ice["sdpMLineIndex"], ice.get("sdpMid"), ice["candidate"])
        elif kind == "endSession":
            self.object.emit("session-ended", session)
        elif kind == "error":
            print("the server refused:", message["details"], file=sys.stderr)

    def meta(self):
        """The element's property meta, for those who list producers."""
        meta = self.object.emit("request-meta")
        names = [meta.nth_field_name(index) for index in range(meta.n_fields())] if meta else []
        return {name: meta.get_value(name) for name in names}


def describe(type, sdp):
    """A description as elements take it, from what is in a message."""
    result, message = GstSdp.SDPMessage.new_from_text(sdp)
    if result != GstSdp.SDPResult.OK:
        raise ValueError("the description is no SDP")
    kind = GstWebRTC.WebRTCSDPType.OFFER if type == "offer" else GstWebRTC.WebRTCSDPType.ANSWER
    return GstWebRTC.WebRTCSessionDescription.new(kind, message)


def main():
    parser = argparse.ArgumentParser(description="Sends a test pattern, with signalling in Python.")
    parser.add_argument("--uri", default="ws://127.0.0.1:8443", help="address of the signalling server")
    parser.add_argument("--viewers", type=int, default=0, help="end when that many viewers have left (0: never)")
    arguments = parser.parse_args()

    Gst.init(None)
    if Gst.Plugin.load_by_name("rswebrtc") is None:
        sys.exit("GStreamer does not find the plugin: set GST_PLUGIN_PATH to the folder of libgstrswebrtc.so")
    signaller = Signaller(arguments.uri)
    pipeline = Gst.Pipeline.new(None)
    pattern = Gst.parse_bin_from_description("videotestsrc is-live=true ! queue", True)
    meta = Gst.Structure.from_string("meta,name=(string)Python")[0]
    sink = Gst.ElementFactory.make_with_properties("webrtcsink", ["signaller", "meta"], [signaller.object, meta])
    pipeline.add(pattern)
    pipeline.add(sink)
    pattern.link(sink)

    loop, failures, left = GLib.MainLoop(), [], []

    def on_message(_bus, message):
        if message.type == Gst.MessageType.ERROR:
            failures.append(message.parse_error()[0].message)
            loop.quit()
        elif message.has_name("webrtc-session-connected"):
            print("connected", flush=True)
        elif message.has_name("webrtc-session-ended"):
            left.append(message)
            print("ended:", message.get_structure().get_string("text"), flush=True)
            if len(left) == arguments.viewers:
                loop.quit()

    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message)
    pipeline.set_state(Gst.State.PLAYING)
    try:
        loop.run()
    except KeyboardInterrupt:
        pass
    pipeline.set_state(Gst.State.NULL)
    if failures:
        sys.exit(failures[0])


if __name__ == "__main__":
    main()
