/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-config.h. Must not connect anywhere, except that bm_config_host_is_local may ask the
 * resolver. */
#include "job/bm-config.h"

#include "text/bm-charset.h"
#include <bm-pst-import/error.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SYSTEM_FILE "/etc/bm-pst-import/bm-pst-import.conf"
#define BM_INI      "/etc/bm/bm.ini"
#define CORE_TOKEN  "/etc/bm/bm-core.tok"
#define MIN_FREE    (G_GUINT64_CONSTANT (1) << 30) /* BlueMind's own alert fires at 1 GiB free */
#define MAX_UPLOAD  (G_GUINT64_CONSTANT (100) << 30)
#define KEEP_ALIVE  480 /* a session of the core dies after 20 idle minutes */

typedef struct {
  GKeyFile *keys;
  GString *faults; /* one line each */
} Loader;

static const struct {
  const gchar *group;
  const gchar *keys; /* space before and after each */
} known[] = {
    {"core", " url token-file keep-alive credential "},
    {"directory", " source recheck host port dbname user password password-file timeout "},
    {"data", " enabled host port dbname user password password-file timeout "},
    {"imap", " host port tls ca-file allow-plaintext admins batch-messages batch-bytes timeout "},
    {"jobs", " directory "},
    {"batch", " parallel per-server watch-disk min-free "},
    {"reading", " default-charset address-map "},
    {"web", " listen tls-cert tls-key base-path trusted-proxy admin-roles domain-roles uploads"
            " max-upload min-free folders upload-expires keep-days session-idle lockout-failures"
            " lockout-seconds "},
};

static void
fault (Loader *loader, const gchar *group, const gchar *key, const gchar *what)
{
  g_string_append_printf (loader->faults, "%s[%s] %s: %s", loader->faults->len > 0 ? "\n" : "",
                          group, key, what);
}

static gchar *
get (Loader *loader, const gchar *group, const gchar *key, const gchar *fallback)
{
  g_autofree gchar *value = g_key_file_get_string (loader->keys, group, key, NULL);
  if (value == NULL)
    return g_strdup (fallback);
  g_strstrip (value);
  return *value != '\0' ? g_steal_pointer (&value) : g_strdup (fallback);
}

static guint64
get_number (Loader *loader, const gchar *group, const gchar *key, guint64 max, guint64 fallback)
{
  g_autofree gchar *text = get (loader, group, key, NULL);
  guint64 number;
  if (text == NULL)
    return fallback;
  if (g_ascii_string_to_unsigned (text, 10, 1, max, &number, NULL))
    return number;
  g_autofree gchar *what =
      g_strdup_printf ("\"%s\" is not a number from 1 to %" G_GUINT64_FORMAT, text, max);
  fault (loader, group, key, what);
  return fallback;
}

/* The place of the value in words; the first is the default. */
static guint
get_word (Loader *loader, const gchar *group, const gchar *key, const gchar *const *words)
{
  g_autofree gchar *text = get (loader, group, key, words[0]);
  for (guint i = 0; words[i] != NULL; i++)
    if (g_str_equal (words[i], text))
      return i;
  g_autofree gchar *all = g_strjoinv (", ", (gchar **) words);
  g_autofree gchar *what = g_strconcat ("not one of ", all, NULL);
  fault (loader, group, key, what);
  return 0;
}

static GStrv
get_list (Loader *loader, const gchar *group, const gchar *key)
{
  g_autofree gchar *text = get (loader, group, key, "");
  g_auto (GStrv) parts = g_strsplit_set (text, ",; ", -1);
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  for (guint i = 0; parts[i] != NULL; i++)
    if (*g_strstrip (parts[i]) != '\0')
      g_strv_builder_add (list, parts[i]);
  return g_strv_builder_end (list);
}

static gchar *
read_secret (Loader *loader, const gchar *group, const gchar *key)
{
  g_autofree gchar *path = get (loader, group, key, NULL);
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;
  if (path == NULL)
    return NULL;
  if (!g_file_get_contents (path, &text, NULL, &error))
    fault (loader, group, key, error->message);
  else if (*g_strstrip (text) == '\0')
    fault (loader, group, key, "the file is empty");
  else
    return g_steal_pointer (&text);
  return NULL;
}

/* A file that is named must be there; only its owner needs what it holds. */
static gchar *
get_file (Loader *loader, const gchar *group, const gchar *key)
{
  g_free (read_secret (loader, group, key));
  return get (loader, group, key, NULL);
}

