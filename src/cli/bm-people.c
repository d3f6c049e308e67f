/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-people.h. Must not know what is asked for. */
#include "cli/bm-people.h"

typedef struct {
  BmUser *user; /* NULL: error says why */
  GError *error;
  BmPerson *person; /* NULL: nobody */
} Answer;

struct _BmPeople {
  const BmConfig *config;
  GHashTable *answers; /* name -> Answer */
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
  return people;
}

void
bm_people_free (BmPeople *people)
{
  if (people == NULL)
    return;
  g_hash_table_unref (people->answers);
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

/* Known to the directory, but not as one who may receive. */
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

static void
ask (BmPeople *people, const gchar *name, Answer *answer)
{
  answer->user = bm_session_find_user (people->config, name, &answer->error);
  if (answer->user != NULL) {
    GStrv own = bm_session_addresses (people->config, answer->user, &people->failed);
    answer->person = own != NULL ? person_of (answer->user, own) : NULL;
    return;
  }
  BmCause cause = bm_error_cause (answer->error);
  if (cause == BM_CAUSE_USER_REFUSED || cause == BM_CAUSE_ADMIN_REFUSED)
    answer->person = refused_person (name, answer->error->message);
  else if (cause != BM_CAUSE_USER_UNKNOWN)
    people->failed = g_error_copy (answer->error);
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
