/* webrtcsink and webrtcsrc with the signaller of socket-signaller.c, as two programs on one machine.
 *
 *   c-signaller produce PATH [--viewers N]   sends a test pattern; ends after N viewers have left
 *   c-signaller consume PATH [--frames N]    receives it; ends after N frames
 */

#include "socket-signaller.h"

#include <glib-unix.h>
#include <gst/gst.h>

static gint viewers = 0, frames = 0;

static const GOptionEntry OPTIONS[] = {
  {"viewers", 0, 0, G_OPTION_ARG_INT, &viewers, "End when that many viewers have left (0: never)", "N"},
  {"frames", 0, 0, G_OPTION_ARG_INT, &frames, "End when that many frames have come (0: never)", "N"},
  {NULL}
};

typedef struct
{
  GMainLoop *loop;
  GstElement *pipeline;
  gboolean produces;
  gint left;                    /* viewers that have left */
  gint received;                /* frames, atomic */
  gboolean failed;
} App;

static void
on_frame (GstElement *sink, GstBuffer *buffer, GstPad *pad, App *app)
{
  if (g_atomic_int_add (&app->received, 1) + 1 == frames)
    g_main_loop_quit (app->loop);
}

static void
on_pad (GstElement *source, GstPad *pad, App *app)
{
  g_autoptr (GError) error = NULL;
  GstElement *end = gst_parse_bin_from_description
      ("capsfilter caps=video/x-raw ! fakesink name=frames signal-handoffs=true", TRUE, &error);
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) target = NULL;

  if (end == NULL)
    g_error ("%s", error->message);
  sink = gst_bin_get_by_name (GST_BIN (end), "frames");
  g_signal_connect (sink, "handoff", G_CALLBACK (on_frame), app);
  gst_bin_add (GST_BIN (app->pipeline), end);
  gst_element_sync_state_with_parent (end);
  target = gst_element_get_static_pad (end, "sink");
  gst_pad_link (pad, target);
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer data)
{
  App *app = data;
  g_autoptr (GError) error = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s\n", error->message);
    app->failed = TRUE;
    g_main_loop_quit (app->loop);
  } else if (gst_message_has_name (message, "webrtc-session-connected")) {
    g_print ("connected\n");
  } else if (gst_message_has_name (message, "webrtc-session-ended")) {
    g_print ("ended: %s\n", gst_structure_get_string (gst_message_get_structure (message), "text"));
    if (!app->produces || ++app->left == viewers)
      g_main_loop_quit (app->loop);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_interrupt (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

/* An element with a signaller of our own. The two talk on one machine and need no STUN server. */
static GstElement *
make (const gchar *name, SocketSignaller *signaller)
{
  GstElement *element = gst_element_factory_make_full (name, "signaller", signaller, "stun-server", NULL, NULL);

  if (element == NULL)
    g_error ("there is no %s: set GST_PLUGIN_PATH to the folder of libgstrswebrtc.so", name);
  return element;
}

static gboolean
play (App *app, const gchar *path)
{
  g_autoptr (SocketSignaller) signaller = socket_signaller_new (path, app->produces);
  g_autoptr (GstBus) bus = gst_element_get_bus (app->pipeline);
  GstElement *element = make (app->produces ? "webrtcsink" : "webrtcsrc", signaller);

  gst_bin_add (GST_BIN (app->pipeline), element);
  if (app->produces) {
    GstElement *pattern = gst_parse_bin_from_description
        ("videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=30/1", TRUE, NULL);

    gst_bin_add (GST_BIN (app->pipeline), pattern);
    gst_element_link (pattern, element);
  } else {
    g_signal_connect (element, "pad-added", G_CALLBACK (on_pad), app);
  }
  gst_bus_add_watch (bus, on_message, app);
  g_unix_signal_add (SIGINT, on_interrupt, app->loop);
  gst_element_set_state (app->pipeline, GST_STATE_PLAYING);
  g_main_loop_run (app->loop);
  gst_element_set_state (app->pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  if (!app->produces)
    g_print ("received %d frames\n", g_atomic_int_get (&app->received));
  return !app->failed && (app->produces || g_atomic_int_get (&app->received) >= frames);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("produce|consume PATH");
  g_autoptr (GError) error = NULL;
  App app = { 0 };
  gboolean well;

  g_option_context_add_main_entries (context, OPTIONS, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  app.produces = argc == 3 && g_str_equal (argv[1], "produce");
  if (argc != 3 || (!app.produces && !g_str_equal (argv[1], "consume"))) {
    g_printerr ("%s", g_option_context_get_help (context, TRUE, NULL));
    return 2;
  }
  app.loop = g_main_loop_new (NULL, FALSE);
  app.pipeline = gst_pipeline_new (NULL);
  well = play (&app, argv[2]);
  gst_object_unref (app.pipeline);
  g_main_loop_unref (app.loop);
  return well ? 0 : 1;
}
