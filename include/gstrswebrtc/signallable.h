/* The interface GstRSWebRTCSignallableIface: signallers in C for webrtcsink and webrtcsrc.
 *
 * SPDX-License-Identifier: MPL-2.0
 *
 * A signaller is a GObject that implements this interface and is set as the element's property "signaller", when the
 * element is made or later in state NULL or READY. It carries descriptions and candidates between the two sides of a
 * session, over whatever it likes. examples/c of gst-plugin-webrtc is a complete one.
 *
 * There is nothing to link to: the functions below are inline, and the type comes with the plugin.
 * Compile with `pkg-config --cflags gstrswebrtc`, and -DGST_USE_UNSTABLE_API as for all of GStreamer's WebRTC.
 *
 * Threads. The functions of the table are called from any thread, and two may be called at the same time. They must not
 * wait for the other side: queue what is to be sent and return. In one session the calls come in the order in which
 * they must arrive: a description before its candidates. The functions below may be called from any thread, one
 * that is inside a function of the table included, but hold no lock meanwhile that a function of the table takes.
 *
 * Ownership. Arguments are the caller's on both ways: they live until the function returns, and are copied by whoever
 * keeps them. Results are for the caller to free.
 *
 * Text is UTF-8. Of an SDP or a candidate that came from elsewhere, bytes that are no UTF-8 are replaced.
 */

#ifndef GSTRSWEBRTC_SIGNALLABLE_H
#define GSTRSWEBRTC_SIGNALLABLE_H

#include <gst/gst.h>
#include <gst/webrtc/webrtc.h>

G_BEGIN_DECLS

/* Any object that implements the interface. */
typedef struct _GstRSWebRTCSignallable GstRSWebRTCSignallable;
typedef struct _GstRSWebRTCSignallableInterface GstRSWebRTCSignallableInterface;

/* What an element asks of its signaller. NULL does nothing.
 *
 * Each entry is also a signal, named behind it, whose class handler calls the entry: a handler that an application
 * connects takes its place.
 */
struct _GstRSWebRTCSignallableInterface
{
  GTypeInterface parent;

  /* "start": the element is in PLAYING and ready for sessions: connect, and listen or ask for a session. */
  void (*start) (GstRSWebRTCSignallable *self);

  /* "stop": the element leaves PAUSED: disconnect. What was queued before, such as the ends of sessions, should leave
   * first; take less than a second. start may follow. */
  void (*stop) (GstRSWebRTCSignallable *self);

  /* "send-session-description": send an offer or an answer to the other side. */
  void (*send_sdp) (GstRSWebRTCSignallable *self, const gchar *session_id, const GstWebRTCSessionDescription *sdp);

  /* "send-ice": send a candidate to the other side. sdp_mid may be NULL. */
  void (*add_ice) (GstRSWebRTCSignallable *self, const gchar *session_id, const gchar *candidate,
      guint sdp_m_line_index, const gchar *sdp_mid);

  /* "end-session": the element has ended a session: tell the other side, which this does not come from. */
  void (*end_session) (GstRSWebRTCSignallable *self, const gchar *session_id);

  /* "end-session-with-error": the same, and what went wrong; error may be NULL. Where this entry is NULL, end_session
   * is called instead. */
  void (*end_session_with_error) (GstRSWebRTCSignallable *self, const gchar *session_id, const gchar *error);

  /* "end-session-with-reason": the same for every end, and why: "ended", "stopping", "refused", "transportFailed",
   * "timedOut", "description", "pipeline", "unexpected", "stalled", "vanished", or a name of a later version. error is
   * NULL where nothing went wrong. Where this entry is NULL, one of the two above is called instead. */
  void (*end_session_with_reason) (GstRSWebRTCSignallable *self, const gchar *session_id, const gchar *reason,
      const gchar *error);

  /*< private >*/
  gpointer _gst_reserved[9];
};

