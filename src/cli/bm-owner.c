/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-owner.h. Must not know which directory is asked, nor who asks. */
#include "cli/bm-owner.h"

#include <string.h>

void
bm_person_free (BmPerson *person)
{
  if (person == NULL)
    return;
  g_free (person->key);
  g_free (person->user);
  g_strfreev (person->own);
  g_free (person->problem);
  g_free (person);
}

const gchar *
bm_owner_token (BmOwnerVerdict verdict)
{
  static const gchar *const tokens[] = {"match", "mismatch", "unknown", "namesake"};
  return tokens[verdict];
}

/* ---- addresses ---- */

static gsize
local_length (const gchar *address)
{
  const gchar *at = strrchr (address, '@');
  return at != NULL ? (gsize) (at - address) : strlen (address);
}

static gboolean
shares_local_part (const BmPerson *person, const gchar *address)
{
  gsize length = local_length (address);
  for (guint i = 0; person->own[i] != NULL; i++)
    if (local_length (person->own[i]) == length && strncmp (person->own[i], address, length) == 0)
      return TRUE;
  return FALSE;
}

/* Every company has an info@: such a local part names an office, not a person. A space around each. */
static const gchar roles[] =
    " "
    "abo abuse accounting accounts accueil admin administrateur administrator alert alerts "
    "amministrazione archive assistance bestellung bewerbung bibliotheque billing bonjour "
    "booking boutique buchhaltung bureau careers ceo commande commandes commercial "
    "commerciale communication compta comptabilite contact contacto contacts contatti "
    "customerservice direction dpo drh einkauf enquiries facturation factures fax feedback "
    "finance formation formations gestion hallo hello help helpdesk hostmaster hr info "
    "information informatique infos invoice invoices it jobs kontakt legal list logistik "
    "logistique mail mailer-daemon marketing media news newsletter no-reply no_reply noc "
    "noreply notification notifications office order orders pedidos personal post postmaster "
    "press presse production purchasing qualite reception rechnung recruitment recrutement "
    "redaction redaktion reservation reservations rh root sales sav scan scanner secretariat "
    "secretary security segreteria sekretariat service service-client serviceclient shop "
    "stage support support-client sysadmin team technique ventas vente ventes verkauf "
    "vertrieb web webmaster welcome zentrale ";

static gboolean
names_a_role (const gchar *address)
{
  g_autofree gchar *word = g_strdup_printf (" %.*s ", (gint) local_length (address), address);
  return strstr (roles, word) != NULL;
}

BmOwnerKin
bm_owner_kin (const BmPerson *person, const gchar *address, BmPersonFind find, gpointer data)
{
  if (g_strv_contains ((const gchar *const *) person->own, address))
    return BM_OWNER_OWN;
  if (!shares_local_part (person, address))
    return BM_OWNER_OTHER;
  const BmPerson *known = find != NULL ? find (address, data) : NULL;
  if (known != NULL)
    return g_str_equal (known->key, person->key) ? BM_OWNER_OWN : BM_OWNER_OTHER;
  return names_a_role (address) ? BM_OWNER_OTHER : BM_OWNER_ALIKE;
}

BmOwnerCount
bm_owner_count (const GPtrArray *items, const BmPerson *person, BmPersonFind find, gpointer data)
{
  BmOwnerCount count = {0};
  for (guint i = 0; i < items->len; i++) {
    const gchar *const *addresses = g_ptr_array_index (items, i);
    const gchar *alike = NULL;
    BmOwnerKin best = BM_OWNER_OTHER;
    for (guint k = 0; addresses[k] != NULL && best != BM_OWNER_OWN; k++) {
      BmOwnerKin kin = bm_owner_kin (person, addresses[k], find, data);
      alike = kin == BM_OWNER_ALIKE && alike == NULL ? addresses[k] : alike;
      best = MAX (best, kin);
    }
    count.own += best == BM_OWNER_OWN;
    count.alike += best == BM_OWNER_ALIKE;
    if (best == BM_OWNER_ALIKE && count.likest == NULL)
      count.likest = alike;
  }
  return count;
}

