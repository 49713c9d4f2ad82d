#!/usr/bin/python3
"""Receives from the first producer that a signalling server knows, or a certain one, and shows it in a window.

Debian packages: python3-gi gir1.2-gstreamer-1.0; GST_PLUGIN_PATH names the folder of libgstrswebrtc.so.
"""

import argparse
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402


def pad_added(_source, pad, pipeline, sinks):
    """A stream came: decoded, because that is what the sinks take. Called on a thread of the element."""
    kind = pad.get_name().split("_")[0]
    branch = Gst.parse_bin_from_description(f"queue ! {kind}convert ! {sinks[kind]}", True)
    target = branch.get_static_pad("sink")
    target.add_probe(Gst.PadProbeType.BUFFER, first_frame, pad.get_name())
    pipeline.add(branch)
    branch.sync_state_with_parent()
    pad.link(target)


def first_frame(pad, _info, name):
    print(name, "plays:", pad.get_current_caps().to_string(), flush=True)
    return Gst.PadProbeReturn.REMOVE


def on_message(_bus, message, loop, failures):
    if message.type == Gst.MessageType.ERROR:
        failures.append(message.parse_error()[0].message)
        loop.quit()
    elif message.has_name("webrtc-session-ended"):
        print("over:", message.get_structure().get_string("text"), flush=True)
        loop.quit()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uri", default="ws://127.0.0.1:8443", help="the signalling server")
    parser.add_argument("--producer", help="its identifier; the first without it")
    parser.add_argument("--video-sink", default="autovideosink", help="where pictures go")
    parser.add_argument("--audio-sink", default="autoaudiosink", help="where sound goes")
    arguments = parser.parse_args()

    Gst.init(None)
    if Gst.Plugin.load_by_name("rswebrtc") is None:
        sys.exit("GStreamer does not find the plugin: set GST_PLUGIN_PATH to the folder of libgstrswebrtc.so")
    pipeline = Gst.Pipeline.new(None)
    source = Gst.ElementFactory.make("webrtcsrc")
    source.props.signaller.props.uri = arguments.uri
    if arguments.producer:
        source.props.signaller.props.producer_peer_id = arguments.producer
    else:
        source.props.connect_to_first_producer = True
    pipeline.add(source)
    source.connect(
        "pad-added", pad_added, pipeline, {"video": arguments.video_sink, "audio": arguments.audio_sink})

    loop, failures = GLib.MainLoop(), []
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message, loop, failures)
    for number in (signal.SIGINT, signal.SIGTERM):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, loop.quit)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    pipeline.set_state(Gst.State.NULL)
    if failures:
        sys.exit(failures[0])


if __name__ == "__main__":
    main()