#define GST_TYPE_RS_WEBRTC_SIGNALLABLE (gst_rs_webrtc_signallable_get_type ())
#define GST_RS_WEBRTC_SIGNALLABLE(obj) \
  (G_TYPE_CHECK_INSTANCE_CAST ((obj), GST_TYPE_RS_WEBRTC_SIGNALLABLE, GstRSWebRTCSignallable))
#define GST_IS_RS_WEBRTC_SIGNALLABLE(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), GST_TYPE_RS_WEBRTC_SIGNALLABLE))
#define GST_RS_WEBRTC_SIGNALLABLE_GET_IFACE(obj) \
  (G_TYPE_INSTANCE_GET_INTERFACE ((obj), GST_TYPE_RS_WEBRTC_SIGNALLABLE, GstRSWebRTCSignallableInterface))

/* The type, for G_IMPLEMENT_INTERFACE. Loads the plugin where that has not happened, so call gst_init() before.
 * 0, with a message, where there is no plugin.
 *
 * An implementation has to override the interface's property, which is FALSE unless it emits
 * "munge-session-description" itself: in its class_init, after it has set get_property,
 *
 *   g_object_class_override_property (object_class, 1, "manual-sdp-munging");
 */
static inline GType
gst_rs_webrtc_signallable_get_type (void)
{
  GType type = g_type_from_name ("GstRSWebRTCSignallableIface");

  if (type == 0) {
    GstPlugin *plugin = gst_plugin_load_by_name ("rswebrtc");

    if (plugin != NULL)
      gst_object_unref (plugin);
    type = g_type_from_name ("GstRSWebRTCSignallableIface");
    if (type == 0)
      g_critical ("GStreamer does not find the plugin rswebrtc: "
          "set GST_PLUGIN_PATH to the folder of libgstrswebrtc.so, and call gst_init() before a signaller is made");
  }
  return type;
}

/* What a signaller tells its element, or an application in its place. Each function emits the signal named before it. */

/* "session-requested": a peer wants a session. offer is the peer's, or NULL where this element makes it. The ids are the
 * signaller's to choose; that of a session is unique among those of its element. */
static inline void
gst_rs_webrtc_signallable_session_requested (GstRSWebRTCSignallable *self, const gchar *session_id,
    const gchar *peer_id, const GstWebRTCSessionDescription *offer)
{
  g_signal_emit_by_name (self, "session-requested", session_id, peer_id, offer);
}

/* "session-started", of webrtcsrc: a session exists in which the peer, a producer, makes the offer. */
static inline void
gst_rs_webrtc_signallable_session_started (GstRSWebRTCSignallable *self, const gchar *session_id, const gchar *peer_id)
{
  g_signal_emit_by_name (self, "session-started", session_id, peer_id);
}

/* "session-description": the other side's offer or answer. */
static inline void
gst_rs_webrtc_signallable_session_description (GstRSWebRTCSignallable *self, const gchar *session_id,
    const GstWebRTCSessionDescription *sdp)
{
  g_signal_emit_by_name (self, "session-description", session_id, sdp);
}

/* "handle-ice": a candidate of the other side; sdp_mid may be NULL. */
static inline void
gst_rs_webrtc_signallable_handle_ice (GstRSWebRTCSignallable *self, const gchar *session_id, guint sdp_m_line_index,
    const gchar *sdp_mid, const gchar *candidate)
{
  g_signal_emit_by_name (self, "handle-ice", session_id, sdp_m_line_index, sdp_mid, candidate);
}

/* "session-ended", or with an error "session-ended-with-error": the other side has ended a session; error may be NULL.
 * Returns whether the session was known. */
static inline gboolean
gst_rs_webrtc_signallable_session_ended (GstRSWebRTCSignallable *self, const gchar *session_id, const gchar *error)
{
  gboolean known = FALSE;

  if (error != NULL)
    g_signal_emit_by_name (self, "session-ended-with-error", session_id, error, &known);
  else
    g_signal_emit_by_name (self, "session-ended", session_id, &known);
  return known;
}

