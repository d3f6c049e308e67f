/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-map-check.h. Must not know how verdicts are shown. */
#include "cli/bm-map-check.h"

#include "cli/bm-importing.h"

#include <sys/stat.h>

#define OTHERS_TOLD 8 /* rows of the same mailbox */

typedef struct {
  GArray *lines; /* guint: all rows of this mailbox */
  guint64 need;  /* bytes, estimated, of the rows that were checked and may run */
} Mailbox;

struct _BmMapCheck {
  const BmConfig *config;
  const BmMapCheckOptions *options;
  BmPeople *people;
  BmCore *core;          /* NULL: used space is not known */
  guint64 size_limit;    /* of a message on the server; 0 = not known */
  GHashTable *mailboxes; /* key of a person -> Mailbox */
  GHashTable *files;     /* "device inode" -> GPtrArray of the rows (BmMapRow) of this file */
};

/* One row while it is checked. */
typedef struct {
  BmMapCheck *check;
  const BmMapRow *row;
  BmMapVerdict *verdict;
  BmImporting importing;
  BmSelection selection;
  const BmUser *user; /* NULL: cannot receive */
  Mailbox *mailbox;
  BmEvidence *evidence; /* NULL: cannot be read */
} Work;

const gchar *
bm_map_level_token (BmMapLevel level)
{
  static const gchar *const tokens[] = {"ok", "warning", "stop"};
  return tokens[level];
}

/* ---- verdicts ---- */

static void
finding_free (gpointer data)
{
  BmMapFinding *finding = data;
  g_free (finding->text);
  g_free (finding->remedy);
  g_free (finding);
}

void
bm_map_verdict_free (BmMapVerdict *verdict)
{
  if (verdict == NULL)
    return;
  g_ptr_array_unref (verdict->findings);
  g_free (verdict->owner_text);
  g_free (verdict);
}

/* Takes text. */
static void
find (Work *work, const gchar *topic, BmMapLevel level, const gchar *cause, gchar *text,
      const gchar *remedy)
{
  BmMapFinding *finding = g_new0 (BmMapFinding, 1);
  finding->level = level;
  finding->topic = topic;
  finding->cause = cause;
  finding->text = text;
  finding->remedy = g_strdup (remedy);
  work->verdict->level = MAX (work->verdict->level, level);
  g_ptr_array_add (work->verdict->findings, finding);
}

static void
stop (Work *work, const gchar *topic, const GError *error)
{
  BmCause cause = bm_error_cause (error);
  find (work, topic, BM_MAP_STOP, bm_cause_token (cause), g_strdup (error->message),
        bm_cause_advice (cause));
}

/* ---- the row itself ---- */

static void
check_words (Work *work)
{
  const BmMapRow *row = work->row;
  g_autoptr (GError) error = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_strv_builder_addv (builder, (const gchar **) work->check->options->words);
  g_strv_builder_addv (builder, (const gchar **) row->options);
  g_auto (GStrv) words = g_strv_builder_end (builder);
  if (!bm_importing_read (&work->importing, row->user, row->into, (const gchar *const *) words,
                          &work->selection, &error))
    find (work, "row", BM_MAP_STOP, bm_cause_token (bm_error_cause (error)),
          g_strdup (error->message), "mend the columns into and options of this row");
}

static gboolean
check_user (Work *work, GError **error)
{
  g_autoptr (GError) local = NULL;
  work->user = bm_people_user (work->check->people, work->row->user, &local);
  if (!bm_people_check (work->check->people, error))
    return FALSE;
  if (work->user == NULL) {
    stop (work, "user", local);
    return TRUE;
  }
  const BmPerson *person = bm_people_find (work->row->user, work->check->people);
  work->mailbox = g_hash_table_lookup (work->check->mailboxes, person->key);
  return TRUE;
}

static void
note_others (Work *work)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  guint others = work->mailbox->lines->len - 1, told = 0;
  for (guint i = 0; i < work->mailbox->lines->len && told < OTHERS_TOLD; i++) {
    guint line = g_array_index (work->mailbox->lines, guint, i);
    if (line == work->row->line)
      continue;
    g_string_append_printf (lines, "%s%u", told > 0 ? ", " : "", line);
    told++;
  }
  if (others > 0)
    find (work, "mailbox", BM_MAP_OK, "",
          g_strdup_printf ("also into this mailbox, one after the other: line %s%s", lines->str,
                           others > told ? "..." : ""),
          "");
}