static void
load_database (Loader *loader, const gchar *group, const BmConfigDatabase *fallback,
               BmConfigDatabase *database)
{
  database->host = get (loader, group, "host", fallback->host);
  database->port = (guint16) get_number (loader, group, "port", 65535, fallback->port);
  database->dbname = get (loader, group, "dbname", fallback->dbname);
  database->user = get (loader, group, "user", fallback->user);
  database->password = read_secret (loader, group, "password-file");
  if (database->password == NULL)
    database->password = get (loader, group, "password", fallback->password);
  database->timeout_s = (guint) get_number (loader, group, "timeout", 3600, fallback->timeout_s);
}

static void
clear_database (BmConfigDatabase *database)
{
  g_free (database->host);
  g_free (database->dbname);
  g_free (database->user);
  g_free (database->password);
}

static void
free_database (gpointer database)
{
  clear_database (database);
  g_free (database);
}

/* BlueMind's own file has no groups: key=value lines. */
static gchar *
ini_value (const gchar *text, const gchar *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    gchar *equals = strchr (lines[i], '=');
    if (equals == NULL)
      continue;
    *equals = '\0';
    if (g_str_equal (g_strstrip (lines[i]), key))
      return g_strdup (g_strstrip (equals + 1));
  }
  return NULL;
}

static void
read_bm_ini (const gchar *path, BmConfigDatabase *database)
{
  g_autofree gchar *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    text = g_strdup ("");
  database->host = ini_value (text, "host");
  database->user = ini_value (text, "user");
  database->password = ini_value (text, "password");
  database->dbname = ini_value (text, "db");
  if (database->host == NULL)
    database->host = g_strdup ("127.0.0.1");
  if (database->user == NULL)
    database->user = g_strdup ("bj");
  if (database->dbname == NULL)
    database->dbname = g_strdup ("bj");
  database->port = 5432;
}

static gboolean
is_known (const gchar *group, const gchar *key)
{
  gboolean shard = g_str_has_prefix (group, "data ");
  const gchar *name = shard ? "data" : group;
  if (shard && g_strcmp0 (key, "enabled") == 0)
    return FALSE; /* proof is for all mailboxes or for none */
  for (guint i = 0; i < G_N_ELEMENTS (known); i++) {
    if (!g_str_equal (known[i].group, name))
      continue;
    if (key == NULL)
      return TRUE;
    g_autofree gchar *padded = g_strconcat (" ", key, " ", NULL);
    return strstr (known[i].keys, padded) != NULL;
  }
  return FALSE;
}

/* A misspelt key would silently mean its default. */
static void
check_names (Loader *loader)
{
  g_auto (GStrv) groups = g_key_file_get_groups (loader->keys, NULL);
  for (guint i = 0; groups[i] != NULL; i++) {
    if (!is_known (groups[i], NULL)) {
      fault (loader, groups[i], "*", "unknown group");
      continue;
    }
    g_auto (GStrv) keys = g_key_file_get_keys (loader->keys, groups[i], NULL, NULL);
    for (guint k = 0; keys != NULL && keys[k] != NULL; k++) {
      g_autofree gchar *value = g_key_file_get_string (loader->keys, groups[i], keys[k], NULL);
      if (!is_known (groups[i], keys[k]))
        fault (loader, groups[i], keys[k], "unknown key");
      else if (value != NULL && strstr (value, " #") != NULL && !g_str_equal (keys[k], "password"))
        fault (loader, groups[i], keys[k], "a comment needs a line of its own");
    }
  }
}

static void
load_shards (Loader *loader, BmConfig *config)
{
  g_auto (GStrv) groups = g_key_file_get_groups (loader->keys, NULL);
  for (guint i = 0; groups[i] != NULL; i++) {
    if (!g_str_has_prefix (groups[i], "data "))
      continue;
    BmConfigDatabase *shard = g_new0 (BmConfigDatabase, 1);
    load_database (loader, groups[i], &config->data, shard);
    g_hash_table_insert (config->shards, g_strdup (groups[i] + 5), shard);
  }
}

/* Where the host comes from the directory, the sink refuses instead. */
static void
check_plain (Loader *loader, const BmConfig *config)
{
  if (config->imap_tls == BM_CONFIG_TLS_NONE && config->imap_host != NULL &&
      !g_strv_contains ((const gchar *const *) config->imap_allow_plaintext, config->imap_host) &&
      !bm_config_host_is_local (config->imap_host))
    fault (loader, "imap", "tls",
           "none, to a host that is not this machine nor in allow-plaintext");
}

