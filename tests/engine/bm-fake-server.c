/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-fake.h: the mail server in memory, its sink and its witness. */
#include "engine/bm-fake.h"

#include <stdio.h>
#include <string.h>

typedef struct {
  BmSink base;
  FakeServer *server;
  gboolean connected;
  BmSinkLimits limits;
} FakeSink;

typedef struct {
  BmWitness base;
  FakeServer *server;
} FakeWitness;

static void
folder_free (gpointer data)
{
  FakeFolder *folder = data;
  g_free (folder->name);
  g_array_unref (folder->stored);
  g_free (folder);
}

FakeServer *
fake_server_new (void)
{
  FakeServer *server = g_new0 (FakeServer, 1);
  server->folders = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, folder_free);
  server->trace = g_string_new (NULL);
  fake_server_folder (server, "INBOX", TRUE);
  return server;
}

void
fake_server_free (FakeServer *server)
{
  g_hash_table_unref (server->folders);
  g_string_free (server->trace, TRUE);
  g_free (server);
}

static void
mirror_change (FakeServer *server, const gchar *folder, const gchar *guid)
{
  if (server->mirror == NULL)
    return;
  FILE *file = fopen (server->mirror, "a");
  g_assert_nonnull (file);
  fprintf (file, "%s\t%s\n", folder, guid);
  fclose (file);
}

FakeFolder *
fake_server_folder (FakeServer *server, const gchar *name, gboolean create)
{
  FakeFolder *folder = g_hash_table_lookup (server->folders, name);
  if (folder == NULL && create) {
    folder = g_new0 (FakeFolder, 1);
    folder->name = g_strdup (name);
    folder->uidvalidity = 1000 + server->made++;
    folder->uidnext = 1;
    folder->stored = g_array_new (FALSE, FALSE, sizeof (BmStored));
    g_hash_table_insert (server->folders, folder->name, folder);
    mirror_change (server, name, "");
  }
  return folder;
}

void
fake_server_put (FakeServer *server, const gchar *name, const BmGuid *guid)
{
  FakeFolder *folder = fake_server_folder (server, name, TRUE);
  BmStored one = {.uid = folder->uidnext++, .guid = *guid};
  g_array_append_val (folder->stored, one);
  gchar hex[41];
  bm_guid_to_hex (guid, hex);
  mirror_change (server, name, hex);
}

void
fake_server_replay (FakeServer *server, const gchar *mirror)
{
  g_autofree gchar *text = NULL;
  if (!g_file_get_contents (mirror, &text, NULL, NULL))
    return;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
    g_auto (GStrv) fields = g_strsplit (lines[i], "\t", 2);
    BmGuid guid;
    if (bm_guid_from_hex (fields[1], &guid))
      fake_server_put (server, fields[0], &guid);
    else
      fake_server_folder (server, fields[0], TRUE);
  }
}

static gint
compare_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

gchar *
fake_server_dump (FakeServer *server, gboolean with_uids)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  FakeFolder *folder;
  g_hash_table_iter_init (&iter, server->folders);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &folder)) {
    for (guint i = 0; i < folder->stored->len; i++) {
      const BmStored *one = &g_array_index (folder->stored, BmStored, i);
      gchar hex[41];
      bm_guid_to_hex (&one->guid, hex);
      g_ptr_array_add (lines,
                       g_strdup_printf ("%s %s %u", folder->name, hex, with_uids ? one->uid : 0));
    }
  }
  g_ptr_array_sort (lines, compare_text);
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("\n", (gchar **) lines->pdata);
}

static gboolean
is_guid (const gchar *hex, const BmGuid *guid)
{
  gchar own[41];
  bm_guid_to_hex (guid, own);
  return g_strcmp0 (hex, own) == 0;
}

static gboolean
lost (FakeSink *sink, GError **error)
{
  sink->connected = FALSE;
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_CONNECTION_LOST, "fake: connection lost");
  return FALSE;
}

/* ---- sink ---- */

static gboolean
sink_connect (BmSink *base, GError **error)
{
  FakeSink *sink = (FakeSink *) base;
  g_string_append (sink->server->trace, "connect ");
  if (sink->server->refuse_connects > 0) {
    sink->server->refuse_connects--;
    return lost (sink, error);
  }
  sink->connected = TRUE;
  return TRUE;
}

static const BmSinkLimits *
sink_limits (BmSink *base)
{
  FakeSink *sink = (FakeSink *) base;
  sink->limits = (BmSinkLimits){.max_messages = 4,
                                .max_bytes = 1 << 20,
                                .description = "fake",
                                .transport = "none",
                                .bluemind5 = sink->server->bluemind5,
                                .can_list = !sink->server->no_list};
  return &sink->limits;
}

