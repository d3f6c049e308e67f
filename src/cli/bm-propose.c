/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-propose.h. Every source of evidence makes a claim; all claims must mean one mailbox. Must
 * not know which directory is asked. */
#include "cli/bm-propose.h"

#include "cli/bm-header.h"
#include <string.h>

typedef enum { BY_FILE, BY_FOLDER, BY_STORE, BY_SENT, BY_RECEIVED, SOURCES } By;

static const gchar *const source_words[SOURCES] = {"file name", "folder", "store", "sent items",
                                                   "recipients"};
static const gchar *const source_verbs[SOURCES] = {"says", "says", "says", "say", "say"};

typedef struct {
  gboolean made;
  gboolean alike;         /* only a local part says that it is this person */
  gchar *address;         /* for people */
  const BmPerson *person; /* NULL: nobody the directory knows */
} Claim;

typedef struct {
  const BmEvidence *evidence;
  BmPersonFind find;
  gpointer data;
  GPtrArray *strangers; /* BmPerson *, owned: without directory each address is a person */
  Claim claims[SOURCES];
  GString *seen;
} Work;

void
bm_proposal_free (BmProposal *proposal)
{
  if (proposal == NULL)
    return;
  g_free (proposal->user);
  g_free (proposal->evidence);
  g_free (proposal->conflict);
  g_free (proposal);
}

/* ---- names ---- */

gchar *
bm_propose_file_address (const gchar *path)
{
  g_autofree gchar *name = g_path_get_basename (path);
  gchar *dot = strrchr (name, '.');
  if (dot != NULL)
    *dot = '\0';
  gsize length = strlen (name);
  gchar *space = g_strrstr (name, " (");
  if (space != NULL && length > 0 && name[length - 1] == ')' &&
      strspn (space + 2, "0123456789") == strlen (space + 2) - 1)
    *space = '\0';
  dot = strrchr (name, '.');
  if (dot != NULL && dot[1] != '\0' && strspn (dot + 1, "0123456789") == strlen (dot + 1))
    *dot = '\0';
  return bm_header_address (name);
}

gchar *
bm_propose_folder_address (const gchar *path, const gchar *root)
{
  g_autofree gchar *directory = g_path_get_dirname (path);
  gsize floor = strlen (root);
  while (strlen (directory) >= floor && g_str_has_prefix (directory, root)) {
    g_autofree gchar *name = g_path_get_basename (directory);
    gchar *address = bm_header_address (name);
    if (address != NULL)
      return address;
    gchar *up = g_path_get_dirname (directory);
    gboolean top = g_str_equal (up, directory);
    g_free (directory);
    directory = up;
    if (top)
      break;
  }
  return NULL;
}

/* ---- claims ---- */

static const BmPerson *
person_of (Work *work, const gchar *address)
{
  if (work->find != NULL)
    return work->find (address, work->data);
  for (guint i = 0; i < work->strangers->len; i++) {
    const BmPerson *known = g_ptr_array_index (work->strangers, i);
    if (g_str_equal (known->key, address))
      return known;
  }
  BmPerson *person = g_new0 (BmPerson, 1);
  const gchar *const own[] = {address, NULL};
  person->key = g_strdup (address);
  person->user = g_strdup (address);
  person->own = g_strdupv ((gchar **) own);
  g_ptr_array_add (work->strangers, person);
  return person;
}

static void G_GNUC_PRINTF (2, 3) note (Work *work, const gchar *format, ...)
{
  va_list arguments;
  if (work->seen->len > 0)
    g_string_append (work->seen, "; ");
  va_start (arguments, format);
  g_string_append_vprintf (work->seen, format, arguments);
  va_end (arguments);
}

static void
claim (Work *work, By by, const gchar *address, const BmPerson *person)
{
  work->claims[by] = (Claim){TRUE, FALSE, g_strdup (address), person};
}

