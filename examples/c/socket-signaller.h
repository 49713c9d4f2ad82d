/* A signaller over a Unix socket: socket-signaller.c says what its two sides write to each other. */
#pragma once

#include <glib-object.h>

#define SOCKET_TYPE_SIGNALLER (socket_signaller_get_type ())
G_DECLARE_FINAL_TYPE (SocketSignaller, socket_signaller, SOCKET, SIGNALLER, GObject)

/* The producer's side listens at path and takes one viewer after another; the viewer's side connects to it. */
SocketSignaller *socket_signaller_new (const gchar *path, gboolean listens);
