/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See cases.h. Everything a group of cases makes lies in one temporary directory, removed at the
 * end: case-NN-K.pst, case-NN-K.eml and beside it .expect, and the list of all renderings. */
#include "mime/cases/cases.h"

#include "bm-corpus.h"
#include "pst/bm-pst.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct _CaseMail {
  Case *owner;
  BmPstProps *props;
  GPtrArray *rows;        /* BmPstProps * */
  GPtrArray *attachments; /* Attached * */
  gboolean no_table, bare;
  gchar *folder; /* of a mail that is not embedded */
  guint32 nid;
};

typedef struct {
  BmPstProps *props;
  GBytes *data;    /* or */
  CaseMail *inner; /* owned by the case */
} Attached;

struct _Case {
  const CaseEntry *entry;
  BmPstWriterOptions options;
  BmRenderContext context;
  BmPstWriter *writer;
  gchar *path;
  GHashTable *folders; /* name -> nid */
  GPtrArray *all;      /* CaseMail *, owned, embedded ones too */
  GPtrArray *mails;    /* CaseMail *, top level */
  GPtrArray *rendered; /* Rendered *, owned */
  GString *expected;   /* of the last rendered */
  gchar *last;         /* path of its .eml */
};

static gchar *group_dir;
static GString *group_list; /* lines "pst nid charset addresses learnt owner guid", TAB between */
static guint files;

/* ---- building ---- */

static void
attached_free (Attached *attached)
{
  bm_pst_props_free (attached->props);
  g_clear_pointer (&attached->data, g_bytes_unref);
  g_free (attached);
}

static void
mail_free (CaseMail *mail)
{
  bm_pst_props_free (mail->props);
  g_ptr_array_unref (mail->rows);
  g_ptr_array_unref (mail->attachments);
  g_free (mail->folder);
  g_free (mail);
}

static CaseMail *
mail_new (Case *c, const gchar *folder)
{
  CaseMail *mail = g_new0 (CaseMail, 1);
  mail->owner = c;
  mail->folder = g_strdup (folder);
  mail->props = bm_pst_props_new ();
  mail->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_pst_props_free);
  mail->attachments = g_ptr_array_new_with_free_func ((GDestroyNotify) attached_free);
  mail_text (mail, 0x001a, "IPM.Note");
  mail_int (mail, 0x0e07, 0x1);
  g_ptr_array_add (c->all, mail);
  return mail;
}

BmPstWriterOptions *
case_options (Case *c)
{
  return &c->options;
}

BmRenderContext *
case_context (Case *c)
{
  return &c->context;
}

BmPstWriter *
case_writer (Case *c)
{
  if (c->writer != NULL)
    return c->writer;
  g_autoptr (GError) error = NULL;
  g_assert_null (c->path); /* one PST a case */
  c->path = g_strdup_printf ("%s/case-%s-%u.pst", group_dir, c->entry->number, ++files);
  c->writer = bm_pst_writer_new (c->path, &c->options, &error);
  g_assert_no_error (error);
  return c->writer;
}

CaseMail *
case_mail (Case *c)
{
  return case_mail_in (c, "Inbox");
}

CaseMail *
case_mail_in (Case *c, const gchar *folder)
{
  CaseMail *mail = mail_new (c, folder);
  g_ptr_array_add (c->mails, mail);
  return mail;
}

CaseMail *
case_plain_mail (Case *c)
{
  CaseMail *mail = case_mail (c);
  mail_text (mail, 0x0042, "Ada Lovelace");
  mail_text (mail, 0x5d02, "ada@example.org");
  mail_row (mail, 1, "Bob", "bob@example.net");
  mail_time (mail, 0x0039, 1500000000);
  mail_text (mail, 0x0037, "Hello");
  mail_text (mail, 0x1035, "<one@example.org>");
  mail_text (mail, 0x1000, "Hi Bob\r\n");
  return mail;
}

CaseMail *
mail_embed (CaseMail *outer, const gchar *name)
{
  Attached *attached = g_new0 (Attached, 1);
  attached->props = bm_pst_props_new ();
  attached->inner = mail_new (outer->owner, NULL);
  if (name != NULL)
    bm_pst_props_string (attached->props, BM_PST_TAG (0x3001, 0x001f), name);
  g_ptr_array_add (outer->attachments, attached);
  return attached->inner;
}

