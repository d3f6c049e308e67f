/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A batch to one folder. MULTIAPPEND first; when the server refuses that as a whole, the messages
 * go singly, pipelined, so that only the guilty one is refused. Large messages go alone with a
 * synchronising literal: a server that finds a LITERAL+ too large hangs up. Every message ends with
 * an outcome. Must not know retries. One thread. */
#include "imap/bm-imap-private.h"

#include <string.h>

#define LARGE              (1u << 20) /* bytes: BlueMind checks its limit from here on */
#define PIPELINE_MESSAGES  16
#define PIPELINE_BLUEMIND5 4
#define PIPELINE_BYTES     (4u << 20)

typedef struct {
  BmImap *imap;
  gchar *wire_name;
  GPtrArray *messages;
  BmOutcome *outcomes;
} Batch;

static gsize
size_of (const Batch *batch, guint i)
{
  return g_bytes_get_size (((const BmMessage *) g_ptr_array_index (batch->messages, i))->bytes);
}

static gboolean
says (const gchar *words, const gchar *sign)
{
  g_autofree gchar *text = g_ascii_strdown (words != NULL ? words : "", -1);
  return strstr (text, sign) != NULL;
}

static void
set_appended (BmOutcome *outcome, guint32 uidvalidity, guint32 uid)
{
  outcome->kind = uid > 0 ? BM_OUTCOME_APPENDED : BM_OUTCOME_IN_DOUBT;
  outcome->uidvalidity = uidvalidity;
  outcome->uid = uid;
}

/* Takes words. FALSE for a refusal that concerns the whole mailbox. */
static gboolean
set_refused (Batch *batch, guint i, gchar *words, GError **error)
{
  g_autofree gchar *owned = words;
  BmOutcome *outcome = &batch->outcomes[i];
  if (says (owned, "over quota") || says (owned, "overquota")) {
    outcome->kind = BM_OUTCOME_NONE;
    g_set_error (error, BM_ERROR, BM_CAUSE_OVER_QUOTA, "the mailbox is full: %s", owned);
    return FALSE;
  }
  outcome->kind = BM_OUTCOME_REFUSED;
  outcome->cause = says (owned, "toobig") || says (owned, "size exceeds") ? BM_CAUSE_TOO_LARGE
                                                                          : BM_CAUSE_REFUSED;
  outcome->text = g_steal_pointer (&owned);
  return TRUE;
}

static gboolean
too_large (Batch *batch, guint i)
{
  guint64 limit = batch->imap->limits.max_message_size;
  if (limit == 0 || size_of (batch, i) <= limit)
    return FALSE;
  batch->outcomes[i].kind = BM_OUTCOME_REFUSED;
  batch->outcomes[i].cause = BM_CAUSE_TOO_LARGE;
  batch->outcomes[i].text = g_strdup_printf (
      "%" G_GSIZE_FORMAT " bytes, the server takes %" G_GUINT64_FORMAT, size_of (batch, i), limit);
  return TRUE;
}

/* ---- singly, synchronising: libetpan's own APPEND ---- */

static struct mailimap_flag_list *
flag_list (const BmMessage *message, const gchar *const *keywords)
{
  struct mailimap_flag_list *list = mailimap_flag_list_new_empty ();
  g_autoptr (GPtrArray) flags = bm_flags_tokens (message->flags);
  for (guint i = 0; i < flags->len; i++) {
    const gchar *token = g_ptr_array_index (flags, i);
    struct mailimap_flag *flag = g_str_equal (token, "\\Answered")  ? mailimap_flag_new_answered ()
                                 : g_str_equal (token, "\\Flagged") ? mailimap_flag_new_flagged ()
                                 : g_str_equal (token, "\\Deleted") ? mailimap_flag_new_deleted ()
                                 : g_str_equal (token, "\\Draft")   ? mailimap_flag_new_draft ()
                                                                    : mailimap_flag_new_seen ();
    mailimap_flag_list_add (list, flag);
  }
  for (guint i = 0; keywords[i] != NULL; i++)
    mailimap_flag_list_add (list, mailimap_flag_new_flag_keyword (strdup (keywords[i])));
  return list;
}

