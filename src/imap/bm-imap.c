/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The sink's operations: see sink.h and bm-imap.h. Must not know journal, SQL or when to try again.
 * One thread. */
#include "imap/bm-imap-private.h"

#include <string.h>

static gboolean
sink_connect (BmSink *sink, GError **error)
{
  return bm_imap_connect ((BmImap *) sink, error);
}

static const BmSinkLimits *
sink_limits (BmSink *sink)
{
  return &((BmImap *) sink)->limits;
}

static const BmNameRules *
sink_name_rules (BmSink *sink)
{
  return &((BmImap *) sink)->rules;
}

/* Fills target from STATUS; *exists says whether the server knows the folder. */
static gboolean
read_status (BmImap *imap, const gchar *wire_name, BmTarget *target, gboolean *exists,
             GError **error)
{
  struct mailimap_mailbox_data_status *status = NULL;
  struct mailimap_status_att_list *wanted = mailimap_status_att_list_new_empty ();
  mailimap_status_att_list_add (wanted, MAILIMAP_STATUS_ATT_UIDNEXT);
  mailimap_status_att_list_add (wanted, MAILIMAP_STATUS_ATT_UIDVALIDITY);
  int result = mailimap_status (imap->imap, wire_name, wanted, &status);
  mailimap_status_att_list_free (wanted);
  *exists = result == MAILIMAP_NO_ERROR && status != NULL;
  for (clistiter *i = *exists ? clist_begin (status->st_info_list) : NULL; i != NULL;
       i = clist_next (i)) {
    const struct mailimap_status_info *info = clist_content (i);
    if (info->st_att == MAILIMAP_STATUS_ATT_UIDNEXT)
      target->uidnext = info->st_value;
    else if (info->st_att == MAILIMAP_STATUS_ATT_UIDVALIDITY)
      target->uidvalidity = info->st_value;
  }
  if (status != NULL)
    mailimap_mailbox_data_status_free (status);
  return !bm_imap_is_broken (result) || bm_imap_lost (imap, "asking for a folder", error);
}

static gboolean
create (BmImap *imap, const gchar *name, const gchar *wire_name, GError **error)
{
  int result = mailimap_create (imap->imap, wire_name);
  if (bm_imap_is_broken (result))
    return bm_imap_lost (imap, "making a folder", error);
  if (result != MAILIMAP_NO_ERROR) {
    g_autofree gchar *words = bm_imap_words (imap);
    g_set_error (error, BM_ERROR, BM_CAUSE_FOLDER_REFUSED,
                 "the server does not make the folder \"%s\": %s", name, words);
    return FALSE;
  }
  result = mailimap_subscribe (imap->imap, wire_name);
  if (bm_imap_is_broken (result))
    return bm_imap_lost (imap, "subscribing to a folder", error);
  if (result != MAILIMAP_NO_ERROR)
    g_info ("the server does not subscribe to \"%s\"", name);
  return TRUE;
}

static gboolean
open_target (BmImap *imap, BmTarget *target, gboolean may_create, GError **error)
{
  g_autofree gchar *wire_name = bm_imap_wire_name (imap, target->name);
  gboolean exists;
  if (!read_status (imap, wire_name, target, &exists, error))
    return FALSE;
  target->existed = exists;
  if (exists || !may_create)
    return TRUE;
  if (!create (imap, target->name, wire_name, error) ||
      !read_status (imap, wire_name, target, &exists, error))
    return FALSE;
  if (exists)
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_FOLDER_REFUSED,
               "the server made the folder \"%s\" but does not show it", target->name);
  return FALSE;
}

static void
sink_target_free (BmSink *sink, BmTarget *target)
{
  g_free (target->name);
  g_free (target);
}

static gboolean
sink_open_folder (BmSink *sink, const gchar *name, gboolean may_create, BmTarget **target,
                  GError **error)
{
  BmImap *imap = (BmImap *) sink;
  if (!bm_imap_need (imap, error))
    return FALSE;
  BmTarget *opened = g_new0 (BmTarget, 1);
  opened->name = g_strdup (name);
  if (open_target (imap, opened, may_create, error)) {
    *target = opened;
    return TRUE;
  }
  sink_target_free (sink, opened);
  return FALSE;
}

