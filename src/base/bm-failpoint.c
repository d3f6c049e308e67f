/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-failpoint.h. Must not know what is durable. One handler, set before threads start. */
#include "base/bm-failpoint.h"

#include <signal.h>
#include <unistd.h>

static void (*failpoint_handler) (const gchar *name);
static const gchar *die_at_name;
static guint64 die_at_count;
static guint64 count;

void
bm_failpoint (const gchar *name)
{
  if (failpoint_handler != NULL)
    failpoint_handler (name);
}

void
bm_failpoint_set_handler (void (*handler) (const gchar *name))
{
  failpoint_handler = handler;
}

static void
die_handler (const gchar *name)
{
  count++;
  if (count == die_at_count || g_strcmp0 (name, die_at_name) == 0)
    kill (getpid (), SIGKILL);
}

void
bm_failpoint_from_environment (void)
{
  const gchar *value = g_getenv ("BM_FAILPOINT");
  if (value == NULL || *value == '\0')
    return;
  if (g_ascii_isdigit (*value))
    die_at_count = g_ascii_strtoull (value, NULL, 10);
  else
    die_at_name = value;
  failpoint_handler = die_handler;
}