BmPstProps *
mail_props (CaseMail *mail)
{
  return mail->props;
}

void
mail_text (CaseMail *mail, guint16 id, const gchar *utf8)
{
  bm_pst_props_string (mail->props, BM_PST_TAG (id, 0x001f), utf8);
}

void
mail_int (CaseMail *mail, guint16 id, gint32 value)
{
  bm_pst_props_int32 (mail->props, BM_PST_TAG (id, 0x0003), value);
}

void
mail_bool (CaseMail *mail, guint16 id, gboolean value)
{
  bm_pst_props_bool (mail->props, BM_PST_TAG (id, 0x000b), value);
}

void
mail_time (CaseMail *mail, guint16 id, gint64 unix_time)
{
  bm_pst_props_filetime (mail->props, BM_PST_TAG (id, 0x0040), BM_PST_TIME (unix_time));
}

void
mail_bytes (CaseMail *mail, guint16 id, gconstpointer data, gsize size)
{
  bm_pst_props_binary (mail->props, BM_PST_TAG (id, 0x0102), data, size);
}

void
mail_string8 (CaseMail *mail, guint16 id, const gchar *bytes)
{
  bm_pst_props_remove (mail->props, BM_PST_TAG (id, 0x001f));
  bm_pst_props_string8 (mail->props, BM_PST_TAG (id, 0x001e), bytes, -1);
}

void
mail_rtf (CaseMail *mail, const gchar *rtf)
{
  g_autoptr (GByteArray) out = stored_rtf (rtf);
  mail_bytes (mail, 0x1009, out->data, out->len);
}

void
mail_no_recipients (CaseMail *mail)
{
  mail->no_table = TRUE;
}

void
mail_drop_rows (CaseMail *mail)
{
  g_ptr_array_set_size (mail->rows, 0);
}

void
mail_bare (CaseMail *mail)
{
  bm_pst_props_remove (mail->props, BM_PST_TAG (0x001a, 0x001f));
  bm_pst_props_remove (mail->props, BM_PST_TAG (0x0e07, 0x0003));
  mail->bare = TRUE;
}

BmPstProps *
mail_row (CaseMail *mail, gint32 type, const gchar *name, const gchar *smtp)
{
  BmPstProps *row = bm_pst_props_new ();
  bm_pst_props_int32 (row, BM_PST_TAG (0x3000, 0x0003), (gint32) mail->rows->len);
  bm_pst_props_int32 (row, BM_PST_TAG (0x0c15, 0x0003), type);
  if (name != NULL)
    bm_pst_props_string (row, BM_PST_TAG (0x3001, 0x001f), name);
  if (smtp != NULL) {
    bm_pst_props_string (row, BM_PST_TAG (0x39fe, 0x001f), smtp);
    bm_pst_props_string (row, BM_PST_TAG (0x3002, 0x001f), "SMTP");
    bm_pst_props_string (row, BM_PST_TAG (0x3003, 0x001f), smtp);
  }
  g_ptr_array_add (mail->rows, row);
  return row;
}

BmPstProps *
mail_attach (CaseMail *mail, const gchar *name, gconstpointer data, gsize size)
{
  Attached *attached = g_new0 (Attached, 1);
  attached->props = bm_pst_props_new ();
  attached->data = g_bytes_new (data, size);
  if (name != NULL)
    bm_pst_props_string (attached->props, BM_PST_TAG (0x3707, 0x001f), name);
  g_ptr_array_add (mail->attachments, attached);
  return attached->props;
}

/* ---- writing ---- */

static guint32
folder_of (Case *c, const gchar *name)
{
  gpointer known = g_hash_table_lookup (c->folders, name);
  if (known == NULL) {
    known = GUINT_TO_POINTER (bm_pst_writer_add_folder (c->writer, 0, name, "IPF.Note", NULL));
    g_hash_table_insert (c->folders, g_strdup (name), known);
  }
  return GPOINTER_TO_UINT (known);
}