static void
claim_name (Work *work, By by, gchar *address)
{
  g_autofree gchar *owned = address;
  if (owned == NULL)
    return;
  claim (work, by, owned, person_of (work, owned));
  note (work, "%s %s", source_words[by], owned);
}

/* The first of those who were claimed by names to whom more than half of the items belong. */
static const BmPerson *
claimed_owner (Work *work, const GPtrArray *items, BmOwnerCount *count)
{
  for (By by = BY_FILE; by <= BY_SENT; by++) {
    const BmPerson *person = work->claims[by].person;
    if (person == NULL)
      continue;
    *count = bm_owner_count (items, person, work->find, work->data);
    if ((count->own + count->alike) * 2 > items->len)
      return person;
  }
  return NULL;
}

/* More than half of the items are the person's, and words say what they do. */
static void
claim_majority (Work *work, By by, const BmPerson *person, const BmOwnerCount *count, guint n,
                const gchar *words)
{
  claim (work, by, person->user, person);
  work->claims[by].alike = count->own * 2 <= n;
  note (work, "%u of %u %s %s", count->own + count->alike, n, words,
        work->claims[by].alike ? count->likest : person->user);
}

static gboolean
is_claimed (const Work *work)
{
  gboolean claimed = FALSE;
  for (By by = BY_FILE; by < SOURCES; by++)
    claimed = claimed || work->claims[by].made;
  return claimed;
}

/* A majority of the sent items is a claim, whosoever's it is; also when it is of several others. */
static void
claim_sent (Work *work)
{
  const GPtrArray *items = work->evidence->sent;
  BmOwnerCount count;
  guint n;
  const BmPerson *person = claimed_owner (work, items, &count);
  if (person != NULL) {
    claim_majority (work, BY_SENT, person, &count, items->len, "sent items from");
    return;
  }
  const gchar *address = bm_owner_most (items, NULL, NULL, NULL, &n);
  if (address == NULL)
    return;
  note (work, "%u of %u sent items from %s", n, items->len, address);
  if (n * 2 > items->len)
    claim (work, BY_SENT, address, person_of (work, address));
  else if (is_claimed (work))
    claim (work, BY_SENT, address, NULL);
}

/* The recipients speak for a user, never for a list or a stranger. */
static void
claim_received (Work *work)
{
  const GPtrArray *items = work->evidence->received;
  BmOwnerCount count;
  guint n;
  const BmPerson *person = claimed_owner (work, items, &count);
  if (person != NULL) {
    claim_majority (work, BY_RECEIVED, person, &count, items->len, "mails to");
    return;
  }
  const gchar *address = bm_owner_most (items, NULL, NULL, NULL, &n);
  if (address == NULL || n * 2 <= items->len)
    return;
  note (work, "%u of %u mails to %s", n, items->len, address);
  person = work->find != NULL || !is_claimed (work) ? person_of (work, address) : NULL;
  if (person != NULL && person->problem == NULL)
    claim (work, BY_RECEIVED, address, person);
}

/* A name that the directory does not know may be the old address of somebody who was claimed. */
static void
adopt_namesakes (Work *work)
{
  for (By by = BY_FILE; by < SOURCES; by++)
    for (By other = BY_FILE; work->find != NULL && other < SOURCES; other++) {
      Claim *one = &work->claims[by];
      const BmPerson *person = work->claims[other].person;
      if (!one->made || one->person != NULL || person == NULL ||
          bm_owner_kin (person, one->address, work->find, work->data) == BM_OWNER_OTHER)
        continue;
      one->person = person;
      one->alike = TRUE;
    }
}

