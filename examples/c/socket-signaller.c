/* A signaller of one's own in C: a GObject that fills in the interface's table of functions.
 *
 * One connection is one session. Its lines are words; what may hold spaces and newlines is in base64:
 *
 *   session ID           first of all, from who listens
 *   offer SDP
 *   answer SDP
 *   ice INDEX CANDIDATE
 *   end [ERROR]          the last one
 *
 * One thread reads, and tells the element. What the element wants sent goes into a queue that another thread
 * writes, so that no function of the table waits for the socket.
 */

#include "socket-signaller.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <gstrswebrtc/signallable.h>

/* How long the other side may take to read the last lines. */
#define LAST_WORDS (500 * G_TIME_SPAN_MILLISECOND)

struct _SocketSignaller
{
  GObject parent;
  gchar *path;
  gboolean listens;

  GMutex lock;                  /* of the rest; free while others' code runs */
  GThread *thread;              /* from start to stop */
  GCancellable *stopped;
  guint sessions;               /* how many there were */
  gchar *session;               /* the one of the connection that there is */
  GAsyncQueue *lines;           /* what is to be written to it */
};

static void table_init (GstRSWebRTCSignallableInterface *table);

G_DEFINE_TYPE_WITH_CODE (SocketSignaller, socket_signaller, G_TYPE_OBJECT,
    G_IMPLEMENT_INTERFACE (GST_TYPE_RS_WEBRTC_SIGNALLABLE, table_init))

/* The thread that writes: all lines up to this one. */
static gchar NO_MORE[] = "";

static void
free_line (gpointer line)
{
  if (line != NO_MORE)
    g_free (line);
}

typedef struct
{
  GSocketConnection *connection;
  GAsyncQueue *lines;
  GCancellable *late;
  GAsyncQueue *done;
} Writer;

static gpointer
write_lines (gpointer data)
{
  Writer *writer = data;
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (writer->connection));
  gboolean works = TRUE;
  gchar *line;

  while ((line = g_async_queue_pop (writer->lines)) != NO_MORE) {
    works = works && g_output_stream_write_all (out, line, strlen (line), NULL, writer->late, NULL);
    g_free (line);
  }
  /* Both directions: the thread that reads ends too. */
  g_socket_shutdown (g_socket_connection_get_socket (writer->connection), TRUE, TRUE, NULL);
  g_async_queue_push (writer->done, writer);
  return NULL;
}

/* What the element asks for. */

/* Queues a line, which is given away, where it belongs to the session that there is. */
static void
say (GstRSWebRTCSignallable *signallable, const gchar *session_id, gboolean is_last, gchar *line)
{
  SocketSignaller *self = SOCKET_SIGNALLER (signallable);

  g_mutex_lock (&self->lock);
  if (self->lines != NULL && g_strcmp0 (self->session, session_id) == 0) {
    g_async_queue_push (self->lines, g_steal_pointer (&line));
    if (is_last) {
      g_async_queue_push (self->lines, NO_MORE);
      g_clear_pointer (&self->lines, g_async_queue_unref);
      g_clear_pointer (&self->session, g_free);
    }
  }
  g_mutex_unlock (&self->lock);
  g_free (line);
}

static gchar *
base64 (const gchar *text)
{
  return g_base64_encode ((const guchar *) text, strlen (text));
}

static void
send_sdp (GstRSWebRTCSignallable *signallable, const gchar *session_id, const GstWebRTCSessionDescription *sdp)
{
  g_autofree gchar *text = gst_sdp_message_as_text (sdp->sdp);
  g_autofree gchar *encoded = base64 (text);
  const gchar *word = sdp->type == GST_WEBRTC_SDP_TYPE_OFFER ? "offer" : "answer";

  say (signallable, session_id, FALSE, g_strdup_printf ("%s %s\n", word, encoded));
}

static void
add_ice (GstRSWebRTCSignallable *signallable, const gchar *session_id, const gchar *candidate,
    guint sdp_m_line_index, const gchar *sdp_mid)
{
  g_autofree gchar *encoded = base64 (candidate);

  say (signallable, session_id, FALSE, g_strdup_printf ("ice %u %s\n", sdp_m_line_index, encoded));
}

static void
end_session_with_error (GstRSWebRTCSignallable *signallable, const gchar *session_id, const gchar *error)
{
  g_autofree gchar *encoded = base64 (error != NULL ? error : "");

  say (signallable, session_id, TRUE, g_strdup_printf ("end %s\n", encoded));
}

static void
end_session (GstRSWebRTCSignallable *signallable, const gchar *session_id)
{
  end_session_with_error (signallable, session_id, NULL);
}