/* Device and inode: a file has many names. NULL: it is not there. */
static gchar *
file_key (const gchar *path)
{
  struct stat info;
  return stat (path, &info) == 0 ? g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                                    (guint64) info.st_dev, (guint64) info.st_ino)
                                 : NULL;
}

/* One file for two people is mostly a slip of the hand, and then one of them reads the other's mail. */
static void
warn_of_sharing (Work *work)
{
  BmMapCheck *check = work->check;
  g_autofree gchar *key = file_key (work->row->file);
  const BmPerson *own = bm_people_find (work->row->user, check->people);
  GPtrArray *rows = key != NULL ? g_hash_table_lookup (check->files, key) : NULL;
  gboolean owned = g_str_equal (work->verdict->owner, bm_owner_token (BM_OWNER_MATCH));
  for (guint i = 0; rows != NULL && i < rows->len; i++) {
    const BmMapRow *other = g_ptr_array_index (rows, i);
    const BmPerson *person = bm_people_find (other->user, check->people);
    if (person == NULL || g_str_equal (person->key, own->key))
      continue;
    find (work, "shared", owned ? BM_MAP_OK : BM_MAP_WARNING, "",
          g_strdup_printf ("the same file also goes to %s: line %u", person->user, other->line),
          "make sure that both may read it, or take one out");
    return;
  }
}

/* ---- the file ---- */

static void
note_census (Work *work, const BmCensus *census)
{
  work->verdict->counted = TRUE;
  work->verdict->items = census->items->len;
  work->verdict->mails = work->evidence->mails;
  work->verdict->bytes = work->evidence->bytes;
  if (census->warnings->len > 0)
    find (work, "damage", BM_MAP_WARNING, "",
          g_strdup_printf ("damage: %s", (const gchar *) g_ptr_array_index (census->warnings, 0)),
          "inspect lists all of it; what can be read is imported");
  if (work->evidence->mails == 0)
    find (work, "nothing", BM_MAP_WARNING, "", g_strdup ("no mail is wanted of it"),
          "look at the row's options, or take the row out");
}

/* FALSE only when interrupted. */
static gboolean
check_file (Work *work, GError **error)
{
  g_autoptr (GError) local = NULL;
  BmCliReading reading = work->importing.reading;
  reading.no_sandbox = work->check->options->no_sandbox;
  g_autoptr (BmSource) source = bm_cli_open_source (work->row->file, &reading, work->check->config,
                                                    NULL, work->check->size_limit, FALSE, &local);
  const BmCensus *census = source != NULL ? source->ops->census (source, &local) : NULL;
  if (census != NULL)
    work->evidence =
        bm_evidence_collect (source, census, &work->selection, bm_cli_interrupted, &local);
  if (bm_cli_interrupted (error))
    return FALSE;
  if (work->evidence == NULL)
    stop (work, "file", local);
  else
    note_census (work, census);
  return TRUE;
}

/* ---- file and user together ---- */

static gboolean
check_owner (Work *work, GError **error)
{
  BmPeople *people = work->check->people;
  g_autofree gchar *why = NULL;
  gboolean excused = work->importing.owner_mismatch_ok || work->check->options->owner_mismatch_ok;
  const BmPerson *person = bm_people_find (work->row->user, people);
  BmOwnerVerdict verdict = bm_owner_check (work->evidence, person, bm_people_find, people, &why);
  if (!bm_people_check (people, error))
    return FALSE;
  work->verdict->owner = bm_owner_token (verdict);
  work->verdict->owner_text = g_strdup (why);
  if (verdict == BM_OWNER_MISMATCH)
    find (work, "owner", excused ? BM_MAP_WARNING : BM_MAP_STOP,
          bm_cause_token (BM_CAUSE_OWNER_MISMATCH), g_steal_pointer (&why),
          excused ? "imported all the same: --owner-mismatch-ok"
                  : "correct user, or write --owner-mismatch-ok into options");
  else if (verdict != BM_OWNER_MATCH)
    find (work, "owner", BM_MAP_WARNING, "", g_steal_pointer (&why),
          "make sure that it is this user's");
  else
    find (work, "owner", BM_MAP_OK, "", g_steal_pointer (&why), "");
  return TRUE;
}

