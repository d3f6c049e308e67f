/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Connecting: socket, TLS, login as the user, capabilities, namespaces. Must not know what is
 * appended. One thread. */
#include "imap/bm-imap-private.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH_MESSAGES 64
#define BATCH_BYTES    (8u << 20)
/* BlueMind 5's message_size_limit when nothing is configured: what exceeds it makes it hang up. */
#define BLUEMIND5_MESSAGE_LIMIT 20000000

gchar *
bm_imap_words (BmImap *imap)
{
  const gchar *text = imap->imap != NULL ? imap->imap->imap_response : NULL;
  g_autofree gchar *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  g_strdelimit (valid, "\r\n\t", ' ');
  return g_strdup (g_strstrip (valid));
}

gboolean
bm_imap_is_broken (int result)
{
  return result == MAILIMAP_ERROR_STREAM || result == MAILIMAP_ERROR_PARSE ||
         result == MAILIMAP_ERROR_FATAL || result == MAILIMAP_ERROR_CONNECTION_REFUSED;
}

void
bm_imap_disconnect (BmImap *imap)
{
  if (imap->imap == NULL)
    return;
  if (imap->imap->imap_stream != NULL) {
    mailstream_close (imap->imap->imap_stream); /* no LOGOUT: the stream may be broken */
    imap->imap->imap_stream = NULL;
  }
  mailimap_free (imap->imap);
  imap->imap = NULL;
}

gboolean
bm_imap_lost (BmImap *imap, const gchar *doing, GError **error)
{
  g_autofree gchar *words = bm_imap_words (imap);
  bm_imap_disconnect (imap);
  g_set_error (error, BM_ERROR, BM_CAUSE_CONNECTION_LOST,
               "the connection to %s port %u was lost while %s%s%s", imap->host, imap->port, doing,
               *words != '\0' ? ": " : "", words);
  return FALSE;
}

gboolean
bm_imap_need (BmImap *imap, GError **error)
{
  if (imap->imap != NULL)
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_CONNECTION_LOST, "not connected to %s port %u", imap->host,
               imap->port);
  return FALSE;
}

static void
set_server_name (struct mailstream_ssl_context *context, void *data)
{
  mailstream_ssl_set_server_name (context, data);
}

static gboolean
connect_socket (BmImap *imap, GError **error)
{
  int result = imap->tls == BM_IMAP_TLS_IMPLICIT
                   ? mailimap_ssl_connect_with_callback (imap->imap, imap->host, imap->port,
                                                         set_server_name, imap->host)
                   : mailimap_socket_connect (imap->imap, imap->host, imap->port);
  if (result != MAILIMAP_NO_ERROR_NON_AUTHENTICATED && result != MAILIMAP_NO_ERROR &&
      result != MAILIMAP_NO_ERROR_AUTHENTICATED) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONNECTION_LOST,
                 "cannot connect to the mail server %s port %u%s", imap->host, imap->port,
                 result == MAILIMAP_ERROR_SSL ? ": TLS failed" : "");
    return FALSE;
  }
  if (imap->tls == BM_IMAP_TLS_STARTTLS &&
      mailimap_socket_starttls_with_callback (imap->imap, set_server_name, imap->host) !=
          MAILIMAP_NO_ERROR) {
    g_set_error (error, BM_ERROR, BM_CAUSE_TLS_UNTRUSTED, "%s port %u does not start TLS",
                 imap->host, imap->port);
    return FALSE;
  }
  if (imap->tls != BM_IMAP_TLS_NONE &&
      !bm_imap_tls_verify (imap->imap->imap_stream, imap->ca_file, imap->host, error))
    return FALSE;
  int fd = mailstream_low_get_fd (mailstream_get_low (imap->imap->imap_stream)), on = 1;
  if (setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
    g_debug ("no TCP_NODELAY: small commands will wait for acknowledgements");
  return TRUE;
}

static gboolean
is_passing (const gchar *words)
{
  static const gchar *const signs[] = {"maintenance", "UNAVAILABLE", "try again", "too many",
                                       "INUSE"};
  for (guint i = 0; i < G_N_ELEMENTS (signs); i++) {
    g_autofree gchar *text = g_ascii_strdown (words, -1);
    g_autofree gchar *sign = g_ascii_strdown (signs[i], -1);
    if (strstr (text, sign) != NULL)
      return TRUE;
  }
  return FALSE;
}

static gboolean
login (BmImap *imap, GError **error)
{
  g_autofree gchar *password = NULL;
  if (!imap->password (imap->password_data, &password, error))
    return FALSE;
  int result = mailimap_login (imap->imap, imap->login, password);
  if (result == MAILIMAP_NO_ERROR)
    return TRUE;
  if (bm_imap_is_broken (result))
    return bm_imap_lost (imap, "logging in", error);
  g_autofree gchar *words = bm_imap_words (imap);
  gboolean passing = is_passing (words);
  g_set_error (error, BM_ERROR, passing ? BM_CAUSE_SERVER_BUSY : BM_CAUSE_LOGIN_REFUSED,
               "the mail server %s refuses %s: %s", imap->host, imap->login, words);
  return FALSE;
}