static gboolean
append_alone (Batch *batch, guint i, const gchar *const *keywords, GError **error)
{
  const BmMessage *message = g_ptr_array_index (batch->messages, i);
  BmImap *imap = batch->imap;
  gsize size;
  const gchar *data = g_bytes_get_data (message->bytes, &size);
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (message->internal_date);
  struct mailimap_date_time *date =
      mailimap_date_time_new (g_date_time_get_day_of_month (when), g_date_time_get_month (when),
                              g_date_time_get_year (when), g_date_time_get_hour (when),
                              g_date_time_get_minute (when), g_date_time_get_second (when), 0);
  struct mailimap_flag_list *flags = flag_list (message, keywords);
  uint32_t uidvalidity = 0, uid = 0;
  int result = mailimap_uidplus_append (imap->imap, batch->wire_name, flags, date, data, size,
                                        &uidvalidity, &uid);
  mailimap_flag_list_free (flags);
  mailimap_date_time_free (date);
  if (result == MAILIMAP_NO_ERROR) {
    set_appended (&batch->outcomes[i], uidvalidity, uid);
    return TRUE;
  }
  if (bm_imap_is_broken (result)) {
    batch->outcomes[i].kind = BM_OUTCOME_IN_DOUBT;
    return bm_imap_lost (imap, "appending", error);
  }
  return set_refused (batch, i, bm_imap_words (imap), error);
}

/* ---- singly, pipelined ---- */

static gboolean
read_single (Batch *batch, guint i, int tag, GError **error)
{
  guint32 uidvalidity, uid;
  gchar *words = NULL;
  switch (bm_imap_wire_answer (batch->imap, tag, &uidvalidity, &uid, 1, &words)) {
  case BM_IMAP_OK:
    set_appended (&batch->outcomes[i], uidvalidity, uid);
    return TRUE;
  case BM_IMAP_NO:
    return set_refused (batch, i, words, error);
  case BM_IMAP_BROKEN:
  default:
    return bm_imap_lost (batch->imap, "appending", error);
  }
}

static gboolean
send_single (Batch *batch, guint i, int *tag)
{
  *tag = bm_imap_wire_begin (batch->imap, batch->wire_name);
  batch->outcomes[i].kind = BM_OUTCOME_IN_DOUBT; /* until the answer */
  return *tag != 0 && bm_imap_wire_message (batch->imap, g_ptr_array_index (batch->messages, i)) &&
         bm_imap_wire_end (batch->imap);
}

/* Reads on when the mailbox is full: the answers of what was sent are still to come. */
static gboolean
drain (Batch *batch, guint from, guint to, const int *tags)
{
  for (guint i = from; i < to; i++)
    if (!read_single (batch, i, tags[i], NULL) && batch->imap->imap == NULL)
      return FALSE;
  return TRUE;
}

/* Messages first..first+n-1, none of them large. */
static gboolean
append_pipelined (Batch *batch, guint first, guint n, GError **error)
{
  guint window = batch->imap->limits.bluemind5 ? PIPELINE_BLUEMIND5 : PIPELINE_MESSAGES;
  guint sent = first, answered = first, end = first + n;
  gsize in_flight = 0;
  g_autofree int *tags = g_new0 (int, end);
  while (answered < end) {
    if (sent < end && sent - answered < window &&
        (sent == answered || in_flight + size_of (batch, sent) <= PIPELINE_BYTES)) {
      in_flight += size_of (batch, sent);
      if (!send_single (batch, sent, &tags[sent]))
        return bm_imap_lost (batch->imap, "appending", error);
      sent++;
      continue;
    }
    in_flight -= size_of (batch, answered);
    if (!read_single (batch, answered, tags[answered], error)) {
      if (batch->imap->imap != NULL)
        drain (batch, answered + 1, sent, tags);
      return FALSE;
    }
    answered++;
  }
  return TRUE;
}

/* ---- together ---- */

/* FALSE: broken. *refused: nothing of it was stored. */
static gboolean
append_together (Batch *batch, guint first, guint n, gboolean *refused, GError **error)
{
  g_autofree guint32 *uids = g_new0 (guint32, n);
  g_autofree gchar *words = NULL;
  guint32 uidvalidity;
  int tag = bm_imap_wire_begin (batch->imap, batch->wire_name);
  gboolean sent = tag != 0;
  *refused = FALSE;
  for (guint i = 0; i < n; i++)
    batch->outcomes[first + i].kind = BM_OUTCOME_IN_DOUBT;
  for (guint i = 0; i < n && sent; i++)
    sent = bm_imap_wire_message (batch->imap, g_ptr_array_index (batch->messages, first + i));
  if (!sent || !bm_imap_wire_end (batch->imap))
    return bm_imap_lost (batch->imap, "appending", error);
  switch (bm_imap_wire_answer (batch->imap, tag, &uidvalidity, uids, n, &words)) {
  case BM_IMAP_OK:
    for (guint i = 0; i < n; i++)
      set_appended (&batch->outcomes[first + i], uidvalidity, uids[i]);
    return TRUE;
  case BM_IMAP_NO:
    for (guint i = 0; i < n; i++)
      batch->outcomes[first + i].kind = BM_OUTCOME_NONE;
    *refused = TRUE;
    return TRUE;
  case BM_IMAP_BROKEN:
  default:
    return bm_imap_lost (batch->imap, "appending", error);
  }
}

