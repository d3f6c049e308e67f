/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web-lockout.h. Must not know HTTP. */
#include "http/bm-web-lockout.h"

#include <gio/gio.h>

#define ENTRIES_MAX    20000
#define ADDRESS_FACTOR 4  /* people behind one address */
#define LOGIN_FACTOR   10 /* addresses that guess at one login */

typedef struct {
  guint failures;
  gint64 last;
} Count;

struct _BmWebLockout {
  guint failures, seconds;
  GHashTable *counts; /* key -> Count * */
};

typedef enum { BY_BOTH, BY_ADDRESS, BY_LOGIN, N_KEYS } Key;

BmWebLockout *
bm_web_lockout_new (guint failures, guint seconds)
{
  BmWebLockout *lockout = g_new0 (BmWebLockout, 1);
  lockout->failures = failures;
  lockout->seconds = seconds;
  lockout->counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return lockout;
}

void
bm_web_lockout_free (BmWebLockout *lockout)
{
  if (lockout == NULL)
    return;
  g_hash_table_unref (lockout->counts);
  g_free (lockout);
}

gchar *
bm_web_lockout_place (const gchar *address)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);
  if (inet == NULL || g_inet_address_get_family (inet) != G_SOCKET_FAMILY_IPV6)
    return g_strdup (address);
  const guint8 *bytes = g_inet_address_to_bytes (inet);
  return g_strdup_printf ("%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", bytes[0], bytes[1], bytes[2],
                          bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
}

static gchar *
key_of (Key key, const gchar *login, const gchar *address)
{
  g_autofree gchar *folded = g_utf8_casefold (login, -1), *place = bm_web_lockout_place (address);
  switch (key) {
  case BY_BOTH:
    return g_strdup_printf ("b %s %s", place, folded);
  case BY_ADDRESS:
    return g_strdup_printf ("a %s", place);
  default:
    return g_strdup_printf ("l %s", folded);
  }
}

static guint
limit_of (const BmWebLockout *lockout, Key key)
{
  return lockout->failures * (key == BY_ADDRESS ? ADDRESS_FACTOR
                              : key == BY_LOGIN ? LOGIN_FACTOR
                                                : 1);
}

static gboolean
is_old (gpointer key, gpointer value, gpointer data)
{
  return ((Count *) value)->last <= *(gint64 *) data;
}

/* Strangers choose the keys: their number must have an end. */
static void
make_room (BmWebLockout *lockout, gint64 now)
{
  gint64 before = now - lockout->seconds;
  if (g_hash_table_size (lockout->counts) < ENTRIES_MAX)
    return;
  g_hash_table_foreach_remove (lockout->counts, is_old, &before);
  if (g_hash_table_size (lockout->counts) >= ENTRIES_MAX)
    g_hash_table_remove_all (lockout->counts);
}

guint
bm_web_lockout_begin (BmWebLockout *lockout, const gchar *login, const gchar *address, gint64 now)
{
  for (Key key = 0; key < N_KEYS; key++) {
    g_autofree gchar *name = key_of (key, login, address);
    Count *count = g_hash_table_lookup (lockout->counts, name);
    if (count != NULL && now - count->last >= lockout->seconds)
      g_hash_table_remove (lockout->counts, name);
    else if (count != NULL && count->failures >= limit_of (lockout, key))
      return (guint) (lockout->seconds - (now - count->last));
  }
  make_room (lockout, now);
  for (Key key = 0; key < N_KEYS; key++) {
    g_autofree gchar *name = key_of (key, login, address);
    Count *count = g_hash_table_lookup (lockout->counts, name);
    if (count == NULL) {
      count = g_new0 (Count, 1);
      g_hash_table_insert (lockout->counts, g_steal_pointer (&name), count);
    }
    count->failures++;
    count->last = now;
  }
  return 0;
}

void
bm_web_lockout_end (BmWebLockout *lockout, const gchar *login, const gchar *address,
                    BmWebTry result)
{
  if (result == BM_WEB_TRY_WRONG)
    return;
  for (Key key = 0; key < N_KEYS; key++) {
    g_autofree gchar *name = key_of (key, login, address);
    Count *count = g_hash_table_lookup (lockout->counts, name);
    if (count == NULL)
      continue;
    count->failures -= count->failures > 0;
    if (count->failures == 0 || (key == BY_BOTH && result == BM_WEB_TRY_GOOD))
      g_hash_table_remove (lockout->counts, name);
  }
}