/* The writer's view of a mail; arrays go to keep. */
static BmPstMessage *
message_of (const CaseMail *mail, GPtrArray *keep)
{
  BmPstMessage *message = g_new0 (BmPstMessage, 1);
  BmPstAttachment *attachments = g_new0 (BmPstAttachment, mail->attachments->len + 1);
  g_ptr_array_add (keep, message);
  g_ptr_array_add (keep, attachments);
  for (guint i = 0; i < mail->attachments->len; i++) {
    const Attached *attached = g_ptr_array_index (mail->attachments, i);
    attachments[i].props = attached->props;
    if (attached->inner != NULL)
      attachments[i].embedded = message_of (attached->inner, keep);
    else
      attachments[i].data = g_bytes_get_data (attached->data, &attachments[i].size);
  }
  message->props = mail->props;
  message->recipients = (const BmPstProps *const *) mail->rows->pdata;
  message->n_recipients = mail->rows->len;
  message->attachments = attachments;
  message->n_attachments = mail->attachments->len;
  message->no_recipient_table = mail->no_table;
  message->bare = mail->bare;
  return message;
}

static void
write_pst (Case *c)
{
  g_autoptr (GError) error = NULL;
  case_writer (c);
  for (guint i = 0; i < c->mails->len; i++) {
    CaseMail *mail = g_ptr_array_index (c->mails, i);
    g_autoptr (GPtrArray) keep = g_ptr_array_new_with_free_func (g_free);
    guint32 folder = folder_of (c, mail->folder);
    mail->nid = bm_pst_writer_add_message (c->writer, folder, message_of (mail, keep));
  }
  bm_pst_writer_close (g_steal_pointer (&c->writer), &error);
  g_assert_no_error (error);
}

/* ---- reading ---- */

typedef struct {
  gint fd;
  BmPst *pst;
  BmCensus *census;
} Opened;

static void
opened_clear (Opened *opened)
{
  g_clear_pointer (&opened->census, bm_census_free);
  g_clear_pointer (&opened->pst, bm_pst_close);
  if (opened->fd >= 0)
    close (opened->fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Opened, opened_clear)

static void
open_pst (Opened *opened, const gchar *path, const gchar *charset)
{
  g_autoptr (GError) error = NULL;
  BmPstOptions options = {.charset = charset};
  opened->fd = open (path, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (opened->fd, >=, 0);
  opened->pst = bm_pst_open_fd (opened->fd, &options, &error);
  g_assert_no_error (error);
  opened->census = bm_pst_census (opened->pst, &error);
  g_assert_no_error (error);
}

static BmItem *
read_item (BmPst *pst, guint32 nid, gboolean people_only)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmPstWindow) window = bm_pst_window_open (pst, &nid, 1, &error);
  g_assert_no_error (error);
  if (people_only)
    bm_pst_window_people_only (window);
  return bm_pst_window_read (window, 0, NULL);
}

BmItem *
case_item (Case *c, guint n)
{
  const CaseMail *mail = g_ptr_array_index (c->mails, n);
  g_auto (Opened) opened = {.fd = -1};
  case_write (c);
  open_pst (&opened, c->path, c->context.charset);
  BmItem *item = read_item (opened.pst, mail->nid, FALSE);
  g_assert_nonnull (item);
  return item;
}

typedef struct {
  BmAddressMap *map;
  guint32 nid;
} Learning;

static void
on_learnt (gpointer user, const gchar *name, const gchar *address)
{
  const Learning *learning = user;
  g_assert_true (bm_address_map_add (learning->map, name, address, learning->nid));
}

BmAddressMap *
case_learn (Case *c)
{
  g_auto (Opened) opened = {.fd = -1};
  BmAddressMap *map = bm_address_map_new ();
  case_write (c);
  open_pst (&opened, c->path, c->context.charset);
  for (guint i = 0; i < opened.census->items->len; i++) {
    Learning learning = {map, g_array_index (opened.census->items, BmCensusItem, i).nid};
    g_autoptr (BmItem) item = read_item (opened.pst, learning.nid, TRUE);
    bm_render_learn (item, on_learnt, &learning);
  }
  return map;
}

const gchar *
case_write (Case *c)
{
  if (c->path == NULL || c->writer != NULL)
    write_pst (c);
  return c->path;
}

BmCensus *
case_census (const gchar *path, GError **error)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, error);
  BmCensus *census = pst != NULL ? bm_pst_census (pst, error) : NULL;
  close (fd);
  return census;
}

/* ---- what GMime sees, for the second parser to see too ---- */