static const BmNameRules *
sink_name_rules (BmSink *base)
{
  static const gchar *const taken[] = {"Autres utilisateurs", NULL};
  static const BmNameRules rules = {'/', "\\\"%&*^", 100, 200, taken};
  return &rules;
}

static gboolean
sink_open_folder (BmSink *base, const gchar *name, gboolean create, BmTarget **target,
                  GError **error)
{
  FakeSink *sink = (FakeSink *) base;
  g_string_append_printf (sink->server->trace, "open:%s ", name);
  if (!sink->connected)
    return lost (sink, error);
  if (g_strcmp0 (name, sink->server->refuse_folder) == 0) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_FOLDER_REFUSED, "fake: bad folder");
    return FALSE;
  }
  const gchar *slash = strrchr (name, '/');
  g_autofree gchar *parent = slash != NULL ? g_strndup (name, (gsize) (slash - name)) : NULL;
  if (create && parent != NULL)
    g_assert_nonnull (fake_server_folder (sink->server, parent, FALSE)); /* level by level */
  FakeFolder *folder = fake_server_folder (sink->server, name, FALSE);
  *target = g_new0 (BmTarget, 1);
  (*target)->name = g_strdup (name);
  (*target)->existed = folder != NULL;
  if (folder == NULL && create)
    folder = fake_server_folder (sink->server, name, TRUE);
  if (folder != NULL) {
    (*target)->uidvalidity = folder->uidvalidity;
    (*target)->uidnext = folder->uidnext;
  }
  return TRUE;
}

static GArray *
list_folder (FakeServer *server, const gchar *name, guint32 from)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (BmStored));
  FakeFolder *folder = fake_server_folder (server, name, FALSE);
  for (guint i = 0; folder != NULL && i < folder->stored->len; i++) {
    BmStored one = g_array_index (folder->stored, BmStored, i);
    if (one.uid >= from)
      g_array_append_val (array, one);
  }
  return array;
}

static GArray *
sink_list (BmSink *base, BmTarget *target, guint32 uid_from, GError **error)
{
  FakeSink *sink = (FakeSink *) base;
  g_string_append_printf (sink->server->trace, "list:%s:%u ", target->name, uid_from);
  if (!sink->connected) {
    lost (sink, error);
    return NULL;
  }
  if (sink->server->lose_list > 0) {
    sink->server->lose_list--;
    lost (sink, error);
    return NULL;
  }
  if (sink->server->no_list) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_UNSUPPORTED, "fake: no digests");
    return NULL;
  }
  return list_folder (sink->server, target->name, uid_from);
}

/* Down by one; TRUE when it reaches zero now. */
static gboolean
falls_due (guint *counter)
{
  return *counter > 0 && --*counter == 0;
}

static gboolean
store_one (FakeSink *sink, const BmTarget *target, const BmMessage *message, BmOutcome *outcome,
           GError **error)
{
  FakeServer *server = sink->server;
  if (falls_due (&server->quota_after)) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_OVER_QUOTA, "fake: over quota");
    return FALSE;
  }
  if (is_guid (server->poison_guid, &message->guid)) {
    outcome->kind = BM_OUTCOME_IN_DOUBT;
    return lost (sink, error);
  }
  if (is_guid (server->refuse_guid, &message->guid)) {
    outcome->kind = BM_OUTCOME_REFUSED;
    outcome->cause = BM_CAUSE_REFUSED;
    outcome->text = g_strdup ("fake: no");
    return TRUE;
  }
  FakeFolder *folder = fake_server_folder (server, target->name, FALSE);
  g_assert_nonnull (folder);
  outcome->kind = server->no_appenduid ? BM_OUTCOME_IN_DOUBT : BM_OUTCOME_APPENDED;
  outcome->uidvalidity = folder->uidvalidity;
  outcome->uid = folder->uidnext;
  fake_server_put (server, target->name, &message->guid);
  return TRUE;
}

static gboolean
sink_append (BmSink *base, BmTarget *target, GPtrArray *messages, BmOutcome *outcomes,
             GError **error)
{
  FakeSink *sink = (FakeSink *) base;
  g_string_append_printf (sink->server->trace, "append:%s:%u ", target->name, messages->len);
  g_assert_cmpuint (messages->len, <=, 4);
  if (!sink->connected || sink->server->hang_up)
    return lost (sink, error);
  gboolean before = falls_due (&sink->server->lose_before_store);
  gboolean after = falls_due (&sink->server->lose_after_store);
  for (guint i = 0; i < messages->len; i++) {
    if (before)
      outcomes[i].kind = BM_OUTCOME_IN_DOUBT;
    else if (!store_one (sink, target, g_ptr_array_index (messages, i), &outcomes[i], error))
      return FALSE;
    if (after)
      outcomes[i] = (BmOutcome){.kind = BM_OUTCOME_IN_DOUBT};
  }
  return before || after ? lost (sink, error) : TRUE;
}

