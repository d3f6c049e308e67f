/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-directory-judge.h. Must not know where the candidates come from. */
#include "bluemind/bm-directory-judge.h"

#include <string.h>

#define EXTERNAL "ext:"
#define NAMED    5 /* mailboxes an ambiguous address is told with */

void
bm_user_free (BmUser *user)
{
  if (user == NULL)
    return;
  g_free (user->user_uid);
  g_free (user->domain_uid);
  g_free (user->domain_name);
  g_free (user->login);
  g_free (user->mail_login);
  g_free (user->email);
  g_free (user->server_uid);
  g_free (user->server_host);
  g_free (user->server_name);
  g_free (user->subtree_uid);
  g_free (user);
}

void
bm_user_name_clear (BmUserName *name)
{
  g_clear_pointer (&name->whole, g_free);
  g_clear_pointer (&name->local, g_free);
  g_clear_pointer (&name->domain, g_free);
}

void
bm_candidate_free (BmCandidate *candidate)
{
  if (candidate == NULL)
    return;
  g_free (candidate->uid);
  g_free (candidate->domain);
  g_free (candidate->alias);
  g_free (candidate->login);
  g_free (candidate->type);
  g_free (candidate->routing);
  g_free (candidate->location);
  g_free (candidate->host);
  g_free (candidate->server_name);
  g_free (candidate->name);
  g_free (candidate->email);
  g_free (candidate);
}

static gboolean
is_admin (const gchar *login, const gchar *domain)
{
  return g_ascii_strcasecmp (login, "admin0") == 0 ||
         g_ascii_strcasecmp (login, "bmhiddensysadmin") == 0 ||
         g_ascii_strcasecmp (domain, "global.virt") == 0;
}

static gboolean
refuse_admin (GError **error, const gchar *address)
{
  g_set_error (error, BM_ERROR, BM_CAUSE_ADMIN_REFUSED,
               "%s is an administrator: what it writes bypasses BlueMind's checks and breaks "
               "replication",
               address);
  return FALSE;
}

static void
set_addressee (BmAddressee *addressee, BmAddressee value)
{
  if (addressee != NULL)
    *addressee = value;
}

gboolean
bm_user_name_parse (const gchar *address, BmUserName *name, BmAddressee *addressee, GError **error)
{
  *name = (BmUserName){0};
  set_addressee (addressee, BM_ADDRESSEE_NOBODY);
  name->external = g_str_has_prefix (address, EXTERNAL);
  const gchar *whole = name->external ? address + strlen (EXTERNAL) : address;
  const gchar *at = strrchr (whole, '@');
  gboolean split = at != NULL && at != whole && at[1] != '\0';
  if (!g_utf8_validate (address, -1, NULL) || (name->external ? *whole == '\0' : !split)) {
    g_autofree gchar *valid = g_utf8_make_valid (address, -1);
    g_set_error (error, BM_ERROR, BM_CAUSE_USER_UNKNOWN,
                 "\"%s\" is not login@domain, an e-mail address or ext:ID", valid);
    return FALSE;
  }
  name->whole = g_strdup (whole);
  if (split) {
    name->local = g_strndup (whole, (gsize) (at - whole));
    name->domain = g_utf8_strdown (at + 1, -1);
  }
  if (name->external || !is_admin (name->local, name->domain))
    return TRUE;
  bm_user_name_clear (name);
  set_addressee (addressee, BM_ADDRESSEE_PERSON);
  return refuse_admin (error, address);
}

const gchar *
bm_directory_why (const BmCandidate *one)
{
  if (g_strcmp0 (one->type, "user") != 0 || one->login == NULL)
    return "is not a user but a share, group or resource";
  if (one->archived)
    return "is suspended (archived); reactivate the user first";
  if (g_strcmp0 (one->routing, "external") == 0)
    return "has its mail routed to an external server; import there";
  if (g_strcmp0 (one->routing, "internal") != 0)
    return "has no mail routing; set it to internal first";
  if (one->location == NULL)
    return "has no folder container on any server; run bm-cli maintenance repair on it";
  return NULL;
}

gboolean
bm_directory_is_admin (const BmCandidate *one)
{
  return one->system || (one->login != NULL && is_admin (one->login, one->domain));
}