static void
describe_part (GString *out, GMimeObject *part)
{
  if (GMIME_IS_MULTIPART (part)) {
    for (int i = 0; i < g_mime_multipart_get_count (GMIME_MULTIPART (part)); i++)
      describe_part (out, g_mime_multipart_get_part (GMIME_MULTIPART (part), i));
    return;
  }
  if (GMIME_IS_MESSAGE_PART (part)) {
    GMimeMessage *inner = g_mime_message_part_get_message (GMIME_MESSAGE_PART (part));
    describe_part (out, g_mime_message_get_mime_part (inner));
    return;
  }
  gsize size = 0;
  g_autofree gchar *type =
      g_mime_content_type_get_mime_type (g_mime_object_get_content_type (part));
  g_autofree gchar *content = rendered_content (part, &size);
  g_autofree gchar *hash =
      g_compute_checksum_for_data (G_CHECKSUM_SHA1, (const guchar *) content, size);
  const gchar *name = g_mime_part_get_filename (GMIME_PART (part));
  g_string_append_printf (out, "leaf %s %s %s\n", type, hash, name != NULL ? name : "");
}

static void
finish_expectations (Case *c)
{
  g_autofree gchar *path = NULL;
  if (c->last == NULL)
    return;
  path = g_strdup (c->last);
  memcpy (strrchr (path, '.'), ".exp", 4);
  g_assert_true (g_file_set_contents (path, c->expected->str, -1, NULL));
  g_string_truncate (c->expected, 0);
  g_clear_pointer (&c->last, g_free);
}

/* A map as a file for the second process: its path, "" for none. */
static gchar *
keep_map (const BmAddressMap *map)
{
  if (map == NULL)
    return g_strdup ("");
  g_autofree gchar *csv = bm_address_map_csv (map);
  gchar *path = g_strdup_printf ("%s/map-%u.csv", group_dir, ++files);
  g_assert_true (g_file_set_contents (path, csv, -1, NULL));
  return path;
}

static BmAddressMap *
load_map (const gchar *path)
{
  g_autofree gchar *csv = NULL;
  gsize size;
  if (*path == '\0' || !g_file_get_contents (path, &csv, &size, NULL))
    return NULL;
  return bm_address_map_parse (csv, size, NULL);
}

static Rendered *
render (Case *c, const BmItem *item, const gchar *pst, gboolean foreign)
{
  Rendered *rendered = rendered_with (item, &c->context);
  gchar hex[41];
  gsize size;
  finish_expectations (c);
  g_ptr_array_add (c->rendered, rendered);
  c->last = g_strdup_printf ("%s/case-%s-%u.eml", group_dir, c->entry->number, ++files);
  const gchar *data = g_bytes_get_data (rendered->message->bytes, &size);
  g_assert_true (g_file_set_contents (c->last, data, (gssize) size, NULL));
  bm_guid_to_hex (&rendered->message->guid, hex);
  g_autofree gchar *addresses = keep_map (c->context.addresses);
  g_autofree gchar *learnt = keep_map (c->context.learnt);
  g_string_append_printf (group_list, "%s\t%u\t%s\t%s\t%s\t%s\t%s\n", pst, item->nid,
                          c->context.charset != NULL ? c->context.charset : "", addresses, learnt,
                          c->context.owner != NULL ? c->context.owner : "", hex);
  g_autofree gchar *shape = rendered_shape (rendered);
  if (foreign)
    case_expect (c, "foreign");
  case_expect (c, "shape %s", shape);
  describe_part (c->expected, g_mime_message_get_mime_part (rendered->parsed));
  return rendered;
}

void
case_expect (Case *c, const gchar *format, ...)
{
  va_list args;
  va_start (args, format);
  g_string_append_vprintf (c->expected, format, args);
  g_string_append_c (c->expected, '\n');
  va_end (args);
}

Rendered *
case_render (Case *c, guint n)
{
  g_autoptr (BmItem) item = case_item (c, n);
  return render (c, item, c->path, FALSE);
}

gchar *
case_corpus_file (const gchar *file)
{
  g_autofree gchar *path = bm_corpus_path (file);
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&path);
  g_autofree gchar *why = g_strdup_printf ("there is no corpus file %s", file);
  g_test_skip (why);
  return NULL;
}

typedef struct {
  CaseCheck check;
  gpointer data;
  const gchar *subject; /* only this one, the first; or NULL */
} Wanted;