static gboolean
sink_idle (BmSink *base, GError **error)
{
  FakeSink *sink = (FakeSink *) base;
  g_string_append (sink->server->trace, "idle ");
  return sink->connected || lost (sink, error);
}

static void
sink_target_free (BmSink *base, BmTarget *target)
{
  g_free (target->name);
  g_free (target);
}

static void
plain_free (gpointer object)
{
  g_free (object);
}

BmSink *
fake_sink_new (FakeServer *server)
{
  static const BmSinkOps ops = {
      sink_connect,     sink_limits,      sink_name_rules,
      sink_open_folder, sink_list,        sink_append,
      sink_idle,        sink_target_free, (void (*) (BmSink *)) plain_free};
  FakeSink *sink = g_new0 (FakeSink, 1);
  sink->base.ops = &ops;
  sink->server = server;
  return &sink->base;
}

/* ---- witness ---- */

static gboolean
database_lost (FakeServer *server, GError **error)
{
  if (server->lose_database == 0)
    return FALSE;
  server->lose_database--;
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_DATABASE_LOST, "fake: database lost");
  return TRUE;
}

static BmVerdict
verdict_of (FakeServer *server, const BmClaim *claim)
{
  FakeFolder *folder = fake_server_folder (server, claim->folder, FALSE);
  if (folder == NULL)
    return BM_VERDICT_PENDING;
  if (is_guid (server->no_body_guid, &claim->guid))
    return BM_VERDICT_BODY_MISSING;
  if (is_guid (server->differs_guid, &claim->guid))
    return BM_VERDICT_DIFFERS;
  if (is_guid (server->gone_guid, &claim->guid))
    return server->gone_until != 0 && g_get_monotonic_time () >= server->gone_until
               ? BM_VERDICT_BODY_MISSING
               : BM_VERDICT_GONE;
  for (guint i = 0; i < folder->stored->len; i++) {
    const BmStored *one = &g_array_index (folder->stored, BmStored, i);
    if (one->uid == claim->uid)
      return bm_guid_equal (&one->guid, &claim->guid) ? BM_VERDICT_PRESENT : BM_VERDICT_DIFFERS;
  }
  return claim->uid < folder->uidnext ? BM_VERDICT_GONE : BM_VERDICT_PENDING;
}

static gboolean
witness_examine (BmWitness *base, BmClaim *claims, gsize n, GError **error)
{
  FakeServer *server = ((FakeWitness *) base)->server;
  if (database_lost (server, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    claims[i].verdict = verdict_of (server, &claims[i]);
  return TRUE;
}

static GArray *
witness_list (BmWitness *base, const gchar *folder, guint32 uid_from, GError **error)
{
  FakeServer *server = ((FakeWitness *) base)->server;
  if (!server->blind)
    return list_folder (server, folder, uid_from);
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_UNSUPPORTED, "fake: blind");
  return NULL;
}

static gboolean
witness_last_uid (BmWitness *base, const gchar *name, guint64 *last_uid, GError **error)
{
  FakeServer *server = ((FakeWitness *) base)->server;
  if (database_lost (server, error))
    return FALSE;
  FakeFolder *folder = fake_server_folder (server, name, FALSE);
  *last_uid = 0;
  if (server->lag > 0)
    server->lag--;
  else if (folder != NULL)
    *last_uid = folder->uidnext - 1;
  return TRUE;
}

static const gchar *
witness_description (BmWitness *base)
{
  return "fake";
}

BmWitness *
fake_witness_new (FakeServer *server)
{
  static const BmWitnessOps ops = {.examine = witness_examine,
                                   .list = witness_list,
                                   .last_uid = witness_last_uid,
                                   .description = witness_description,
                                   .free = (void (*) (BmWitness *)) plain_free};
  static const BmWitnessOps blind = {.examine = witness_examine,
                                     .list = witness_list,
                                     .last_uid = witness_last_uid,
                                     .description = witness_description,
                                     .free = (void (*) (BmWitness *)) plain_free,
                                     .blind = "no-database"};
  FakeWitness *witness = g_new0 (FakeWitness, 1);
  witness->base.ops = server->blind ? &blind : &ops;
  witness->server = server;
  return &witness->base;
}