const gchar *
bm_owner_most (const GPtrArray *items, const BmPerson *person, BmPersonFind find, gpointer data,
               guint *n)
{
  g_autoptr (GHashTable) counts = g_hash_table_new (g_str_hash, g_str_equal);
  const gchar *best = NULL;
  *n = 0;
  for (guint i = 0; i < items->len; i++) {
    const gchar *const *addresses = g_ptr_array_index (items, i);
    for (guint k = 0; addresses[k] != NULL; k++) {
      guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, addresses[k])) + 1;
      g_hash_table_insert (counts, (gpointer) addresses[k], GUINT_TO_POINTER (count));
    }
  }
  GHashTableIter iter;
  gpointer address, count;
  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &address, &count)) {
    guint one = GPOINTER_TO_UINT (count);
    if (one < *n || (one == *n && best != NULL && strcmp (address, best) > 0))
      continue;
    if (person != NULL && bm_owner_kin (person, address, find, data) != BM_OWNER_OTHER)
      continue;
    best = address;
    *n = one;
  }
  return best;
}

/* ---- names ---- */

/* Lower-case ASCII words of a name, the words Outlook puts around it left out. */
static GStrv
words_of (const gchar *name)
{
  static const gchar *const around[] = {"mailbox",  "boite", "aux",     "lettres", "postfach",
                                        "personal", "files", "archive", "outlook", "de",
                                        "of",       "von",   NULL};
  g_autofree gchar *ascii = g_str_to_ascii (name, "C");
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (gchar *p = ascii; *p != '\0'; p++)
    *p = g_ascii_isalnum (*p) ? g_ascii_tolower (*p) : ' ';
  g_auto (GStrv) words = g_strsplit (ascii, " ", -1);
  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0' && !g_strv_contains (around, words[i]))
      g_strv_builder_add (builder, words[i]);
  return g_strv_builder_end (builder);
}

static gboolean
is_local_part (const gchar *first, const gchar *last, const gchar *local)
{
  static const gchar *const between[] = {".", "_", "-", ""};
  g_autofree gchar *initial = g_strdup_printf ("%c%s", *first, last);
  g_autofree gchar *dotted = g_strdup_printf ("%c.%s", *first, last);
  for (guint i = 0; i < G_N_ELEMENTS (between); i++) {
    g_autofree gchar *one = g_strconcat (first, between[i], last, NULL);
    g_autofree gchar *other = g_strconcat (last, between[i], first, NULL);
    if (g_str_equal (one, local) || g_str_equal (other, local))
      return TRUE;
  }
  return g_str_equal (initial, local) || g_str_equal (dotted, local);
}

gboolean
bm_owner_is_named (const BmPerson *person, const gchar *name)
{
  g_auto (GStrv) words = words_of (name);
  if (g_strv_length (words) != 2)
    return FALSE;
  for (guint i = 0; person->own[i] != NULL; i++) {
    g_autofree gchar *local = g_strndup (person->own[i], local_length (person->own[i]));
    if (is_local_part (words[0], words[1], local) || is_local_part (words[1], words[0], local))
      return TRUE;
  }
  return FALSE;
}

/* ---- the rule ---- */

/* A majority for the person: MATCH, or NAMESAKE when it needs those that are only alike. FALSE: none. */
static gboolean
majority (const BmOwnerCount *count, guint n, const gchar *before, const gchar *after,
          BmOwnerVerdict *verdict, gchar **why)
{
  if ((count->own + count->alike) * 2 <= n)
    return FALSE;
  *verdict = count->own * 2 > n ? BM_OWNER_MATCH : BM_OWNER_NAMESAKE;
  if (*verdict == BM_OWNER_MATCH)
    *why = g_strdup_printf ("%s%u of %u %s", before, count->own, n, after);
  else
    *why = g_strdup_printf ("%s%u of %u %s only when %s counts by its local part: BlueMind does "
                            "not know its domain",
                            before, count->own + count->alike, n, after, count->likest);
  return TRUE;
}

