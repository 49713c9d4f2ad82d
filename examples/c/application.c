/* An application in C: sends a test pattern, or receives from the first producer that a signalling server knows.
 *
 *   application produce [--uri ws://HOST:8443]                     without --uri it runs a server and the page itself
 *   application receive [--uri ws://HOST:8443] [--sink SINK]
 *
 * It loads the plugin where GST_PLUGIN_PATH, or the system, has libgstrswebrtc.so.
 */

#include <glib-unix.h>
#include <gst/gst.h>

static gchar *uri = NULL;
static gchar *video_sink = NULL;

static const GOptionEntry OPTIONS[] = {
  {"uri", 0, 0, G_OPTION_ARG_STRING, &uri, "The signalling server", "URI"},
  {"sink", 0, 0, G_OPTION_ARG_STRING, &video_sink, "Where received pictures go (autovideosink)", "SINK"},
  {NULL}
};

typedef struct
{
  GMainLoop *loop;
  GstElement *pipeline;
  gboolean failed;
} App;

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer data)
{
  App *app = data;
  const GstStructure *news = gst_message_get_structure (message);
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s\n", error->message);
    app->failed = TRUE;
    g_main_loop_quit (app->loop);
  } else if (gst_message_has_name (message, "webrtc-session-connected")) {
    g_print ("connected: %s\n", gst_structure_get_string (news, "peer-id"));
  } else if (gst_message_has_name (message, "webrtc-session-ended")) {
    g_print ("ended: %s\n", gst_structure_get_string (news, "text"));
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_interrupt (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

static GstPadProbeReturn
on_first_frame (GstPad *pad, GstPadProbeInfo *info, gpointer name)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  g_autofree gchar *text = gst_caps_to_string (caps);

  g_print ("%s plays: %s\n", (const gchar *) name, text);
  return GST_PAD_PROBE_REMOVE;
}

/* A stream came, on a thread of the element: pictures to a window, and sound to nobody. */
static void
on_pad (GstElement *source, GstPad *pad, App *app)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *name = gst_pad_get_name (pad);
  g_autofree gchar *description = g_str_has_prefix (name, "video")
      ? g_strdup_printf ("queue ! videoconvert ! %s", video_sink ? video_sink : "autovideosink")
      : g_strdup ("queue ! audioconvert ! fakesink");
  GstElement *branch = gst_parse_bin_from_description (description, TRUE, &error);
  g_autoptr (GstPad) target = NULL;

  if (branch == NULL) {
    g_printerr ("%s: %s\n", description, error->message);
    return;
  }
  gst_bin_add (GST_BIN (app->pipeline), branch);
  gst_element_sync_state_with_parent (branch);
  target = gst_element_get_static_pad (branch, "sink");
  gst_pad_add_probe (target, GST_PAD_PROBE_TYPE_BUFFER, on_first_frame, g_steal_pointer (&name), g_free);
  gst_pad_link (pad, target);
}

static GstElement *
build (App *app, gboolean produces)
{
  GstElement *pipeline = gst_pipeline_new (NULL);
  GstElement *element = gst_element_factory_make (produces ? "webrtcsink" : "webrtcsrc", NULL);

  if (element == NULL)
    g_error ("GStreamer does not find the plugin: set GST_PLUGIN_PATH to the folder of libgstrswebrtc.so");
  if (uri != NULL)
    gst_child_proxy_set (GST_CHILD_PROXY (element), "signaller::uri", uri, NULL);
  gst_bin_add (GST_BIN (pipeline), element);
  if (produces) {
    GstElement *pattern = gst_parse_bin_from_description
        ("videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1 ! queue", TRUE, NULL);

    if (uri == NULL) {
      g_object_set (element, "run-signalling-server", TRUE, "run-web-server", TRUE, NULL);
      g_print ("Watch at http://127.0.0.1:8080/\n");
    }
    gst_bin_add (GST_BIN (pipeline), pattern);
    gst_element_link (pattern, element);
  } else {
    g_object_set (element, "connect-to-first-producer", TRUE, NULL);
    g_signal_connect (element, "pad-added", G_CALLBACK (on_pad), app);
  }
  return pipeline;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("produce|receive");
  g_autoptr (GError) error = NULL;
  g_autoptr (GstBus) bus = NULL;
  App app = { 0 };

  g_option_context_add_main_entries (context, OPTIONS, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 2 ||
      !(g_str_equal (argv[1], "produce") || g_str_equal (argv[1], "receive"))) {
    g_printerr ("%s\n%s", error ? error->message : "Say what to do.", g_option_context_get_help (context, TRUE, NULL));
    return 2;
  }
  app.loop = g_main_loop_new (NULL, FALSE);
  app.pipeline = build (&app, g_str_equal (argv[1], "produce"));
  bus = gst_element_get_bus (app.pipeline);
  gst_bus_add_watch (bus, on_message, &app);
  g_unix_signal_add (SIGINT, on_interrupt, app.loop);
  g_unix_signal_add (SIGTERM, on_interrupt, app.loop);
  gst_element_set_state (app.pipeline, GST_STATE_PLAYING);
  g_main_loop_run (app.loop);
  gst_element_set_state (app.pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  gst_object_unref (app.pipeline);
  g_main_loop_unref (app.loop);
  return app.failed ? 1 : 0;
}