static guint
render_corpus (Case *c, const gchar *path, const Wanted *wanted, Rendered **found)
{
  g_auto (Opened) opened = {.fd = -1};
  guint n = 0;
  open_pst (&opened, path, c->context.charset);
  for (guint i = 0; i < opened.census->items->len; i++) {
    const BmCensusItem *known = &g_array_index (opened.census->items, BmCensusItem, i);
    g_autoptr (BmItem) item =
        known->rule == BM_RULE_NONE ? read_item (opened.pst, known->nid, FALSE) : NULL;
    if (item == NULL || !bm_message_class_is_mail (item->message_class))
      continue;
    if (wanted->subject != NULL) {
      g_autoptr (BmMessage) message = bm_render (item, &c->context, NULL);
      if (message == NULL || g_strcmp0 (message->subject, wanted->subject) != 0)
        continue;
    }
    Rendered *rendered = render (c, item, path, TRUE);
    if (wanted->check != NULL)
      wanted->check (c, item, rendered, wanted->data);
    if (found != NULL)
      *found = rendered;
    n++;
    if (wanted->subject != NULL)
      break;
  }
  return n;
}

Rendered *
case_corpus (Case *c, const gchar *file, const gchar *subject)
{
  g_autofree gchar *path = case_corpus_file (file);
  Wanted wanted = {.subject = subject};
  Rendered *found = NULL;
  if (path == NULL)
    return NULL;
  render_corpus (c, path, &wanted, &found);
  g_assert_nonnull (found);
  return found;
}

guint
case_corpus_each (Case *c, const gchar *file, CaseCheck check, gpointer data)
{
  g_autofree gchar *path = case_corpus_file (file);
  Wanted wanted = {.check = check, .data = data};
  return path != NULL ? render_corpus (c, path, &wanted, NULL) : 0;
}

/* ---- one case, and what comes after all of them ---- */

static void
run_case (gconstpointer entry)
{
  Case c = {.entry = entry};
  c.all = g_ptr_array_new_with_free_func ((GDestroyNotify) mail_free);
  c.mails = g_ptr_array_new ();
  c.rendered = g_ptr_array_new_with_free_func ((GDestroyNotify) rendered_free);
  c.folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  c.expected = g_string_new (NULL);
  c.entry->run (&c);
  finish_expectations (&c);
  g_ptr_array_unref (c.rendered);
  g_ptr_array_unref (c.mails);
  g_ptr_array_unref (c.all);
  g_hash_table_unref (c.folders);
  g_string_free (c.expected, TRUE);
  g_free (c.path);
}

static void
test_second_parser (void)
{
  g_autofree gchar *script = g_build_filename (g_getenv ("BM_SOURCE_ROOT"), "tests", "mime",
                                               "cases", "second-parser.py", NULL);
  g_autofree gchar *out = NULL, *err = NULL;
  /* Debian's own, for which the parsers of calendars and cards are installed */
  const gchar *argv[] = {"/usr/bin/python3", script, group_dir, NULL};
  gint status = 0;
  g_assert_true (g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, &err,
                               &status, NULL));
  g_test_message ("%s%s", out, err);
  g_assert_true (g_spawn_check_wait_status (status, NULL));
}

static const gchar turkish[] =
    "tr_TR.UTF-8"; /* i and I are no pair there, and decimals have a comma */

/* Makes that locale below the group's directory, where nobody has installed it. */
static gboolean
make_locale (const gchar *dir)
{
  g_autofree gchar *path = g_build_filename (dir, turkish, NULL);
  const gchar *argv[] = {"localedef", "-i", "tr_TR", "-f", "UTF-8", path, NULL};
  gint status = 1;
  g_mkdir (dir, 0700);
  return g_spawn_sync (NULL, (gchar **) argv, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                           G_SPAWN_STDERR_TO_DEV_NULL,
                       NULL, NULL, NULL, NULL, &status, NULL) &&
         g_spawn_check_wait_status (status, NULL);
}