static gboolean
sink_idle (BmSink *sink, GError **error)
{
  BmImap *imap = (BmImap *) sink;
  if (!bm_imap_need (imap, error))
    return FALSE;
  return mailimap_noop (imap->imap) == MAILIMAP_NO_ERROR || bm_imap_lost (imap, "waiting", error);
}

static void
sink_free (BmSink *sink)
{
  BmImap *imap = (BmImap *) sink;
  if (imap->imap != NULL)
    mailimap_logout (imap->imap);
  bm_imap_disconnect (imap);
  g_ptr_array_unref (imap->taken);
  g_hash_table_unref (imap->keywords);
  g_free (imap->host);
  g_free (imap->ca_file);
  g_free (imap->login);
  g_free (imap->description);
  g_free (imap->transport);
  g_free (imap);
}

/* What an administrator writes bypasses BlueMind's checks and breaks replication. */
static gboolean
is_admin (const BmImapOptions *options)
{
  static const gchar *const known[] = {"admin0", "cyrus", "bmhiddensysadmin", NULL};
  g_auto (GStrv) parts = g_strsplit (options->login, "@", 2);
  for (guint i = 0; known[i] != NULL; i++)
    if (g_ascii_strcasecmp (known[i], parts[0]) == 0)
      return TRUE;
  for (guint i = 0; options->admins != NULL && options->admins[i] != NULL; i++)
    if (g_ascii_strcasecmp (options->admins[i], options->login) == 0 ||
        g_ascii_strcasecmp (options->admins[i], parts[0]) == 0)
      return TRUE;
  return parts[0] != NULL && parts[1] != NULL && g_ascii_strcasecmp (parts[1], "global.virt") == 0;
}

static gboolean
check_options (const BmImapOptions *options, GError **error)
{
  if (is_admin (options)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_ADMIN_REFUSED,
                 "%s is an administrator: mail is appended as its owner only", options->login);
    return FALSE;
  }
  if (options->tls == BM_IMAP_TLS_NONE && !options->local && !options->allow_plaintext) {
    g_set_error (error, BM_ERROR, BM_CAUSE_TLS_UNTRUSTED,
                 "%s is not this machine, and plain IMAP to it is not allowed", options->host);
    return FALSE;
  }
  return TRUE;
}

BmSink *
bm_imap_sink_new (const BmImapOptions *options, GError **error)
{
  static const BmSinkOps ops = {sink_connect,     sink_limits,      sink_name_rules,
                                sink_open_folder, bm_imap_list,     bm_imap_append,
                                sink_idle,        sink_target_free, sink_free};
  if (!check_options (options, error))
    return NULL;
  bm_imap_list_register ();
  BmImap *imap = g_new0 (BmImap, 1);
  imap->base.ops = &ops;
  imap->host = g_strdup (options->host);
  imap->port = options->port;
  imap->tls = options->tls;
  imap->ca_file = g_strdup (options->ca_file);
  imap->login = g_strdup (options->login);
  imap->password = options->password;
  imap->password_data = options->password_data;
  imap->timeout_s = options->timeout_s;
  imap->batch_messages = options->batch_messages;
  imap->batch_bytes = options->batch_bytes;
  imap->server_message_limit = options->server_message_limit;
  imap->transport =
      options->tls == BM_IMAP_TLS_NONE
          ? g_strdup_printf ("plain to %s%s", options->host,
                             options->local ? "" : " (allow-plaintext)")
          : g_strdup_printf ("%s to %s, verified",
                             options->tls == BM_IMAP_TLS_STARTTLS ? "STARTTLS" : "TLS",
                             options->host);
  imap->taken = g_ptr_array_new_with_free_func (g_free);
  imap->keywords = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_ptr_array_add (imap->taken, NULL);
  return &imap->base;
}
