/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Tokens of rules, notes, roles, flags and formats: the stable words of journal, manifest and
 * report (docs/tokens.md). Must not know who uses them. Any thread: constant tables. */
#include <bm-pst-import/model.h>
#include <string.h>

typedef struct {
  const gchar *token;
  const gchar *text;
} Word;

static const Word rules[] = {
#define X(sym, token, text) {token, text},
    BM_RULES (X)
#undef X
};
static const Word notes[] = {
#define X(sym, token, text) {token, text},
    BM_NOTES (X)
#undef X
};
static const gchar *const roles[] = {"", "inbox", "sent", "drafts", "trash", "junk", "outbox"};
static const gchar *const formats[] = {"ansi", "unicode", "unicode-4k"};
static const gchar *const crypts[] = {"none", "compressible", "high"};

static gint
find_word (const Word *words, guint n, const gchar *token, gint fallback)
{
  for (guint i = 0; i < n; i++)
    if (g_strcmp0 (words[i].token, token) == 0)
      return (gint) i;
  return fallback;
}

const gchar *
bm_rule_token (BmRule rule)
{
  return rule >= 0 && rule < BM_RULE_LAST ? rules[rule].token : NULL;
}

const gchar *
bm_rule_text (BmRule rule)
{
  return rule >= 0 && rule < BM_RULE_LAST ? rules[rule].text : NULL;
}

BmRule
bm_rule_from_token (const gchar *token)
{
  return (BmRule) find_word (rules, G_N_ELEMENTS (rules), token, BM_RULE_NONE);
}

const gchar *
bm_note_token (BmNote note)
{
  return note < BM_NOTE_LAST ? notes[note].token : NULL;
}

const gchar *
bm_note_text (BmNote note)
{
  return note < BM_NOTE_LAST ? notes[note].text : NULL;
}

BmNote
bm_note_from_token (const gchar *token)
{
  return (BmNote) find_word (notes, G_N_ELEMENTS (notes), token, BM_NOTE_LAST);
}

static gint
compare_tokens (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

GPtrArray *
bm_notes_tokens (BmNotes set)
{
  GPtrArray *tokens = g_ptr_array_new ();
  for (guint i = 0; i < BM_NOTE_LAST; i++)
    if (bm_notes_has (set, (BmNote) i))
      g_ptr_array_add (tokens, (gpointer) notes[i].token);
  g_ptr_array_sort (tokens, compare_tokens);
  return tokens;
}

gchar *
bm_notes_join (BmNotes set)
{
  g_autoptr (GPtrArray) tokens = bm_notes_tokens (set);
  g_ptr_array_add (tokens, NULL);
  return g_strjoinv (" ", (gchar **) tokens->pdata);
}

BmNotes
bm_notes_parse (const gchar *joined)
{
  BmNotes set = 0;
  g_auto (GStrv) tokens = g_strsplit (joined != NULL ? joined : "", " ", -1);
  for (guint i = 0; tokens[i] != NULL; i++) {
    BmNote note = bm_note_from_token (tokens[i]);
    if (note != BM_NOTE_LAST)
      bm_notes_add (&set, note);
  }
  return set;
}

GPtrArray *
bm_flags_tokens (BmFlags flags)
{
  static const struct {
    BmFlags flag;
    const gchar *token;
  } table[] = {
      {BM_FLAG_ANSWERED, "\\Answered"}, {BM_FLAG_DELETED, "\\Deleted"}, {BM_FLAG_DRAFT, "\\Draft"},
      {BM_FLAG_FLAGGED, "\\Flagged"},   {BM_FLAG_SEEN, "\\Seen"},
  };
  GPtrArray *tokens = g_ptr_array_new ();
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (flags & table[i].flag)
      g_ptr_array_add (tokens, (gpointer) table[i].token);
  return tokens;
}

const gchar *
bm_role_token (BmRole role)
{
  return role < BM_ROLE_LAST ? roles[role] : "";
}

BmRole
bm_role_from_token (const gchar *token)
{
  for (guint i = 1; i < G_N_ELEMENTS (roles); i++)
    if (g_strcmp0 (roles[i], token) == 0)
      return (BmRole) i;
  return BM_ROLE_NONE;
}

const gchar *
bm_pst_format_token (BmPstFormat format)
{
  return format < G_N_ELEMENTS (formats) ? formats[format] : "";
}

const gchar *
bm_pst_crypt_token (BmPstCrypt crypt)
{
  return crypt < G_N_ELEMENTS (crypts) ? crypts[crypt] : "";
}