static void
load_imap (Loader *loader, BmConfig *config)
{
  static const gchar *const words[] = {"auto", "none", "starttls", "implicit", NULL};
  config->imap_host = get (loader, "imap", "host", NULL);
  config->imap_port = (guint16) get_number (loader, "imap", "port", 65535, 0);
  config->imap_ca_file = get_file (loader, "imap", "ca-file");
  config->imap_allow_plaintext = get_list (loader, "imap", "allow-plaintext");
  config->imap_admins = get_list (loader, "imap", "admins");
  config->imap_batch_messages = (guint) get_number (loader, "imap", "batch-messages", 1000, 0);
  config->imap_batch_bytes = get_number (loader, "imap", "batch-bytes", 1u << 30, 0);
  config->imap_timeout_s = (guint) get_number (loader, "imap", "timeout", 3600, 0);
  config->imap_tls = (BmConfigTls) get_word (loader, "imap", "tls", words);
  check_plain (loader, config);
}

static void
load_core (Loader *loader, BmConfig *config)
{
  config->core_url = get (loader, "core", "url", "http://127.0.0.1:8090");
  g_autoptr (GUri) url = g_uri_parse (config->core_url, G_URI_FLAGS_NONE, NULL);
  if (url == NULL || g_uri_get_host (url) == NULL || *g_uri_get_host (url) == '\0' ||
      (!g_str_equal (g_uri_get_scheme (url), "http") &&
       !g_str_equal (g_uri_get_scheme (url), "https")))
    fault (loader, "core", "url", "not an http address");
  config->core_keep_alive_s = (guint) get_number (loader, "core", "keep-alive", 3600, KEEP_ALIVE);
  config->core_token_file = get_file (loader, "core", "token-file");
  if (config->core_token_file == NULL && access (CORE_TOKEN, R_OK) == 0)
    config->core_token_file = g_strdup (CORE_TOKEN);
}

static gchar *
default_jobs (void)
{
  if (geteuid () == 0)
    return g_strdup ("/var/lib/bm-pst-import");
  const gchar *state = g_getenv ("XDG_STATE_HOME");
  if (state != NULL && *state == '/')
    return g_build_filename (state, "bm-pst-import", NULL);
  return g_build_filename (g_get_home_dir (), ".local", "state", "bm-pst-import", NULL);
}

static gboolean
load_file (Loader *loader, BmConfig *config, const gchar *path, GError **error)
{
  const gchar *named = path != NULL ? path : g_getenv ("BM_PST_IMPORT_CONFIG");
  const gchar *file = named != NULL ? named : SYSTEM_FILE;
  g_autoptr (GError) local = NULL;
  if (g_key_file_load_from_file (loader->keys, file, G_KEY_FILE_NONE, &local)) {
    config->file = g_strdup (file);
    return TRUE;
  }
  if (named == NULL && g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "configuration %s: %s", file, local->message);
  return FALSE;
}

/* Items may hold blanks. Absolute, or a fault. */
static GStrv
get_paths (Loader *loader, const gchar *group, const gchar *key)
{
  g_autofree gchar *text = get (loader, group, key, "");
  g_auto (GStrv) parts = g_strsplit (text, ";", -1);
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  for (guint i = 0; parts[i] != NULL; i++) {
    if (*g_strstrip (parts[i]) == '\0')
      continue;
    if (!g_path_is_absolute (parts[i]))
      fault (loader, group, key, "not an absolute path");
    g_strv_builder_add (list, parts[i]);
  }
  return g_strv_builder_end (list);
}

static GStrv
get_list_or (Loader *loader, const gchar *group, const gchar *key, const gchar *fallback)
{
  g_auto (GStrv) list = get_list (loader, group, key);
  return list[0] != NULL ? g_steal_pointer (&list) : g_strsplit (fallback, ";", -1);
}

GSocketAddress *
bm_config_parse_listen (const gchar *text)
{
  const gchar *colon = strrchr (text, ':');
  guint64 port;
  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL))
    return NULL;
  gboolean brackets = *text == '[' && colon > text + 1 && colon[-1] == ']';
  const gchar *start = brackets ? text + 1 : text;
  g_autofree gchar *host = g_strndup (start, (gsize) (colon - start) - (brackets ? 1 : 0));
  if (brackets != (strchr (host, ':') != NULL))
    return NULL;
  return g_inet_socket_address_new_from_string (host, (guint) port);
}

