/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Addresses out of headers that were made to be misread; what a sample of a PST tells. */
#include "cli/bm-evidence.h"
#include "cli/bm-header.h"

#include <string.h>

/* ---- headers ---- */

static void
test_get (void)
{
  static const gchar text[] = "Xfrom: a\r\nSubject: From: b\r\n\tFrom: c\r\nFrom : d\r\n"
                              "fROM:  \"e\r\n f\" <g@x>\r\n\th\r\nTo:\r\nCc: i\r\n\r\nBcc: j\r\n";
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, sizeof text - 1);
  static const gchar *const fields[][2] = {{"From", "\"e f\" <g@x>\th"},
                                           {"To", ""},
                                           {"Cc", "i"},
                                           {"Bcc", NULL},
                                           {"Subject", "From: b\tFrom: c"}};
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    g_autofree gchar *value = bm_header_get (bytes, fields[i][0]);
    g_assert_cmpstr (value, ==, fields[i][1]);
  }
  g_autoptr (GBytes) none = g_bytes_new_static ("", 0);
  g_assert_null (bm_header_get (none, "From"));
  g_autoptr (GBytes) open = g_bytes_new_static ("From: a", 7);
  g_autofree gchar *value = bm_header_get (open, "From");
  g_assert_cmpstr (value, ==, "a");
}

static void
test_addresses (void)
{
  static const gchar *const cases[][2] = {
      {"jd@lab.test", "jd@lab.test"},
      {" <JD@Lab.Test> ", "jd@lab.test"},
      {"\"Doe, <boss@x.y>, Jane\" <jd@lab.test>, b@x.y", "jd@lab.test b@x.y"},
      {"\"quote \\\" <boss@x.y>\" <jd@lab.test>", "jd@lab.test"},
      {"=?utf-8?Q?J=C3=BCrgen?= <jd@lab.test>,\t=?utf-8?B?w6k=?= <b@x.y>", "jd@lab.test b@x.y"},
      {"jd@lab.test (the boss (boss@x.y), \\) here), b@x.y", "jd@lab.test b@x.y"},
      {"Team: a@x.y, B <b@x.y>;, c@x.y", "a@x.y b@x.y c@x.y"},
      {"undisclosed-recipients:;", ""},
      {"a@x.y, A <A@X.Y>, a@x.y", "a@x.y"},
      {"boss@x.y <jd@lab.test>", "jd@lab.test"},
      {"Jane Doe", ""},
      {"<jd@lab.test", "jd@lab.test"},
      {"\"open <jd@lab.test>", ""},
      {"(open <jd@lab.test>", ""},
      {"a@b@c, @x, y@, <>, \"a b\"@x.y, =cmd@x.y", ""},
      {"", ""},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (GStrv) addresses = bm_header_addresses (cases[i][0]);
    g_autofree gchar *joined = g_strjoinv (" ", addresses);
    g_test_message ("%s", cases[i][0]);
    g_assert_cmpstr (joined, ==, cases[i][1]);
  }
  g_auto (GStrv) none = bm_header_addresses (NULL);
  g_assert_null (none[0]);
}

static void
test_find (void)
{
  static const gchar *const cases[][2] = {{"Mailbox - JD@lab.test", "jd@lab.test"},
                                          {"jd@lab.test", "jd@lab.test"},
                                          {"Jane Doe (jd@lab.test)", "jd@lab.test"},
                                          {"Archive de Camille", NULL},
                                          {"@ home", NULL},
                                          {"", NULL},
                                          {NULL, NULL}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *address = bm_header_find_address (cases[i][0]);
    g_assert_cmpstr (address, ==, cases[i][1]);
  }
}

/* ---- a PST in memory ---- */

typedef struct {
  guint32 folder;
  const gchar *text; /* of the message; NULL: unreadable; "": no mail */
  BmNotes notes;
} Item;

typedef struct {
  BmSource base;
  BmCensus *census;
  GPtrArray *items; /* Item *, borrowed; nid = index + 1 */
  GArray *ordered;
  guint next, asked;
} Source;

static const BmCensus *
source_census (BmSource *base, GError **error)
{
  return ((Source *) base)->census;
}

static gboolean
source_order (BmSource *base, const guint32 *nids, gsize n, GError **error)
{
  Source *source = (Source *) base;
  g_array_set_size (source->ordered, 0);
  g_array_append_vals (source->ordered, nids, (guint) n);
  for (gsize i = 1; i < n; i++)
    g_assert_cmpuint (nids[i - 1], <, nids[i]); /* the contract: ascending, each once */
  source->next = 0;
  source->asked += (guint) n;
  return TRUE;
}