/* A person's name in the store speaks for somebody who was claimed; it claims nobody by itself. */
static void
look_at_store_name (Work *work)
{
  if (work->claims[BY_STORE].made || *work->evidence->store_name == '\0')
    return;
  g_autofree gchar *shown = g_strdup (work->evidence->store_name);
  for (gchar *p = shown; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  for (By by = BY_FILE; by < SOURCES; by++) {
    const BmPerson *person = work->claims[by].person;
    if (person == NULL || !bm_owner_is_named (person, work->evidence->store_name))
      continue;
    claim (work, BY_STORE, person->user, person);
    note (work, "store named \"%s\"", shown);
    return;
  }
}

/* ---- judging ---- */

static const gchar *
key_of (const Claim *one)
{
  return one->person != NULL ? one->person->key : one->address;
}

/* NULL: all claims mean one mailbox. */
static gchar *
contradiction (const Work *work)
{
  const Claim *first = NULL;
  By first_by = BY_FILE;
  for (By by = BY_FILE; by < SOURCES; by++) {
    const Claim *one = &work->claims[by];
    if (!one->made)
      continue;
    if (first == NULL) {
      first = one;
      first_by = by;
    } else if (!g_str_equal (key_of (first), key_of (one))) {
      return g_strdup_printf ("%s %s %s, %s %s %s; write the right user into this row",
                              source_words[first_by], source_verbs[first_by], first->address,
                              source_words[by], source_verbs[by], one->address);
    }
  }
  return NULL;
}

static gboolean
is_sure (const Claim *one)
{
  return one->made && !one->alike;
}

static const gchar *
confidence_of (const Work *work)
{
  const Claim *claims = work->claims;
  guint sources = (claims[BY_FILE].made || claims[BY_FOLDER].made) + claims[BY_STORE].made +
                  claims[BY_SENT].made + claims[BY_RECEIVED].made;
  guint sure = (is_sure (&claims[BY_FILE]) || is_sure (&claims[BY_FOLDER])) +
               is_sure (&claims[BY_STORE]) + is_sure (&claims[BY_SENT]) +
               is_sure (&claims[BY_RECEIVED]);
  if (sure > 1)
    return "high";
  return sources == 1 && claims[BY_RECEIVED].made ? "low" : "medium";
}

static void
judge (const Work *work, BmProposal *proposal)
{
  const Claim *first = NULL;
  for (By by = BY_FILE; by < SOURCES && first == NULL; by++)
    first = work->claims[by].made ? &work->claims[by] : NULL;
  proposal->conflict = contradiction (work);
  if (proposal->conflict != NULL)
    return;
  if (first == NULL) {
    proposal->conflict = g_strdup ("nothing tells whose it is; write the user into this row");
  } else if (first->person == NULL || first->person->former) {
    proposal->conflict = g_strdup_printf (
        "no user %s in BlueMind's directory; create the user, or write another", first->address);
  } else if (first->person->problem != NULL) {
    proposal->conflict = g_strdup (first->person->problem);
  } else {
    proposal->user = g_strdup (first->person->user);
    proposal->confidence = confidence_of (work);
  }
}

BmProposal *
bm_propose (const gchar *path, const gchar *root, const BmEvidence *evidence, BmPersonFind find,
            gpointer data)
{
  g_autoptr (GPtrArray) strangers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) bm_person_free);
  Work work = {evidence, find, data, strangers, .seen = g_string_new (NULL)};
  BmProposal *proposal = g_new0 (BmProposal, 1);
  proposal->confidence = "";
  claim_name (&work, BY_FILE, bm_propose_file_address (path));
  claim_name (&work, BY_FOLDER, bm_propose_folder_address (path, root));
  claim_name (&work, BY_STORE, g_strdup (evidence->store_address));
  claim_sent (&work);
  claim_received (&work);
  adopt_namesakes (&work);
  look_at_store_name (&work);
  judge (&work, proposal);
  proposal->evidence = g_string_free (work.seen, FALSE);
  if (proposal->user == NULL)
    proposal->user = g_strdup ("");
  if (proposal->conflict == NULL)
    proposal->conflict = g_strdup ("");
  for (By by = BY_FILE; by < SOURCES; by++)
    g_free (work.claims[by].address);
  return proposal;
}
