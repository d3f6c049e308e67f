/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Many messages for benchmarks (bm-pst-sample.h): every message differs in subject, sender, date
 * and body; messages go round the folders, as mail that was filed by hand. */
#include "bm-pst-sample.h"

#include <string.h>

#define POOL   65536 /* words to cut bodies from */
#define PERIOD 251   /* of the bytes of files: prime, so that no block is like the next */

/* A small generator of our own: GRand may change with GLib, our files must not. */
static guint32
next (guint64 *state)
{
  *state = *state * G_GUINT64_CONSTANT (6364136223846793005) + 1442695040888963407u;
  return (guint32) (*state >> 33);
}

static gchar *
make_pool (guint64 *state)
{
  static const gchar *words[] = {"meeting",  "report", "budget", "the",   "for",    "invoice",
                                 "please",   "review", "draft",  "today", "thanks", "regards",
                                 "attached", "team",   "plan",   "and"};
  GString *pool = g_string_sized_new (POOL + 16);

  for (guint n = 1; pool->len < POOL; n++) {
    g_string_append (pool, words[next (state) % G_N_ELEMENTS (words)]);
    g_string_append (pool, n % 11 == 0 ? "\r\n" : " ");
  }
  return g_string_free (pool, FALSE);
}

static void
put_body (BmPstProps *props, const gchar *pool, guint64 size, guint64 *state)
{
  g_autoptr (GString) text = g_string_sized_new (size);

  while (text->len < size) {
    gsize from = next (state) % (POOL / 2);

    g_string_append_len (text, pool + from, (gssize) MIN (size - text->len, POOL / 2));
  }
  bm_pst_props_string (props, 0x1000001F, text->str);
}

typedef struct {
  guint64 at, end;
} File;

static gssize
read_file (gpointer user_data, guint8 *buffer, gsize size)
{
  File *file = user_data;
  gsize n = (gsize) MIN (file->end - file->at, (guint64) size);
  for (gsize i = 0; i < n; i++)
    buffer[i] = (guint8) ((file->at + i) % PERIOD);
  file->at += n;
  return (gssize) n;
}

/* owner: who receives it; sent: who sent it instead. */
static void
add_one (BmPstWriter *writer, guint32 folder, guint64 i, const gchar *pool, guint64 size,
         guint64 *state, const gchar *owner, gboolean sent, guint64 attachment)
{
  File file = {0, attachment};
  g_autoptr (BmPstProps) named = bm_pst_props_new ();
  const BmPstAttachment attached = {.props = named, .read = read_file, .user_data = &file};
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  g_autoptr (BmPstProps) to = bm_pst_props_new ();
  const BmPstProps *recipients[] = {to};
  BmPstMessage message = {props, recipients, 1};
  guint32 who = next (state) % 500;
  gint64 date = 1262304000 + (gint64) i * 300 + next (state) % 300;
  gchar text[80], sender[80];

  bm_pst_props_string (props, 0x001A001F, "IPM.Note");
  g_snprintf (text, sizeof (text), "Message %" G_GUINT64_FORMAT " about %u", i, next (state));
  bm_pst_props_string (props, 0x0037001F, text);
  g_snprintf (text, sizeof (text), "Sender %u", who);
  bm_pst_props_string (props, 0x0042001F, sent ? "Owner, \"<x@example.net>\"" : text);
  bm_pst_props_string (props, 0x0064001F, "SMTP");
  g_snprintf (sender, sizeof (sender), "sender%u@example.net", who);
  bm_pst_props_string (props, 0x0065001F, sent ? owner : sender);
  g_snprintf (text, sizeof (text), "<bulk.%" G_GUINT64_FORMAT ".%08x@example.net>", i,
              next (state));
  bm_pst_props_string (props, 0x1035001F, text);
  bm_pst_props_filetime (props, 0x00390040, BM_PST_TIME (date));
  bm_pst_props_filetime (props, 0x0E060040, BM_PST_TIME (date + 2));
  bm_pst_props_int32 (props, 0x0E070003, next (state) % 8 != 0);
  put_body (props, pool, size, state);
  bm_pst_props_int32 (to, 0x0C150003, 1);
  bm_pst_props_string (to, 0x3001001F, "Camille Durand");
  bm_pst_props_string (to, 0x3002001F, "SMTP");
  bm_pst_props_string (to, 0x3003001F,
                       sent            ? sender
                       : owner != NULL ? owner
                                       : "camille.durand@example.org");
  bm_pst_props_string (named, 0x3707001F, "big.bin");
  message.attachments = &attached;
  message.n_attachments = attachment > 0;
  bm_pst_writer_add_message (writer, folder, &message);
}

gboolean
bm_pst_sample_bulk (const gchar *path, const BmPstWriterOptions *options, const BmPstBulk *bulk,
                    GError **error)
{
  guint n = bulk->folders > 0 ? bulk->folders : (guint) (bulk->messages / 5000 + 1);
  g_autofree guint32 *folders = g_new0 (guint32, n);
  guint64 state = bulk->seed + 1;
  g_autofree gchar *pool = make_pool (&state);
  BmPstWriter *writer = bm_pst_writer_new (path, options, error);

  if (writer == NULL)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *name = i == 0 ? g_strdup ("Inbox") : g_strdup_printf ("Folder %u", i);
    if (i == 1 && bulk->folder_name != NULL) {
      g_free (name);
      name = g_strdup (bulk->folder_name);
    }
    folders[i] = bm_pst_writer_add_folder (writer, 0, name, "IPF.Note", NULL);
  }
  guint32 sent_items = 0;
  guint32 above = 0;
  if (bulk->owner != NULL && bulk->sent_below)
    above = bm_pst_writer_add_folder (writer, 0, "Archive 2019", "IPF.Note", NULL);
  if (bulk->owner != NULL && !bulk->no_sent)
    sent_items = bm_pst_writer_add_folder (writer, above, "Sent Items", "IPF.Note", NULL);
  for (guint64 i = 0; i < bulk->messages; i++) {
    guint32 folder = folders[next (&state) % n];
    gboolean sent = sent_items != 0 && i % 4 == 3;

    add_one (writer, sent ? sent_items : folder, i, pool, bulk->size > 0 ? bulk->size : 1000,
             &state, bulk->owner, sent, bulk->attachment);
  }
  return bm_pst_writer_close (writer, error);
}