static gboolean
source_next (BmSource *base, BmEntry *entry, GError **error)
{
  Source *source = (Source *) base;
  if (source->next == source->ordered->len)
    return TRUE; /* BM_ENTRY_END is zero */
  entry->nid = g_array_index (source->ordered, guint32, source->next++);
  const Item *item = g_ptr_array_index (source->items, entry->nid - 1);
  if (item->text == NULL) {
    entry->kind = BM_ENTRY_FAILED;
    entry->error = g_error_new_literal (BM_ERROR, BM_CAUSE_UNREADABLE, "unreadable");
  } else if (*item->text == '\0') {
    entry->kind = BM_ENTRY_SKIPPED;
    entry->rule = BM_RULE_NOT_MAIL;
  } else {
    entry->kind = BM_ENTRY_MESSAGE;
    entry->message = bm_message_seal (g_bytes_new (item->text, strlen (item->text)), error);
    entry->message->nid = entry->nid;
    entry->message->notes = item->notes;
  }
  return entry->kind != BM_ENTRY_MESSAGE || entry->message != NULL;
}

static void
source_free (BmSource *base)
{
  Source *source = (Source *) base;
  bm_census_free (source->census);
  g_array_unref (source->ordered);
  g_ptr_array_unref (source->items);
  g_free (source);
}

static const BmSourceOps source_ops = {source_census, source_order, NULL, source_next, source_free};

enum { TOP = 1, INBOX, SENT, SENT_OLD, DRAFTS, OTHER, SENT_COPY };

static Source *
source_new (void)
{
  static const struct {
    guint32 parent;
    const gchar *path;
    BmRole role;
  } folders[] = {{0, "", BM_ROLE_NONE},
                 {TOP, "Inbox", BM_ROLE_INBOX},
                 {TOP, "Gesendet", BM_ROLE_SENT},
                 {SENT, "Gesendet/2019", BM_ROLE_NONE},
                 {TOP, "Drafts", BM_ROLE_DRAFTS},
                 {TOP, "Projects", BM_ROLE_NONE},
                 {OTHER, "Projects/Sent", BM_ROLE_NONE}};
  Source *source = g_new0 (Source, 1);
  source->base.ops = &source_ops;
  source->census = bm_census_new ();
  source->ordered = g_array_new (FALSE, FALSE, sizeof (guint32));
  source->items = g_ptr_array_new ();
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++) {
    BmFolder *folder = bm_folder_new ();
    folder->nid = i + 1;
    folder->parent = folders[i].parent;
    folder->path = g_strdup (folders[i].path);
    folder->role = folders[i].role;
    folder->alike = i + 1 == SENT_COPY ? BM_ROLE_SENT : BM_ROLE_NONE;
    g_ptr_array_add (source->census->folders, folder);
  }
  return source;
}

static void
add (Source *source, const Item *item, guint n)
{
  for (guint i = 0; i < n; i++) {
    BmCensusItem one = {source->items->len + 1, item->folder, BM_RULE_NONE};
    g_array_append_val (source->census->items, one);
    g_ptr_array_add (source->items, (gpointer) item);
  }
}