static BmOwnerVerdict
by_senders (const BmEvidence *evidence, const BmPerson *person, BmPersonFind find, gpointer data,
            gchar **why)
{
  BmOwnerVerdict verdict;
  guint n = evidence->sent->len, most = 0;
  BmOwnerCount count = bm_owner_count (evidence->sent, person, find, data);
  guint own = count.own + count.alike;
  if (majority (&count, n, "", "sent items come from this user", &verdict, why))
    return verdict;
  const gchar *other = bm_owner_most (evidence->sent, person, find, data, &most);
  *why = g_strdup_printf ("%u of %u sent items come from other addresses, %u from %s", n - own, n,
                          most, other);
  return own * 2 < n ? BM_OWNER_MISMATCH : BM_OWNER_UNKNOWN;
}

/* Somebody else, be they active, suspended or gone; a share or a list speaks for nobody. */
static gboolean
is_another (const gchar *address, BmPersonFind find, gpointer data)
{
  const BmPerson *known = find != NULL && address != NULL ? find (address, data) : NULL;
  return known != NULL && !known->shared;
}

/* TRUE: the mails' recipients or the store's name decide. */
static gboolean
by_the_rest (const BmEvidence *evidence, const BmPerson *person, BmPersonFind find, gpointer data,
             BmOwnerVerdict *verdict, gchar **why)
{
  const gchar *store = evidence->store_address;
  guint n = evidence->received->len, most = 0;
  BmOwnerCount count = bm_owner_count (evidence->received, person, find, data);
  if (majority (&count, n, "no sent items; ", "mails are addressed to this user", verdict, why))
    return TRUE;
  BmOwnerKin kin = store != NULL ? bm_owner_kin (person, store, find, data) : BM_OWNER_OTHER;
  if (kin != BM_OWNER_OTHER || bm_owner_is_named (person, evidence->store_name)) {
    *verdict = kin == BM_OWNER_ALIKE ? BM_OWNER_NAMESAKE : BM_OWNER_MATCH;
    *why = g_strdup ("no sent items; the store is named after this user");
    return TRUE;
  }
  *verdict = BM_OWNER_MISMATCH;
  const gchar *other = bm_owner_most (evidence->received, person, find, data, &most);
  if (most * 2 > n && is_another (other, find, data)) {
    *why = g_strdup_printf ("no sent items; %u of %u mails are addressed to %s", most, n, other);
    return TRUE;
  }
  if (!is_another (store, find, data))
    return FALSE;
  *why = g_strdup_printf ("no sent items; the store is named after %s", store);
  return TRUE;
}

/* What the reviewer may know more about than the directory does. */
static gchar *
say_nothing (const BmEvidence *evidence)
{
  guint most = 0, n = evidence->received->len;
  const gchar *other = bm_owner_most (evidence->received, NULL, NULL, NULL, &most);
  if (other == NULL || most * 2 <= n)
    return g_strdup ("nothing in the file tells whose it is");
  return g_strdup_printf ("nothing in the file tells whose it is; %u of %u mails are addressed to "
                          "%s, who is no user",
                          most, n, other);
}

BmOwnerVerdict
bm_owner_check (const BmEvidence *evidence, const BmPerson *person, BmPersonFind find,
                gpointer data, gchar **why)
{
  BmOwnerVerdict verdict;
  if (evidence->sent->len > 0)
    return by_senders (evidence, person, find, data, why);
  if (by_the_rest (evidence, person, find, data, &verdict, why))
    return verdict;
  *why = say_nothing (evidence);
  return BM_OWNER_UNKNOWN;
}
