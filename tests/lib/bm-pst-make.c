/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Command line of the PST writer, for shell tests, benchmarks and the quick start. */
#include "bm-pst-damage.h"
#include "bm-pst-sample.h"

#include <string.h>

typedef struct {
  gboolean sample;
  gint64 bulk;
  gint64 size, attachment;
  gint folders;
  gint seed;
  gchar *owner;
  gboolean no_sent, sent_below;
  gchar *store_name;
  gchar *folder_name;
  gboolean no_tables;
  gchar *format;
  gchar *crypt;
  gchar *password;
  gboolean list;
  gchar *name;
  gchar **rest;
} Arguments;

static gboolean
parse (Arguments *a, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
      {"sample", 0, 0, G_OPTION_ARG_NONE, &a->sample, "write a small mailbox", NULL},
      {"bulk", 0, 0, G_OPTION_ARG_INT64, &a->bulk, "write N messages", "N"},
      {"size", 0, 0, G_OPTION_ARG_INT64, &a->size, "bytes of each body (1000)", "BYTES"},
      {"attachment", 0, 0, G_OPTION_ARG_INT64, &a->attachment, "bytes of a file of each", "BYTES"},
      {"folders", 0, 0, G_OPTION_ARG_INT, &a->folders, "number of folders", "K"},
      {"folder-name", 0, 0, G_OPTION_ARG_STRING, &a->folder_name, "of the second folder", "NAME"},
      {"seed", 0, 0, G_OPTION_ARG_INT, &a->seed, "other messages", "N"},
      {"owner", 0, 0, G_OPTION_ARG_STRING, &a->owner, "whose mailbox --bulk is", "ADDRESS"},
      {"no-sent", 0, 0, G_OPTION_ARG_NONE, &a->no_sent, "nothing sent by the owner", NULL},
      {"sent-below", 0, 0, G_OPTION_ARG_NONE, &a->sent_below, "Sent Items below an archive", NULL},
      {"store-name", 0, 0, G_OPTION_ARG_STRING, &a->store_name, "of the message store", "NAME"},
      {"no-contents-tables", 0, 0, G_OPTION_ARG_NONE, &a->no_tables, "folders list nothing", NULL},
      {"format", 0, 0, G_OPTION_ARG_STRING, &a->format, "unicode or ansi", "NAME"},
      {"crypt", 0, 0, G_OPTION_ARG_STRING, &a->crypt, "compressible, none or high", "NAME"},
      {"password-crc", 0, 0, G_OPTION_ARG_STRING, &a->password, "hexadecimal", "CRC"},
      {"case", 0, 0, G_OPTION_ARG_STRING, &a->name, "write a broken file", "NAME"},
      {"list-cases", 0, 0, G_OPTION_ARG_NONE, &a->list, "print the names of --case", NULL},
      {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &a->rest, NULL, "OUT.pst"},
      {NULL}};
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
read_options (const Arguments *a, BmPstWriterOptions *options)
{
  static const gchar *formats[] = {"unicode", "ansi", NULL};
  static const gchar *crypts[] = {"compressible", "none", "high", NULL};
  guint n = 0;

  options->no_contents_tables = a->no_tables;
  options->store_name = a->store_name;
  if (a->password != NULL)
    options->password_crc = (guint32) g_ascii_strtoull (a->password, NULL, 16);
  if (a->format != NULL && !g_strv_contains (formats, a->format))
    return FALSE;
  if (a->crypt != NULL && !g_strv_contains (crypts, a->crypt))
    return FALSE;
  for (n = 0; a->format != NULL && strcmp (formats[n], a->format) != 0; n++)
    ;
  options->format = (BmPstWriterFormat) n;
  for (n = 0; a->crypt != NULL && strcmp (crypts[n], a->crypt) != 0; n++)
    ;
  options->crypt = (BmPstWriterCrypt) n;
  return a->rest != NULL && a->rest[0] != NULL && a->rest[1] == NULL;
}

static gboolean
write_file (const Arguments *a, const BmPstWriterOptions *options, GError **error)
{
  BmPstBulk bulk = {(guint64) a->bulk, (guint64) a->size, (guint) a->folders,
                    (guint) a->seed,   a->owner,          a->no_sent,
                    a->sent_below,     a->folder_name,    (guint64) a->attachment};

  if (a->sample)
    return bm_pst_sample_write (a->rest[0], options, error);
  if (a->name != NULL)
    return bm_pst_case_write (a->rest[0], a->name, options, error);
  return bm_pst_sample_bulk (a->rest[0], options, &bulk, error);
}

static int
run (Arguments *a, int argc, char **argv)
{
  BmPstWriterOptions options = {0};
  g_autoptr (GError) error = NULL;

  if (parse (a, &argc, &argv, &error) && a->list) {
    for (const gchar *const *name = bm_pst_case_names (); *name != NULL; name++)
      g_print ("%s\n", *name);
    return 0;
  }
  if (error != NULL || !read_options (a, &options) ||
      (a->sample ? 1 : 0) + (a->bulk >= 0 ? 1 : 0) + (a->name != NULL ? 1 : 0) != 1) {
    g_printerr ("%s: %s\n", argv[0],
                error != NULL ? error->message
                              : "one of --sample, --bulk N, --case NAME, and one OUT.pst");
    return 64;
  }
  if (write_file (a, &options, &error))
    return 0;
  g_printerr ("%s: %s\n", argv[0], error->message);
  return 1;
}

int
main (int argc, char **argv)
{
  Arguments a = {FALSE, -1};
  int status = run (&a, argc, argv);

  g_free (a.format);
  g_free (a.crypt);
  g_free (a.password);
  g_free (a.name);
  g_free (a.owner);
  g_free (a.store_name);
  g_free (a.folder_name);
  g_strfreev (a.rest);
  return status;
}
