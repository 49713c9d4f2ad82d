//! Elements against real peers: real servers over real sockets, real transports on loopback, real browsers.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod aiortc;
mod bad_descriptions;
mod bad_settings;
mod browser_channels;
mod browser_sizes;
mod browsers;
mod changed_minds;
mod closing;
mod codecs;
mod custom_signallers;
mod data_channels;
mod demo;
mod embedded_servers;
mod emulated_networks;
mod ends_in_time;
mod faults;
mod forgeries;
mod inspection;
mod joins;
mod ladder;
mod latency;
mod native;
mod native_network;
mod native_tcp;
mod native_turn;
mod never_blocks;
mod order;
mod outputs;
mod places;
mod reasons;
mod reconnecting;
mod refusals;
mod remote_control;
mod renegotiating;
mod repair;
mod restarts;
mod sessions;
mod sharing;
mod signalling_client;
mod support;
mod transcoding;
mod viewer_offers;
mod watching;
mod watching_channels;