static void
test_same_everywhere (gconstpointer program)
{
  g_autofree gchar *locales = g_build_filename (group_dir, "locales", NULL);
  g_autofree gchar *list = g_build_filename (group_dir, "list", NULL);
  g_autofree gchar *out = NULL;
  const gchar *argv[] = {program, "--again", list, NULL};
  g_auto (GStrv) env = g_get_environ ();
  gint status = 0;
  env = g_environ_setenv (env, "TZ", "Pacific/Kiritimati", TRUE);
  gboolean made = make_locale (locales);
  g_test_message ("locale %s", made ? turkish : "C.UTF-8: localedef makes no other here");
  env = g_environ_setenv (env, "LOCPATH", locales, TRUE);
  env = g_environ_setenv (env, "LC_ALL", made ? turkish : "C.UTF-8", TRUE);
  g_assert_true (g_file_set_contents (list, group_list->str, -1, NULL));
  g_assert_true (
      g_spawn_sync (NULL, (gchar **) argv, env, 0, NULL, NULL, &out, NULL, &status, NULL));
  g_assert_true (g_spawn_check_wait_status (status, NULL));
  g_assert_cmpstr (out, ==, group_list->str);
}

/* The second process: renders every line of the list again and prints it with the guid it gets. */
static gint
render_again (const gchar *list)
{
  g_autofree gchar *text = NULL;
  if (setlocale (LC_ALL, "") == NULL)
    return 1;
  g_assert_true (g_file_get_contents (list, &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
    g_auto (GStrv) words = g_strsplit (lines[i], "\t", -1);
    const gchar *charset = *words[2] != '\0' ? words[2] : NULL;
    g_autoptr (BmAddressMap) addresses = load_map (words[3]);
    g_autoptr (BmAddressMap) learnt = load_map (words[4]);
    BmRenderContext context = {.charset = charset,
                               .addresses = addresses,
                               .learnt = learnt,
                               .owner = *words[5] != '\0' ? words[5] : NULL};
    g_auto (Opened) opened = {.fd = -1};
    gchar hex[41] = "";
    open_pst (&opened, words[0], charset);
    g_autoptr (BmItem) item = read_item (opened.pst, (guint32) strtoul (words[1], NULL, 10), FALSE);
    g_autoptr (BmMessage) message = bm_render (item, &context, NULL);
    if (message != NULL)
      bm_guid_to_hex (&message->guid, hex);
    g_free (words[6]);
    words[6] = g_strdup (hex);
    g_autofree gchar *line = g_strjoinv ("\t", words);
    g_print ("%s\n", line);
  }
  return 0;
}

static void
remove_dir (const gchar *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  for (const gchar *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;) {
    g_autofree gchar *file = g_build_filename (path, name, NULL);
    if (g_file_test (file, G_FILE_TEST_IS_DIR))
      remove_dir (file);
    else
      g_unlink (file);
  }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (path);
}

gchar *
case_unfold (const gchar *text)
{
  g_auto (GStrv) folded = g_strsplit (text, "\r\n ", -1);
  g_autofree gchar *unfolded = g_strjoinv ("", folded);
  g_auto (GStrv) lines = g_strsplit (unfolded, "\r\n", -1);
  return g_strjoinv ("\n", lines);
}

void
case_assert_line (const gchar *lines, const gchar *line)
{
  g_autofree gchar *whole = g_strconcat ("\n", line, "\n", NULL);
  if (strstr (lines, whole) == NULL)
    g_error ("no line %s in\n%s", line, lines);
}

gint
case_main (gint argc, gchar **argv, const CaseEntry *entries, gsize n)
{
  bm_render_init ();
  if (argc == 3 && g_str_equal (argv[1], "--again"))
    return render_again (argv[2]);
  g_test_init (&argc, &argv, NULL);
  group_dir = g_dir_make_tmp ("bm-cases-XXXXXX", NULL);
  group_list = g_string_new (NULL);
  for (gsize i = 0; i < n; i++) {
    g_autofree gchar *path = g_strdup_printf ("/case/%s-%s", entries[i].number, entries[i].name);
    g_test_add_data_func (path, &entries[i], run_case);
  }
  g_test_add_func ("/case/z-second-parser", test_second_parser);
  g_test_add_data_func ("/case/z-same-everywhere", argv[0], test_same_everywhere);
  gint status = g_test_run ();
  if (g_getenv ("BM_KEEP_CASES") == NULL)
    remove_dir (group_dir);
  else
    g_print ("# kept: %s\n", group_dir);
  g_string_free (group_list, TRUE);
  g_free (group_dir);
  return status;
}
