/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-people.h. Must not know what is asked for. */
#include "cli/bm-people.h"

#include <string.h>

typedef struct {
  BmUser *user; /* NULL: error says why */
  GError *error;
  BmPerson *person; /* NULL: nobody */
} Answer;

struct _BmPeople {
  const BmConfig *config;
  GHashTable *answers; /* name -> Answer */
  GHashTable *served;  /* domain -> GINT_TO_POINTER (whether BlueMind serves it) */
  GError *failed;      /* the directory cannot be asked */
};

static void
answer_free (gpointer data)
{
  Answer *answer = data;
  if (answer->user != NULL)
    bm_user_free (answer->user);
  g_clear_error (&answer->error);
  bm_person_free (answer->person);
  g_free (answer);
}

BmPeople *
bm_people_new (const BmConfig *config)
{
  BmPeople *people = g_new0 (BmPeople, 1);
  people->config = config;
  people->answers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, answer_free);
  people->served = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return people;
}

void
bm_people_free (BmPeople *people)
{
  if (people == NULL)
    return;
  g_hash_table_unref (people->answers);
  g_hash_table_unref (people->served);
  g_clear_error (&people->failed);
  g_free (people);
}

static BmPerson *
person_of (const BmUser *user, GStrv own)
{
  BmPerson *person = g_new0 (BmPerson, 1);
  person->key = g_strconcat (user->user_uid, "@", user->domain_uid, NULL);
  person->user = g_strconcat (user->login, "@", user->domain_name, NULL);
  person->own = own;
  return person;
}

/* Known to the directory, now or once, but not as one who may receive. */
static BmPerson *
refused_person (const gchar *name, const gchar *why)
{
  const gchar *const own[] = {name, NULL};
  BmPerson *person = g_new0 (BmPerson, 1);
  person->key = g_strdup (name);
  person->user = g_strdup (name);
  person->own = g_strdupv ((gchar **) own);
  person->problem = g_strdup (why);
  return person;
}

/* Whether BlueMind serves the domain of this name: then it would know whose the address is. */
static gboolean
is_served (BmPeople *people, const gchar *name)
{
  const gchar *at = strrchr (name, '@');
  gpointer known = NULL;
  gboolean served = FALSE;
  if (at == NULL || at[1] == '\0' || g_str_has_prefix (name, "ext:"))
    return FALSE;
  g_autofree gchar *domain = g_utf8_strdown (at + 1, -1);
  if (g_hash_table_lookup_extended (people->served, domain, NULL, &known))
    return GPOINTER_TO_INT (known);
  if (!bm_session_serves (people->config, domain, &served, &people->failed))
    return FALSE;
  g_hash_table_insert (people->served, g_steal_pointer (&domain), GINT_TO_POINTER (served));
  return served;
}

static void
ask (BmPeople *people, const gchar *name, Answer *answer)
{
  BmAddressee addressee = BM_ADDRESSEE_NOBODY;
  answer->user = bm_session_find_user (people->config, name, &addressee, &answer->error);
  if (answer->user != NULL) {
    GStrv own = bm_session_addresses (people->config, answer->user, &people->failed);
    answer->person = own != NULL ? person_of (answer->user, own) : NULL;
    return;
  }
  BmCause cause = bm_error_cause (answer->error);
  if (cause != BM_CAUSE_USER_REFUSED && cause != BM_CAUSE_ADMIN_REFUSED &&
      cause != BM_CAUSE_USER_UNKNOWN) {
    people->failed = g_error_copy (answer->error);
    return;
  }
  gboolean former = addressee == BM_ADDRESSEE_NOBODY;
  if (former && !is_served (people, name))
    return;
  answer->person = refused_person (name, answer->error->message);
  answer->person->shared = addressee == BM_ADDRESSEE_SHARED;
  answer->person->former = former;
}

/* NULL: the directory cannot be asked, now or before. */
static const Answer *
answer_of (BmPeople *people, const gchar *name)
{
  Answer *answer = g_hash_table_lookup (people->answers, name);
  if (answer != NULL || people->failed != NULL)
    return answer;
  answer = g_new0 (Answer, 1);
  g_hash_table_insert (people->answers, g_strdup (name), answer);
  ask (people, name, answer);
  return people->failed == NULL ? answer : NULL;
}

const BmUser *
bm_people_user (BmPeople *people, const gchar *name, GError **error)
{
  const Answer *answer = answer_of (people, name);
  if (answer == NULL)
    bm_people_check (people, error);
  else if (answer->user == NULL)
    g_propagate_error (error, g_error_copy (answer->error));
  return answer != NULL ? answer->user : NULL;
}

const BmPerson *
bm_people_find (const gchar *name, gpointer data)
{
  const Answer *answer = answer_of (data, name);
  return answer != NULL ? answer->person : NULL;
}

gboolean
bm_people_check (BmPeople *people, GError **error)
{
  if (people->failed == NULL)
    return TRUE;
  g_propagate_error (error, g_error_copy (people->failed));
  return FALSE;
}