static gchar *
flat (GPtrArray *items)
{
  g_autoptr (GString) out = g_string_new (NULL);
  for (guint i = 0; i < items->len; i++) {
    g_autofree gchar *joined = g_strjoinv (" ", g_ptr_array_index (items, i));
    g_string_append_printf (out, "%s|", joined);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Sent items that somebody copied into an archive. */
static void
test_copy (void)
{
  static const Item item = {SENT_COPY, "From: jd@lab.test\r\nTo: b@x.y\r\n\r\n1\r\n"};
  g_autoptr (GError) error = NULL;
  Source *source = source_new ();
  g_autoptr (BmSource) owned = &source->base;
  add (source, &item, 1);
  g_autoptr (BmEvidence) evidence = bm_evidence_collect (owned, source->census, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autofree gchar *sent = flat (evidence->sent);
  g_assert_cmpstr (sent, ==, "jd@lab.test|");
  g_assert_cmpuint (evidence->received->len, ==, 0);
}

static void
test_collect (void)
{
  static const Item items[] = {
      {INBOX, "From: B <b@x.y>\r\nTo: J <jd@lab.test>\r\nCc: c@x.y\r\n\r\n1\r\n"},
      {SENT, "From: jd@lab.test\r\nSender: s@x.y\r\nTo: b@x.y\r\n\r\n2\r\n"},
      {SENT_OLD, "From: <jd@old.test>\r\n\r\n3\r\n"},
      {SENT, "From: <jane@unresolved.invalid>\r\n\r\n4\r\n"},
      {DRAFTS, "From: n@x.y\r\nTo: nobody@x.y\r\n\r\n5\r\n"},
      {OTHER, "From: d@x.y\r\nTo: who@unresolved.invalid, e@x.y\r\n\r\n6\r\n"},
      {OTHER, ""},
      {INBOX, NULL},
      /* the renderer has put the user there */
      {SENT, "From: asked-for@x.y\r\n\r\n7\r\n", G_GUINT64_CONSTANT (1) << BM_NOTE_SENDER_UNKNOWN},
  };
  g_autoptr (GError) error = NULL;
  Source *source = source_new ();
  g_autoptr (BmSource) owned = &source->base;
  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    add (source, &items[i], 1);
  g_free (source->census->display_name);
  source->census->display_name = g_strdup ("Mailbox - jd@lab.test");
  g_autoptr (BmEvidence) evidence = bm_evidence_collect (owned, source->census, NULL, NULL, &error);
  g_assert_no_error (error);
  g_autofree gchar *sent = flat (evidence->sent), *received = flat (evidence->received);
  g_assert_cmpstr (sent, ==, "jd@lab.test s@x.y|jd@old.test|");
  g_assert_cmpstr (received, ==, "jd@lab.test c@x.y|e@x.y|");
  g_assert_cmpstr (evidence->store_address, ==, "jd@lab.test");
  g_assert_cmpuint (evidence->read, ==, 9);
  g_assert_cmpuint (evidence->mails, ==, 7);
  gsize bytes = 0;
  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    bytes += items[i].text != NULL ? strlen (items[i].text) : 0;
  g_assert_cmpuint (evidence->bytes, ==, bytes); /* all were looked at: exact */
}

/* A big PST: 200 items are read, evenly; the estimate scales, kinds apart. */
static void
test_spread (void)
{
  static const Item small = {INBOX, "From: a@x.y\r\nTo: b@x.y\r\n\r\n1\r\n"},
                    early = {SENT, "From: early@x.y\r\n\r\n12345678\r\n"},
                    late = {SENT, "From: late1@x.y\r\n\r\n12345678\r\n"};
  g_autoptr (GError) error = NULL;
  Source *source = source_new ();
  g_autoptr (BmSource) owned = &source->base;
  add (source, &early, 500);
  add (source, &small, 3000);
  add (source, &late, 500);
  g_autoptr (BmEvidence) evidence = bm_evidence_collect (owned, source->census, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (source->asked, ==, BM_EVIDENCE_ALL);
  g_assert_cmpuint (evidence->sent->len, ==, 100);
  g_assert_cmpuint (evidence->received->len, ==, 100);
  guint n_early = 0;
  for (guint i = 0; i < 100; i++)
    n_early += g_str_equal (((GStrv) g_ptr_array_index (evidence->sent, i))[0], "early@x.y");
  g_assert_cmpuint (n_early, ==, 50);
  g_assert_cmpuint (evidence->mails, ==, 4000);
  g_assert_cmpuint (evidence->bytes, ==, 3000 * strlen (small.text) + 1000 * strlen (late.text));

  const gchar *const include[] = {"#SentItems#", NULL};
  const BmSelection selection = {.include = include};
  g_autoptr (BmEvidence) part =
      bm_evidence_collect (owned, source->census, &selection, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (part->mails, ==, 1000);
  g_assert_cmpuint (part->bytes, ==, 1000 * strlen (late.text));
  g_assert_cmpuint (part->received->len, ==, 100); /* the owner is the whole PST's */
}

static void
test_nothing (void)
{
  g_autoptr (GError) error = NULL;
  Source *source = source_new ();
  g_autoptr (BmSource) owned = &source->base;
  g_autoptr (BmEvidence) evidence = bm_evidence_collect (owned, source->census, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (evidence->read + evidence->mails + evidence->bytes, ==, 0);
  g_assert_cmpuint (source->asked, ==, 0);
}

static gboolean
stop (GError **error)
{
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_INTERRUPTED, "stop");
  return TRUE;
}

static void
test_interrupted (void)
{
  static const Item item = {INBOX, "From: a@x.y\r\n\r\n"};
  g_autoptr (GError) error = NULL;
  Source *source = source_new ();
  g_autoptr (BmSource) owned = &source->base;
  add (source, &item, 3);
  g_assert_null (bm_evidence_collect (owned, source->census, NULL, stop, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_INTERRUPTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/header/get", test_get);
  g_test_add_func ("/header/addresses", test_addresses);
  g_test_add_func ("/header/find", test_find);
  g_test_add_func ("/evidence/collect", test_collect);
  g_test_add_func ("/evidence/copy", test_copy);
  g_test_add_func ("/evidence/spread", test_spread);
  g_test_add_func ("/evidence/nothing", test_nothing);
  g_test_add_func ("/evidence/interrupted", test_interrupted);
  return g_test_run ();
}
