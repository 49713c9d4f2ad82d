#!/usr/bin/python3
"""Streams a test pattern with a tone to browsers and pipelines, and tells who watches.

Without --uri it runs a signalling server and the page itself: open http://127.0.0.1:8080/

Debian packages: python3-gi gir1.2-gstreamer-1.0; GST_PLUGIN_PATH names the folder of libgstrswebrtc.so.
"""

import argparse
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

PIPELINE = """
    webrtcsink name=sink meta="meta,name=(string)Python"
    videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! queue ! sink.
    audiotestsrc is-live=true volume=0.05 ! queue ! sink.
"""


def encoder_setup(_sink, viewer, pad, encoder):
    """Called before an encoder starts; False leaves its settings to the element."""
    print(f"{encoder.get_factory().get_name()} of {pad} starts for {viewer}", flush=True)
    return False


def on_message(_bus, message, loop, failures):
    if message.type == Gst.MessageType.ERROR:
        failures.append(message.parse_error()[0].message)
        loop.quit()
    elif message.has_name("webrtc-session-connected"):
        print(message.get_structure().get_string("peer-id"), "watches", flush=True)
    elif message.has_name("webrtc-session-ended"):
        news = message.get_structure()
        print(news.get_string("peer-id"), "is gone:", news.get_string("text"), flush=True)


def tell(sink):
    """The encoders of each viewer, from the statistics."""
    stats = sink.props.stats
    for number in range(stats.n_fields()):
        consumer = stats.get_value(stats.nth_field_name(number)).get_value("consumer-stats")
        _, encoders = consumer.get_array("video-encoders")
        for index in range(encoders.n_values):
            encoder = encoders.get_nth(index)
            bitrate = encoder.get_value("bitrate")
            print(consumer.get_string("peer-id"), encoder.get_string("encoder"), bitrate, "bit/s", flush=True)
    return GLib.SOURCE_CONTINUE


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--uri", help="a signalling server that runs, as ws://HOST:8443")
    arguments = parser.parse_args()

    Gst.init(None)
    if Gst.Plugin.load_by_name("rswebrtc") is None:
        sys.exit("GStreamer does not find the plugin: set GST_PLUGIN_PATH to the folder of libgstrswebrtc.so")
    pipeline = Gst.parse_launch(PIPELINE)
    sink = pipeline.get_by_name("sink")
    if arguments.uri:
        sink.props.signaller.props.uri = arguments.uri
    else:
        sink.props.run_signalling_server = True
        sink.props.run_web_server = True
        print("Watch at", sink.props.web_server_host_addr, flush=True)
    sink.connect("encoder-setup", encoder_setup)

    loop, failures = GLib.MainLoop(), []
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message, loop, failures)
    for number in (signal.SIGINT, signal.SIGTERM):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, loop.quit)
    GLib.timeout_add_seconds(1, tell, sink)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    pipeline.set_state(Gst.State.NULL)
    if failures:
        sys.exit(failures[0])


if __name__ == "__main__":
    main()