static gboolean
append_run (Batch *batch, guint first, guint n, GError **error)
{
  gboolean refused = TRUE;
  if (n > 1 && batch->imap->multiappend && !append_together (batch, first, n, &refused, error))
    return FALSE;
  return !refused || append_pipelined (batch, first, n, error);
}

/* ---- keywords that a mailbox has no room for ---- */

static gchar *
keyword_key (const Batch *batch, const gchar *keyword)
{
  return g_strconcat (batch->wire_name, " ", keyword, NULL);
}

static const gchar *const *
keywords_of (const Batch *batch, guint i)
{
  const BmMessage *message = g_ptr_array_index (batch->messages, i);
  return (const gchar *const *) message->keywords;
}

/* The mailbox has them now. */
static void
remember_keywords (Batch *batch)
{
  for (guint i = 0; i < batch->messages->len; i++) {
    const gchar *const *keywords = keywords_of (batch, i);
    if (batch->outcomes[i].kind != BM_OUTCOME_APPENDED)
      continue;
    for (; *keywords != NULL; keywords++)
      g_hash_table_add (batch->imap->keywords, keyword_key (batch, *keywords));
  }
}

static gboolean
is_refused_for_keywords (const Batch *batch, guint i)
{
  return batch->outcomes[i].kind == BM_OUTCOME_REFUSED &&
         says (batch->outcomes[i].text, "too many user flags");
}

/* Those that the mailbox has already, and those that programs act on: $Forwarded, $MDNSent. */
static GStrv
known_keywords (const Batch *batch, guint i)
{
  g_autoptr (GStrvBuilder) known = g_strv_builder_new ();
  for (const gchar *const *keyword = keywords_of (batch, i); *keyword != NULL; keyword++) {
    g_autofree gchar *key = keyword_key (batch, *keyword);
    if (**keyword == '$' || g_hash_table_contains (batch->imap->keywords, key))
      g_strv_builder_add (known, *keyword);
  }
  return g_strv_builder_end (known);
}

/* A mailbox takes 128 keywords: the 129th is left out rather than the message. */
static gboolean
append_with_fewer_keywords (Batch *batch, guint i, GError **error)
{
  g_auto (GStrv) known = known_keywords (batch, i);
  const gchar *const none[] = {NULL};
  bm_outcome_clear (&batch->outcomes[i]);
  if (!append_alone (batch, i, (const gchar *const *) known, error))
    return FALSE;
  if (is_refused_for_keywords (batch, i)) {
    bm_outcome_clear (&batch->outcomes[i]);
    if (!append_alone (batch, i, none, error))
      return FALSE;
  }
  if (batch->outcomes[i].kind == BM_OUTCOME_APPENDED)
    batch->outcomes[i].text = g_strdup ("keywords were left out: the mailbox has too many");
  return TRUE;
}

static gboolean
append_all (Batch *batch, GError **error)
{
  guint n = batch->messages->len;
  for (guint i = 0; i < n;) {
    if (too_large (batch, i)) {
      i++;
      continue;
    }
    if (!batch->imap->literal_plus || size_of (batch, i) > LARGE) {
      if (!append_alone (batch, i, keywords_of (batch, i), error))
        return FALSE;
      i++;
      continue;
    }
    guint run = 1;
    while (i + run < n && size_of (batch, i + run) <= LARGE)
      run++;
    if (!append_run (batch, i, run, error))
      return FALSE;
    i += run;
  }
  remember_keywords (batch);
  for (guint i = 0; i < n; i++)
    if (is_refused_for_keywords (batch, i) && !append_with_fewer_keywords (batch, i, error))
      return FALSE;
  return TRUE;
}

gboolean
bm_imap_append (BmSink *sink, BmTarget *target, GPtrArray *messages, BmOutcome *outcomes,
                GError **error)
{
  BmImap *imap = (BmImap *) sink;
  if (!bm_imap_need (imap, error))
    return FALSE;
  Batch batch = {imap, bm_imap_wire_name (imap, target->name), messages, outcomes};
  gboolean ok = append_all (&batch, error);
  g_free (batch.wire_name);
  return ok;
}
