/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bench-read FILE.pst: reads every message with plain libpff and through windows, in this order, each
 * in a process of its own, and prints both and their ratio. */
#include "pst/pst-digest.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define WINDOW 500

typedef struct {
  gdouble wall, cpu, first; /* seconds; first: until the first message */
  glong rss;                /* KiB */
  guint messages;
} Figures;

static gdouble
now (void)
{
  return (gdouble) g_get_monotonic_time () / G_USEC_PER_SEC;
}

static GArray *
nids_of (const BmCensus *census)
{
  GArray *nids = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < census->items->len; i++) {
    guint32 nid = g_array_index (census->items, BmCensusItem, i).nid;
    if ((nid & 0x1f) == 4)
      g_array_append_val (nids, nid);
  }
  return nids;
}

static void
read_plain (BmPst *pst, const gchar *path, const GArray *nids, gdouble start, Figures *figures)
{
  BmPstWindow *plain = pst_plain_open (pst, path);
  for (guint i = 0; plain != NULL && i < nids->len; i++) {
    bm_item_free (pst_plain_read (plain, g_array_index (nids, guint32, i)));
    if (figures->messages++ == 0)
      figures->first = now () - start;
  }
  pst_plain_close (plain);
}

static void
read_windows (BmPst *pst, const GArray *nids, gdouble start, Figures *figures)
{
  for (guint at = 0; at < nids->len; at += WINDOW) {
    guint n = MIN (nids->len - at, (guint) WINDOW);
    g_autoptr (BmPstWindow) window =
        bm_pst_window_open (pst, &g_array_index (nids, guint32, at), n, NULL);
    for (guint i = 0; window != NULL && i < n; i++) {
      bm_item_free (bm_pst_window_read (window, i, NULL));
      if (figures->messages++ == 0)
        figures->first = now () - start;
    }
  }
}

static Figures
measure (const gchar *path, gboolean windows)
{
  Figures figures = {0};
  gint ends[2];
  if (pipe (ends) != 0)
    return figures;
  pid_t child = fork ();
  if (child == 0) {
    gdouble start = now ();
    gint fd = open (path, O_RDONLY | O_CLOEXEC);
    g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, NULL);
    BmCensus *census = bm_pst_census (pst, NULL);
    g_autoptr (GArray) nids = nids_of (census);
    if (windows)
      read_windows (pst, nids, start, &figures);
    else
      read_plain (pst, path, nids, start, &figures);
    figures.wall = now () - start;
    _exit (write (ends[1], &figures, sizeof figures) == sizeof figures ? 0 : 1);
  }
  struct rusage usage;
  if (read (ends[0], &figures, sizeof figures) != sizeof figures ||
      wait4 (child, NULL, 0, &usage) < 0)
    return figures;
  figures.cpu = (gdouble) usage.ru_utime.tv_sec + (gdouble) usage.ru_utime.tv_usec / 1e6 +
                (gdouble) usage.ru_stime.tv_sec + (gdouble) usage.ru_stime.tv_usec / 1e6;
  figures.rss = usage.ru_maxrss;
  return figures;
}

static void
print (const gchar *name, const Figures *figures)
{
  printf ("  %-12s %7u messages %8.2f s wall %8.2f s CPU %8.3f s to the first %7ld KiB\n", name,
          figures->messages, figures->wall, figures->cpu, figures->first, figures->rss);
}

int
main (int argc, char **argv)
{
  if (argc != 2) {
    fprintf (stderr, "usage: bench-read FILE.pst\n");
    return 64;
  }
  Figures plain = measure (argv[1], FALSE), windows = measure (argv[1], TRUE);
  print ("plain libpff", &plain);
  print ("windows", &windows);
  printf ("  ratio: %.1f x in CPU, %.1f x to the first message, %.1f x in memory\n",
          plain.cpu / windows.cpu, plain.first / windows.first,
          (gdouble) plain.rss / (gdouble) windows.rss);
  return plain.messages == windows.messages ? 0 : 1;
}