static gboolean
is_shared (const BmCandidate *one)
{
  return g_strcmp0 (one->type, "user") != 0 || one->login == NULL;
}

/* What would lose or misplace mail is refused here, before a byte is sent. */
static gboolean
check (const BmCandidate *one, const gchar *address, GError **error)
{
  const gchar *why = bm_directory_why (one);
  if (one->system) {
    g_set_error (error, BM_ERROR, BM_CAUSE_ADMIN_REFUSED,
                 "%s is a system account: what it writes bypasses BlueMind's checks", address);
    return FALSE;
  }
  if (bm_directory_is_admin (one))
    return refuse_admin (error, address);
  if (why != NULL)
    g_set_error (error, BM_ERROR, BM_CAUSE_USER_REFUSED, "%s: %s", address, why);
  return why == NULL;
}

gchar *
bm_directory_subtree (const gchar *domain_uid, const gchar *user_uid)
{
  g_autofree gchar *domain = g_strdelimit (g_strdup (domain_uid), ".", '_');
  return g_strconcat ("subtree_", domain, "!user.", user_uid, NULL);
}

/* An address that counts on all aliases may be told with the domain's uid, which is none for people. */
static gchar *
email_of (const BmCandidate *one, const gchar *domain_name)
{
  const gchar *at = one->email != NULL ? strrchr (one->email, '@') : NULL;
  if (at == NULL)
    return g_strconcat (one->login, "@", domain_name, NULL);
  if (g_ascii_strcasecmp (at + 1, one->domain) != 0)
    return g_strdup (one->email);
  g_autofree gchar *local = g_strndup (one->email, (gsize) (at - one->email));
  return g_strconcat (local, "@", domain_name, NULL);
}

BmUser *
bm_directory_user (const BmCandidate *one)
{
  BmUser *user = g_new0 (BmUser, 1);
  user->user_uid = g_strdup (one->uid);
  user->domain_uid = g_strdup (one->domain);
  user->domain_name = g_strdup (one->alias != NULL ? one->alias : one->domain);
  user->login = g_strdup (one->login);
  user->mail_login = g_strconcat (one->login, "@", one->domain, NULL);
  user->email = email_of (one, user->domain_name);
  user->quota_kib = one->quota_kib;
  user->server_uid = g_strdup (one->location);
  user->server_host = g_strdup (one->host);
  user->server_name = g_strdup (one->server_name);
  user->subtree_uid = bm_directory_subtree (one->domain, one->uid);
  return user;
}

/* Which one is meant is for people to say: the candidates are named, none is preferred. */
static void
refuse_several (GError **error, const GPtrArray *candidates, const gchar *address)
{
  g_autoptr (GString) names = g_string_new (NULL);
  for (guint i = 0; i < candidates->len && i < NAMED; i++) {
    const BmCandidate *one = g_ptr_array_index (candidates, i);
    g_string_append_printf (names, "%s%s@%s", i > 0 ? ", " : "",
                            one->login != NULL ? one->login : one->uid,
                            one->alias != NULL ? one->alias : one->domain);
  }
  g_set_error (error, BM_ERROR, BM_CAUSE_USER_UNKNOWN,
               "%s means %u mailboxes (%s%s); give login@domain of the one", address,
               candidates->len, names->str, candidates->len > NAMED ? "..." : "");
}

BmUser *
bm_directory_judge (const GPtrArray *candidates, const gchar *address, BmAddressee *addressee,
                    GError **error)
{
  if (candidates->len > 1) {
    set_addressee (addressee, BM_ADDRESSEE_SEVERAL);
    refuse_several (error, candidates, address);
    return NULL;
  }
  if (candidates->len == 0) {
    set_addressee (addressee, BM_ADDRESSEE_NOBODY);
    g_set_error (error, BM_ERROR, BM_CAUSE_USER_UNKNOWN, "no user %s in BlueMind's directory",
                 address);
    return NULL;
  }
  const BmCandidate *one = g_ptr_array_index (candidates, 0);
  set_addressee (addressee, is_shared (one) ? BM_ADDRESSEE_SHARED : BM_ADDRESSEE_PERSON);
  return check (one, address, error) ? bm_directory_user (one) : NULL;
}