static gpointer run (gpointer data);

static void
start (GstRSWebRTCSignallable *signallable)
{
  SocketSignaller *self = SOCKET_SIGNALLER (signallable);

  g_mutex_lock (&self->lock);
  self->stopped = g_cancellable_new ();
  self->thread = g_thread_new ("signaller", run, g_object_ref (self));
  g_mutex_unlock (&self->lock);
}

static void
stop (GstRSWebRTCSignallable *signallable)
{
  SocketSignaller *self = SOCKET_SIGNALLER (signallable);
  g_autoptr (GCancellable) stopped = NULL;
  GThread *thread;

  g_mutex_lock (&self->lock);
  stopped = g_steal_pointer (&self->stopped);
  thread = g_steal_pointer (&self->thread);
  g_mutex_unlock (&self->lock);
  if (thread == NULL)
    return;
  g_cancellable_cancel (stopped);
  /* An application may stop the element inside a signal that our own thread emits. */
  if (thread == g_thread_self ())
    g_thread_unref (thread);
  else
    g_thread_join (thread);
}

static void
table_init (GstRSWebRTCSignallableInterface *table)
{
  table->start = start;
  table->stop = stop;
  table->send_sdp = send_sdp;
  table->add_ice = add_ice;
  table->end_session = end_session;
  table->end_session_with_error = end_session_with_error;
}

/* What the other side says. */

static void
hear_description (SocketSignaller *self, const gchar *session, GstWebRTCSDPType type, const gchar *text)
{
  GstRSWebRTCSignallable *signallable = GST_RS_WEBRTC_SIGNALLABLE (self);
  GstSDPMessage *message = NULL;
  GstWebRTCSessionDescription *description;

  if (*text == '\0' || gst_sdp_message_new_from_text (text, &message) != GST_SDP_OK) {
    g_clear_pointer (&message, gst_sdp_message_free);
    end_session_with_error (signallable, session, "the description is no SDP");
    gst_rs_webrtc_signallable_session_ended (signallable, session, "the description is no SDP");
    return;
  }
  description = gst_webrtc_session_description_new (type, message);
  gst_rs_webrtc_signallable_session_description (signallable, session, description);
  gst_webrtc_session_description_free (description);
}

/* Takes a line in; FALSE after the last one. */
static gboolean
hear (SocketSignaller *self, const gchar *session, const gchar *line)
{
  GstRSWebRTCSignallable *signallable = GST_RS_WEBRTC_SIGNALLABLE (self);
  g_auto (GStrv) words = g_strsplit (line, " ", 3);
  guint count = g_strv_length (words);
  gsize length = 0;
  g_autofree guchar *bytes = count > 1 ? g_base64_decode (words[count - 1], &length) : NULL;
  /* The other side may leave out what belongs there. */
  g_autofree gchar *text = bytes != NULL ? g_strndup ((const gchar *) bytes, length) : g_strdup ("");

  if (g_strcmp0 (words[0], "offer") == 0) {
    hear_description (self, session, GST_WEBRTC_SDP_TYPE_OFFER, text);
  } else if (g_strcmp0 (words[0], "answer") == 0) {
    hear_description (self, session, GST_WEBRTC_SDP_TYPE_ANSWER, text);
  } else if (g_strcmp0 (words[0], "ice") == 0 && count == 3) {
    guint index = g_ascii_strtoull (words[1], NULL, 10);

    gst_rs_webrtc_signallable_handle_ice (signallable, session, index, NULL, text);
  } else if (g_strcmp0 (words[0], "end") == 0) {
    gst_rs_webrtc_signallable_session_ended (signallable, session, length > 0 ? text : NULL);
    return FALSE;
  }
  return TRUE;
}

/* From now on lines of this session are written. */
static void
open_session (SocketSignaller *self, const gchar *session, GAsyncQueue *lines)
{
  g_mutex_lock (&self->lock);
  self->session = g_strdup (session);
  self->lines = g_async_queue_ref (lines);
  g_mutex_unlock (&self->lock);
}

/* Whether the session had not been ended by either side. */
static gboolean
close_session (SocketSignaller *self)
{
  gboolean was_open;

  g_mutex_lock (&self->lock);
  was_open = self->session != NULL;
  g_clear_pointer (&self->session, g_free);
  g_clear_pointer (&self->lines, g_async_queue_unref);
  g_mutex_unlock (&self->lock);
  return was_open;
}