/* Passwords go over this line: plain only on this host, or to a proxy that speaks TLS. */
static void
check_listen (Loader *loader, const BmConfigWeb *web)
{
  gboolean guarded = web->tls_cert != NULL || web->trusted_proxies[0] != NULL;
  for (guint i = 0; web->listen[i] != NULL; i++) {
    g_autoptr (GSocketAddress) address = bm_config_parse_listen (web->listen[i]);
    if (address == NULL)
      fault (loader, "web", "listen", "not an ADDRESS:PORT, as 127.0.0.1:8095 or [::1]:8095");
    else if (!guarded && !g_inet_address_get_is_loopback (
                             g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address))))
      fault (loader, "web", "listen",
             "not on this host alone: that needs tls-cert and tls-key, or trusted-proxy");
  }
  if ((web->tls_cert == NULL) != (web->tls_key == NULL))
    fault (loader, "web", "tls-cert", "tls-cert and tls-key go together");
  for (guint i = 0; web->trusted_proxies[i] != NULL; i++)
    if (!g_hostname_is_ip_address (web->trusted_proxies[i]))
      fault (loader, "web", "trusted-proxy", "not an address");
}

/* "/pst" and "/pst/" are the same: it ends with "/". */
static gchar *
get_base_path (Loader *loader)
{
  g_autofree gchar *path = get (loader, "web", "base-path", "/");
  if (*path != '/' || strstr (path, "//") != NULL || strstr (path, "..") != NULL ||
      strspn (path, "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") !=
          strlen (path)) {
    fault (loader, "web", "base-path", "not a path of letters, digits, - _ . that begins with /");
    return g_strdup ("/");
  }
  return g_strconcat (path, g_str_has_suffix (path, "/") ? "" : "/", NULL);
}

static void
load_web (Loader *loader, const gchar *jobs, BmConfigWeb *web)
{
  g_autofree gchar *uploads = g_build_filename (jobs, "uploads", NULL);
  web->listen = get_list_or (loader, "web", "listen", "127.0.0.1:8095");
  web->tls_cert = get (loader, "web", "tls-cert", NULL);
  web->tls_key = get (loader, "web", "tls-key", NULL);
  web->base_path = get_base_path (loader);
  web->trusted_proxies = get_list (loader, "web", "trusted-proxy");
  web->admin_roles = get_list_or (loader, "web", "admin-roles", "admin;systemManagement");
  web->domain_roles = get_list_or (loader, "web", "domain-roles", "domainManager");
  web->uploads = get (loader, "web", "uploads", uploads);
  web->max_upload = get_number (loader, "web", "max-upload", G_MAXINT64, MAX_UPLOAD);
  web->min_free = get_number (loader, "web", "min-free", G_MAXINT64, MIN_FREE);
  web->folders = get_paths (loader, "web", "folders");
  web->upload_expires_s = (guint) get_number (loader, "web", "upload-expires", 31536000, 86400);
  web->keep_days = (guint) get_number (loader, "web", "keep-days", 36500, 30);
  web->session_idle_s = (guint) get_number (loader, "web", "session-idle", 86400, 1800);
  web->lockout_failures = (guint) get_number (loader, "web", "lockout-failures", 1000, 5);
  web->lockout_s = (guint) get_number (loader, "web", "lockout-seconds", 86400, 900);
  check_listen (loader, web);
}

static void
clear_web (BmConfigWeb *web)
{
  g_strfreev (web->listen);
  g_free (web->tls_cert);
  g_free (web->tls_key);
  g_free (web->base_path);
  g_strfreev (web->trusted_proxies);
  g_strfreev (web->admin_roles);
  g_strfreev (web->domain_roles);
  g_free (web->uploads);
  g_strfreev (web->folders);
}

/* Where users are looked up, whether there is a proof, and whose password is used. */
static void
load_choices (Loader *loader, BmConfig *config)
{
  static const gchar *const sources[] = {"sql", "rest", NULL};
  static const gchar *const enabled[] = {"true", "false", NULL};
  static const gchar *const credentials[] = {"token", "api-key", NULL};
  config->directory_rest = get_word (loader, "directory", "source", sources) == 1;
  config->recheck_s = (guint) get_number (loader, "directory", "recheck", 24 * 3600, 60);
  config->no_data = get_word (loader, "data", "enabled", enabled) == 1;
  config->credential = (BmConfigCredential) get_word (loader, "core", "credential", credentials);
}

