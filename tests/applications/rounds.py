#!/usr/bin/python3
"""An application over introspection that starts, restarts, renegotiates and tears down a producer and its viewer,
as often as it is told, and says after each round what it holds: tests/integration/applications.rs judges that.
"""

import argparse
import gc
import os
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

DEADLINE = 15
PRODUCER = (
    "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 ! webrtcsink name=sink"
    " stun-server=\"\" video-caps=video/x-vp8 run-signalling-server=true signalling-server-host=127.0.0.1"
    " signalling-server-port=0 transport={}"
)
TONE = "audiotestsrc is-live=true ! audio/x-raw,rate=48000,channels=2 ! queue"


class Round:
    def __init__(self, transport):
        self.slowest = 0.0
        self.come = {}
        self.producer = Gst.parse_launch(PRODUCER.format(transport))
        self.sink = self.producer.get_by_name("sink")
        self.viewer = Gst.Pipeline.new()
        self.source = Gst.ElementFactory.make("webrtcsrc")
        self.source.set_property("stun-server", "")
        self.source.set_property("connect-to-first-producer", True)
        self.viewer.add(self.source)
        self.source.connect("pad-added", shown, self.come)
        self.source.connect("pad-removed", hidden)

    def set_state(self, pipeline, state):
        began = time.monotonic()
        if pipeline.set_state(state) == Gst.StateChangeReturn.FAILURE:
            raise SystemExit(f"{pipeline.get_name()} does not become {state.value_nick}")
        self.slowest = max(self.slowest, time.monotonic() - began)

    def wait_until(self, what, is_so):
        end = time.monotonic() + DEADLINE
        while not is_so():
            if time.monotonic() > end:
                raise SystemExit(f"in vain: {what}")
            for pipeline in (self.producer, self.viewer):
                message = pipeline.get_bus().timed_pop_filtered(5 * Gst.MSECOND, Gst.MessageType.ERROR)
                if message:
                    raise SystemExit(f"{what}: {message.parse_error()}")

    def play(self):
        self.set_state(self.producer, Gst.State.PLAYING)
        signaller = self.sink.get_property("signaller")
        self.wait_until("registered", lambda: signaller.get_property("client-id"))
        self.source.get_property("signaller").set_property("uri", signaller.get_property("uri"))
        self.come.clear()
        self.set_state(self.viewer, Gst.State.PLAYING)
        self.wait_until("pictures", lambda: self.come.get("video_0", 0) >= 10)

    def stop(self):
        self.set_state(self.viewer, Gst.State.NULL)
        self.set_state(self.producer, Gst.State.NULL)

    def add_sound(self):
        self.sound = Gst.parse_bin_from_description(TONE, True)
        self.producer.add(self.sound)
        self.pad = self.sink.request_pad_simple("audio_%u")
        self.sound.get_static_pad("src").link(self.pad)
        self.sound.sync_state_with_parent()
        self.wait_until("sound", lambda: self.come.get("audio_0", 0) >= 5)

    def remove_sound(self):
        self.sound.set_state(Gst.State.NULL)
        self.producer.remove(self.sound)
        self.sink.release_request_pad(self.pad)
        del self.sound, self.pad
        seen = self.come["video_0"]
        self.wait_until("pictures without sound", lambda: self.come["video_0"] > seen + 5)


def shown(source, pad, come):
    name = pad.get_name()
    sink = Gst.ElementFactory.make("fakesink", f"take-{name}")
    sink.set_property("async", False)
    sink.set_property("sync", False)
    source.get_parent().add(sink)
    sink.sync_state_with_parent()

    def count(_pad, _info):
        come[name] = come.get(name, 0) + 1
        return Gst.PadProbeReturn.OK

    sink.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, count)
    pad.link(sink.get_static_pad("sink"))


def hidden(source, pad):
    pipeline = source.get_parent()
    sink = pipeline and pipeline.get_by_name(f"take-{pad.get_name()}")
    if sink:
        sink.set_locked_state(True)
        sink.set_state(Gst.State.NULL)
        pipeline.remove(sink)


def go_through(transport):
    this = Round(transport)
    this.play()
    this.add_sound()
    this.remove_sound()
    this.stop()
    this.play()
    this.stop()
    return this.slowest


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--transport", required=True)
    arguments = parser.parse_args()
    Gst.init(None)
    for number in range(arguments.rounds):
        slowest = go_through(arguments.transport)
        gc.collect()
        threads, files = (len(os.listdir(f"/proc/self/{kind}")) for kind in ("task", "fd"))
        print(f"round {number}: {threads} threads, {files} files, {slowest:.3f} s at most", flush=True)
    Gst.deinit()


main()