/* Reads to the end of a connection. */
static void
converse (SocketSignaller *self, GSocketConnection *connection, GAsyncQueue *lines, GCancellable *stopped)
{
  GstRSWebRTCSignallable *signallable = GST_RS_WEBRTC_SIGNALLABLE (self);
  g_autoptr (GDataInputStream) in =
      g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  g_autofree gchar *session = NULL;
  gboolean goes_on = TRUE;
  gchar *line;

  if (self->listens) {
    session = g_strdup_printf ("%u", ++self->sessions);
    g_async_queue_push (lines, g_strdup_printf ("session %s\n", session));
    open_session (self, session, lines);
    gst_rs_webrtc_signallable_session_requested (signallable, session, "viewer", NULL);
  } else {
    g_autofree gchar *first = g_data_input_stream_read_line (in, NULL, stopped, NULL);

    if (first == NULL || !g_str_has_prefix (first, "session "))
      return;
    session = g_strdup (first + strlen ("session "));
    open_session (self, session, lines);
    gst_rs_webrtc_signallable_session_started (signallable, session, "producer");
  }
  while (goes_on && (line = g_data_input_stream_read_line (in, NULL, stopped, NULL)) != NULL) {
    goes_on = hear (self, session, line);
    g_free (line);
  }
  if (close_session (self) && goes_on)
    gst_rs_webrtc_signallable_session_ended (signallable, session, NULL);
}

static void
serve (SocketSignaller *self, GSocketConnection *connection, GCancellable *stopped)
{
  g_autoptr (GAsyncQueue) lines = g_async_queue_new_full (free_line), done = g_async_queue_new ();
  g_autoptr (GCancellable) late = g_cancellable_new ();
  Writer writer = { connection, lines, late, done };
  GThread *thread = g_thread_new ("signaller-writer", write_lines, &writer);

  converse (self, connection, lines, stopped);
  g_async_queue_push (lines, NO_MORE);
  if (g_async_queue_timeout_pop (done, LAST_WORDS) == NULL)
    g_cancellable_cancel (late);
  g_thread_join (thread);
}

/* Takes one viewer after another, until stopped or something fails. */
static void
listen_for_viewers (SocketSignaller *self, GSocketAddress *address, GCancellable *stopped, GError **error)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  GSocketConnection *connection;

  if (!g_socket_listener_add_address (listener, address, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL,
          NULL, error))
    return;
  g_print ("listening at %s\n", self->path);
  while ((connection = g_socket_listener_accept (listener, NULL, stopped, error)) != NULL) {
    serve (self, connection, stopped);
    g_object_unref (connection);
  }
  g_unlink (self->path);
}

/* The thread from start to stop. */
static gpointer
run (gpointer data)
{
  g_autoptr (SocketSignaller) self = data;
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (self->path);
  g_autoptr (GCancellable) stopped = NULL;
  g_autoptr (GError) error = NULL;

  g_mutex_lock (&self->lock);
  g_set_object (&stopped, self->stopped);
  g_mutex_unlock (&self->lock);
  if (stopped == NULL)
    return NULL;
  if (self->listens) {
    listen_for_viewers (self, address, stopped, &error);
  } else {
    g_autoptr (GSocketClient) client = g_socket_client_new ();
    g_autoptr (GSocketConnection) connection =
        g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), stopped, &error);

    if (connection != NULL)
      serve (self, connection, stopped);
  }
  if (error != NULL && !g_cancellable_is_cancelled (stopped)) {
    g_autofree gchar *text = g_strdup_printf ("%s: %s; %s", self->path, error->message,
        self->listens ? "remove it if no other producer uses it" : "start a producer there first");

    gst_rs_webrtc_signallable_error (GST_RS_WEBRTC_SIGNALLABLE (self), text);
  }
  return NULL;
}

/* The object. */

static void
socket_signaller_init (SocketSignaller *self)
{
  g_mutex_init (&self->lock);
}

static void
socket_signaller_finalize (GObject *object)
{
  SocketSignaller *self = SOCKET_SIGNALLER (object);

  g_clear_object (&self->stopped);
  g_clear_pointer (&self->thread, g_thread_unref);
  g_free (self->path);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (socket_signaller_parent_class)->finalize (object);
}

/* The one property is that of the interface: this object does not emit munge-session-description itself. */
static void
socket_signaller_get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  g_value_set_boolean (value, FALSE);
}

static void
socket_signaller_class_init (SocketSignallerClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);

  object_class->finalize = socket_signaller_finalize;
  object_class->get_property = socket_signaller_get_property;
  g_object_class_override_property (object_class, 1, "manual-sdp-munging");
}

SocketSignaller *
socket_signaller_new (const gchar *path, gboolean listens)
{
  SocketSignaller *self = g_object_new (SOCKET_TYPE_SIGNALLER, NULL);

  self->path = g_strdup (path);
  self->listens = listens;
  return self;
}