static void
load_all (Loader *loader, const gchar *bm_ini, BmConfig *config)
{
  check_names (loader);
  load_choices (loader, config);
  BmConfigDatabase ini = {0};
  read_bm_ini (bm_ini, &ini);
  load_database (loader, "directory", &ini, &config->directory);
  BmConfigDatabase data = {NULL,     ini.port,     (gchar *) "bj-data",
                           ini.user, ini.password, ini.timeout_s};
  load_database (loader, "data", &data, &config->data);
  clear_database (&ini);
  load_shards (loader, config);
  load_imap (loader, config);
  load_core (loader, config);
  if (config->directory_rest && config->core_token_file == NULL)
    fault (loader, "directory", "source", "rest needs BlueMind's admin key: [core] token-file");
  g_autofree gchar *jobs = default_jobs ();
  config->jobs = get (loader, "jobs", "directory", jobs);
  config->batch_parallel = (guint) get_number (loader, "batch", "parallel", 1000, 0);
  config->batch_per_server = (guint) get_number (loader, "batch", "per-server", 1000, 0);
  config->batch_watch_disk = get_list (loader, "batch", "watch-disk");
  config->batch_min_free = get_number (loader, "batch", "min-free", G_MAXINT64, MIN_FREE);
  load_web (loader, config->jobs, &config->web);
  config->default_charset = get (loader, "reading", "default-charset", "");
  if (*config->default_charset != '\0' && bm_charset_from_name (config->default_charset) == NULL)
    fault (loader, "reading", "default-charset", "no character set that is known");
  config->address_map = get_file (loader, "reading", "address-map");
}

BmConfig *
bm_config_load (const gchar *path, GError **error)
{
  return bm_config_load_beside (BM_INI, path, error);
}

BmConfig *
bm_config_load_beside (const gchar *bm_ini, const gchar *path, GError **error)
{
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  g_autoptr (GString) faults = g_string_new (NULL);
  g_autoptr (BmConfig) config = g_new0 (BmConfig, 1);
  config->shards = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_database);
  Loader loader = {keys, faults};
  if (!load_file (&loader, config, path, error))
    return NULL;
  load_all (&loader, bm_ini, config);
  if (faults->len > 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "configuration %s:\n%s",
                 config->file != NULL ? config->file : "(defaults)", faults->str);
    return NULL;
  }
  return g_steal_pointer (&config);
}

gboolean
bm_config_use_admin_key (BmConfig *config, const gchar *path, GError **error)
{
  if (path == NULL)
    return TRUE;
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "--admin-key-file %s: no such file", path);
    return FALSE;
  }
  g_free (config->core_token_file);
  config->core_token_file = g_canonicalize_filename (path, NULL);
  return TRUE;
}

void
bm_config_free (BmConfig *config)
{
  if (config == NULL)
    return;
  g_free (config->file);
  g_free (config->core_url);
  g_free (config->core_token_file);
  clear_database (&config->directory);
  clear_database (&config->data);
  g_hash_table_unref (config->shards);
  g_free (config->imap_host);
  g_free (config->imap_ca_file);
  g_strfreev (config->imap_allow_plaintext);
  g_strfreev (config->imap_admins);
  g_strfreev (config->batch_watch_disk);
  g_free (config->jobs);
  g_free (config->default_charset);
  clear_web (&config->web);
  g_free (config->address_map);
  g_free (config);
}

void
bm_config_shard (const BmConfig *config, const gchar *server_uid, const gchar *server_host,
                 BmConfigDatabase *database)
{
  const BmConfigDatabase *own =
      server_uid != NULL ? g_hash_table_lookup (config->shards, server_uid) : NULL;
  *database = own != NULL ? *own : config->data;
  if (database->host == NULL)
    database->host = (gchar *) server_host;
}

static gboolean
same_address (const struct sockaddr *a, const struct sockaddr *b)
{
  if (a->sa_family != b->sa_family)
    return FALSE;
  if (a->sa_family == AF_INET)
    return ((const struct sockaddr_in *) a)->sin_addr.s_addr ==
           ((const struct sockaddr_in *) b)->sin_addr.s_addr;
  if (a->sa_family == AF_INET6)
    return memcmp (&((const struct sockaddr_in6 *) a)->sin6_addr,
                   &((const struct sockaddr_in6 *) b)->sin6_addr, sizeof (struct in6_addr)) == 0;
  return FALSE;
}

gboolean
bm_config_host_is_local (const gchar *host)
{
  struct addrinfo *found = NULL;
  struct ifaddrs *own = NULL;
  gboolean local = FALSE;
  if (g_ascii_strcasecmp (host, "localhost") == 0 ||
      (g_str_has_prefix (host, "127.") && g_hostname_is_ip_address (host)))
    return TRUE;
  if (getaddrinfo (host, NULL, NULL, &found) != 0)
    return FALSE;
  if (getifaddrs (&own) == 0) {
    for (struct addrinfo *a = found; a != NULL && !local; a = a->ai_next)
      for (struct ifaddrs *i = own; i != NULL && !local; i = i->ifa_next)
        local = i->ifa_addr != NULL && same_address (a->ai_addr, i->ifa_addr);
    freeifaddrs (own);
  }
  freeaddrinfo (found);
  return local;
}