static void
read_capabilities (BmImap *imap, struct mailimap_capability_data *data)
{
  for (clistiter *i = clist_begin (data->cap_list); i != NULL; i = clist_next (i)) {
    const struct mailimap_capability *one = clist_content (i);
    if (one->cap_type != MAILIMAP_CAPABILITY_NAME)
      continue;
    const gchar *name = one->cap_data.cap_name;
    if (g_ascii_strncasecmp (name, "APPENDLIMIT=", 12) == 0)
      imap->append_limit = g_ascii_strtoull (name + 12, NULL, 10);
    imap->multiappend |= g_ascii_strcasecmp (name, "MULTIAPPEND") == 0;
    imap->literal_plus |= g_ascii_strcasecmp (name, "LITERAL+") == 0;
    imap->digest |= g_ascii_strcasecmp (name, "DIGEST=SHA1") == 0;
    imap->namespaces |= g_ascii_strcasecmp (name, "NAMESPACE") == 0;
    imap->limits.bluemind5 |= g_ascii_strcasecmp (name, "BM-ROCKS") == 0;
  }
}

static gboolean
probe (BmImap *imap, GError **error)
{
  struct mailimap_capability_data *data = NULL;
  imap->multiappend = imap->literal_plus = imap->digest = imap->namespaces = FALSE;
  imap->append_limit = 0;
  memset (&imap->limits, 0, sizeof imap->limits);
  if (mailimap_capability (imap->imap, &data) != MAILIMAP_NO_ERROR)
    return bm_imap_lost (imap, "asking for its capabilities", error);
  read_capabilities (imap, data);
  mailimap_capability_data_free (data);
  return TRUE;
}

static void
add_taken (BmImap *imap, const struct mailimap_namespace_item *item)
{
  for (clistiter *i = item != NULL ? clist_begin (item->ns_data_list) : NULL; i != NULL;
       i = clist_next (i)) {
    const struct mailimap_namespace_info *info = clist_content (i);
    g_autofree gchar *name = bm_imap_utf7_decode (info->ns_prefix);
    if (name == NULL)
      name = g_strdup (info->ns_prefix);
    gsize length = strlen (name);
    if (length > 0 && name[length - 1] == info->ns_delimiter)
      name[length - 1] = '\0';
    if (*name != '\0')
      g_ptr_array_add (imap->taken, g_steal_pointer (&name));
  }
}

static void
take_namespaces (BmImap *imap, const struct mailimap_namespace_data *data)
{
  if (data->ns_personal != NULL && clist_begin (data->ns_personal->ns_data_list) != NULL) {
    const struct mailimap_namespace_info *info =
        clist_content (clist_begin (data->ns_personal->ns_data_list));
    if (info->ns_delimiter != '\0')
      imap->rules.separator = info->ns_delimiter;
  }
  add_taken (imap, data->ns_other);
  add_taken (imap, data->ns_shared);
}

/* Asked only where the server has it: an OK without data makes libetpan leak its answer. */
static gboolean
ask_namespaces (BmImap *imap, GError **error)
{
  struct mailimap_namespace_data *data = NULL;
  int result = mailimap_namespace (imap->imap, &data);
  if (bm_imap_is_broken (result))
    return bm_imap_lost (imap, "asking for its namespaces", error);
  if (result == MAILIMAP_NO_ERROR && data != NULL)
    take_namespaces (imap, data);
  if (data != NULL)
    mailimap_namespace_data_free (data);
  return TRUE;
}

static gboolean
read_namespaces (BmImap *imap, GError **error)
{
  g_ptr_array_set_size (imap->taken, 0);
  imap->rules = bm_name_rules_bluemind;
  for (const gchar *const *name = imap->rules.taken; *name != NULL; name++)
    g_ptr_array_add (imap->taken, g_strdup (*name));
  if (imap->namespaces && !ask_namespaces (imap, error))
    return FALSE;
  g_ptr_array_add (imap->taken, NULL);
  return TRUE;
}

static void
describe (BmImap *imap)
{
  g_autoptr (GString) text = g_string_new (imap->limits.bluemind5 ? "BlueMind 5 IMAP" : "IMAP");
  const struct {
    gboolean has;
    const gchar *name;
  } features[] = {{imap->multiappend, "MULTIAPPEND"},
                  {imap->literal_plus, "LITERAL+"},
                  {imap->digest, "DIGEST=SHA1"}};
  g_string_append_printf (text, " at %s port %u:", imap->host, imap->port);
  for (guint i = 0; i < G_N_ELEMENTS (features); i++)
    if (features[i].has)
      g_string_append_printf (text, " %s", features[i].name);
  g_free (imap->description);
  imap->description = g_string_free (g_steal_pointer (&text), FALSE);
  imap->limits.description = imap->description;
  imap->limits.transport = imap->transport;
}

static void
set_limits (BmImap *imap)
{
  BmSinkLimits *limits = &imap->limits;
  limits->max_messages = imap->batch_messages > 0 ? imap->batch_messages : BATCH_MESSAGES;
  limits->max_bytes = imap->batch_bytes > 0 ? imap->batch_bytes : BATCH_BYTES;
  limits->max_message_size = imap->append_limit;
  if (imap->server_message_limit > 0 &&
      (imap->append_limit == 0 || imap->server_message_limit < imap->append_limit))
    limits->max_message_size = imap->server_message_limit;
  if (limits->max_message_size == 0 && limits->bluemind5)
    limits->max_message_size = BLUEMIND5_MESSAGE_LIMIT;
  limits->can_list = imap->digest;
  imap->rules.taken = (const gchar *const *) imap->taken->pdata;
  describe (imap);
}

gboolean
bm_imap_connect (BmImap *imap, GError **error)
{
  bm_imap_disconnect (imap);
  imap->imap = mailimap_new (0, NULL);
  mailimap_set_timeout (imap->imap, imap->timeout_s > 0 ? imap->timeout_s : 120);
  if (!connect_socket (imap, error) || !login (imap, error) || !probe (imap, error) ||
      !read_namespaces (imap, error)) {
    bm_imap_disconnect (imap);
    return FALSE;
  }
  set_limits (imap);
  return TRUE;
}