/* As import does it, but with the mailbox's rows before this one. */
static void
check_quota (Work *work)
{
  BmQuota quota;
  g_autoptr (GError) error = NULL;
  guint64 before = work->mailbox->need;
  if (work->importing.ignore_quota)
    return;
  if (!bm_session_quota (work->check->core, work->user, &quota, &error))
    find (work, "quota", BM_MAP_WARNING, "",
          g_strdup_printf ("quota not known: %s", error->message), "check that the core runs");
  else if (!bm_session_fits (&quota, before + work->evidence->bytes,
                             before > 0 ? " with the mailbox's rows before" : "", &error))
    find (work, "quota", BM_MAP_STOP, bm_cause_token (BM_CAUSE_OVER_QUOTA),
          g_strdup (error->message), "raise the quota, or write --ignore-quota into options");
}

static gboolean
check_all (Work *work, GError **error)
{
  if (work->row->problem != NULL) {
    find (work, "row", BM_MAP_STOP, bm_cause_token (BM_CAUSE_USAGE), g_strdup (work->row->problem),
          "");
    return TRUE;
  }
  check_words (work);
  if (!check_user (work, error) || !check_file (work, error))
    return FALSE;
  if (work->user == NULL || work->evidence == NULL)
    return TRUE;
  if (!check_owner (work, error))
    return FALSE;
  check_quota (work);
  warn_of_sharing (work);
  note_others (work);
  if (work->verdict->level != BM_MAP_STOP)
    work->mailbox->need += work->evidence->bytes;
  return TRUE;
}

BmMapVerdict *
bm_map_check_row (BmMapCheck *check, const BmMapRow *row, GError **error)
{
  Work work = {.check = check, .row = row, .verdict = g_new0 (BmMapVerdict, 1)};
  g_autoptr (BmMapVerdict) verdict = work.verdict;
  verdict->row = row;
  verdict->findings = g_ptr_array_new_with_free_func (finding_free);
  gboolean ok = check_all (&work, error);
  bm_evidence_free (work.evidence);
  bm_importing_clear (&work.importing);
  return ok ? g_steal_pointer (&verdict) : NULL;
}

/* ---- all rows ---- */

static void
mailbox_free (gpointer data)
{
  Mailbox *mailbox = data;
  g_array_unref (mailbox->lines);
  g_free (mailbox);
}

static void
add_file (BmMapCheck *check, const BmMapRow *row)
{
  g_autofree gchar *key = file_key (row->file);
  if (key == NULL)
    return;
  GPtrArray *rows = g_hash_table_lookup (check->files, key);
  if (rows == NULL) {
    rows = g_ptr_array_new ();
    g_hash_table_insert (check->files, g_steal_pointer (&key), rows);
  }
  g_ptr_array_add (rows, (gpointer) row);
}

static gboolean
sort_rows (BmMapCheck *check, const BmMapping *mapping, GError **error)
{
  for (guint i = 0; i < mapping->rows->len; i++) {
    const BmMapRow *row = g_ptr_array_index (mapping->rows, i);
    const BmPerson *person =
        row->problem == NULL ? bm_people_find (row->user, check->people) : NULL;
    if (!bm_people_check (check->people, error))
      return FALSE;
    if (person == NULL)
      continue;
    add_file (check, row);
    Mailbox *mailbox = g_hash_table_lookup (check->mailboxes, person->key);
    if (mailbox == NULL) {
      mailbox = g_new0 (Mailbox, 1);
      mailbox->lines = g_array_new (FALSE, FALSE, sizeof (guint));
      g_hash_table_insert (check->mailboxes, g_strdup (person->key), mailbox);
    }
    g_array_append_val (mailbox->lines, row->line);
  }
  return TRUE;
}

BmMapCheck *
bm_map_check_new (const BmConfig *config, const BmMapping *mapping,
                  const BmMapCheckOptions *options, GError **error)
{
  g_autoptr (BmMapCheck) check = g_new0 (BmMapCheck, 1);
  check->config = config;
  check->options = options;
  check->people = bm_people_new (config);
  check->mailboxes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, mailbox_free);
  check->files =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  if (!bm_session_open_core (config, &check->core, error) || !sort_rows (check, mapping, error))
    return NULL;
  g_autoptr (GError) local = NULL;
  if (check->core != NULL && !bm_core_message_size_limit (check->core, &check->size_limit, &local))
    g_warning ("cannot ask for the message size limit: %s", local->message);
  if (check->core == NULL)
    g_warning ("no admin key of BlueMind's core: quotas are compared as if mailboxes were empty");
  return g_steal_pointer (&check);
}

void
bm_map_check_free (BmMapCheck *check)
{
  if (check == NULL)
    return;
  bm_people_free (check->people);
  bm_session_close_core (check->core);
  g_hash_table_unref (check->mailboxes);
  g_hash_table_unref (check->files);
  g_free (check);
}