/* "session-ended-with-reason": the same, and why, in the words of end_session_with_reason, or "peerGone", "roleDropped";
 * reason and error may be NULL. */
static inline gboolean
gst_rs_webrtc_signallable_session_ended_with_reason (GstRSWebRTCSignallable *self, const gchar *session_id,
    const gchar *reason, const gchar *error)
{
  gboolean known = FALSE;

  g_signal_emit_by_name (self, "session-ended-with-reason", session_id, reason, error, &known);
  return known;
}

/* "connection-changed": the signaller has reached its server, or has lost it. The element posts an element message with
 * the fields of details, "webrtc-signalling-connected" or "webrtc-signalling-lost". */
static inline void
gst_rs_webrtc_signallable_connection_changed (GstRSWebRTCSignallable *self, gboolean connected,
    const GstStructure *details)
{
  g_signal_emit_by_name (self, "connection-changed", connected, details);
}

/* "ice-servers": STUN and TURN servers for new sessions, instead of those that were named before, as a NULL-terminated
 * array of stun://host:port and turn://user:password@host:port with the two percent-encoded. */
static inline void
gst_rs_webrtc_signallable_ice_servers (GstRSWebRTCSignallable *self, const gchar *const *servers)
{
  g_signal_emit_by_name (self, "ice-servers", servers);
}

/* "error": signalling is impossible from now on. The element posts an error with this text. */
static inline void
gst_rs_webrtc_signallable_error (GstRSWebRTCSignallable *self, const gchar *text)
{
  g_signal_emit_by_name (self, "error", text);
}

/* "shutdown": everything is over. webrtcsink posts EOS. */
static inline void
gst_rs_webrtc_signallable_shutdown (GstRSWebRTCSignallable *self)
{
  g_signal_emit_by_name (self, "shutdown");
}

/* "request-meta": the element's property "meta", for those who look for producers. It may change while the element runs:
 * "meta-changed", which the element emits, says so. The result may be NULL; free it with
 * gst_structure_free(). */
static inline GstStructure *
gst_rs_webrtc_signallable_request_meta (GstRSWebRTCSignallable *self)
{
  GstStructure *meta = NULL;

  g_signal_emit_by_name (self, "request-meta", &meta);
  return meta;
}

/* "producer-added": news for the application: a producer, what it says of itself (or NULL), and whether it came just
 * now. */
static inline void
gst_rs_webrtc_signallable_producer_added (GstRSWebRTCSignallable *self, const gchar *producer_id,
    const GstStructure *meta, gboolean new_connection)
{
  g_signal_emit_by_name (self, "producer-added", producer_id, meta, new_connection);
}

/* "producer-removed": news for the application: a producer is gone. */
static inline void
gst_rs_webrtc_signallable_producer_removed (GstRSWebRTCSignallable *self, const gchar *producer_id,
    const GstStructure *meta)
{
  g_signal_emit_by_name (self, "producer-removed", producer_id, meta);
}

/* "munge-session-description": for a signaller whose "manual-sdp-munging" is TRUE: lets the application change a
 * description before it is sent. Free the result with gst_webrtc_session_description_free(). */
static inline GstWebRTCSessionDescription *
gst_rs_webrtc_signallable_munge_session_description (GstRSWebRTCSignallable *self, const gchar *session_id,
    const GstWebRTCSessionDescription *sdp)
{
  GstWebRTCSessionDescription *munged = NULL;

  g_signal_emit_by_name (self, "munge-session-description", session_id, sdp, &munged);
  return munged;
}

/* The elements emit three more on their signaller, for signallers and applications that want the transport:
 * "webrtcbin-ready" (peer id from webrtcsink, session id from webrtcsrc; GstElement), before it is used, and of
 * webrtcsink "consumer-removed" (peer id, GstElement) and the deprecated "consumer-added" (the same).
 */

G_END_DECLS

#endif
