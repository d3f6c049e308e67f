/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Configuration: built-in defaults < /etc/bm/bm.ini < /etc/bm-pst-import/bm-pst-import.conf (or
 * the file of --config, or of $BM_PST_IMPORT_CONFIG). All errors are reported at once. The keys
 * are described in docs/configuration.md. Any thread, once loaded. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum {
  BM_CONFIG_TLS_AUTO, /* plain on this host, else implicit TLS */
  BM_CONFIG_TLS_NONE,
  BM_CONFIG_TLS_STARTTLS,
  BM_CONFIG_TLS_IMPLICIT,
} BmConfigTls;

/* What the user's password is, unless a file gives one. */
typedef enum {
  BM_CONFIG_CREDENTIAL_TOKEN,   /* a session of the core */
  BM_CONFIG_CREDENTIAL_API_KEY, /* an API key that lives as long as the import */
} BmConfigCredential;

typedef struct {
  gchar *host; /* NULL = from the directory (data only) */
  guint16 port;
  gchar *dbname, *user, *password;
  guint timeout_s; /* of every wait; 0 = the default */
} BmConfigDatabase;

/* The daemon bm-pst-importd. */
typedef struct {
  GStrv listen;              /* ADDRESS:PORT, [ADDRESS]:PORT; port 0 = the kernel's choice */
  gchar *tls_cert, *tls_key; /* PEM files, both or none; the daemon reads them */
  gchar *base_path;          /* begins and ends with "/" */
  GStrv trusted_proxies;     /* addresses whose X-Forwarded-For and -Proto are believed */
  GStrv admin_roles;         /* of BlueMind: any of them = every domain */
  GStrv domain_roles;        /* any of them = the administrator's own domain */
  gchar *uploads;            /* directory */
  guint64 max_upload;        /* bytes of one file */
  guint64 min_free;          /* bytes that an upload must leave free */
  GStrv folders;             /* whose PSTs may be chosen; absolute */
  guint upload_expires_s;    /* of an unfinished upload, since its last byte */
  guint keep_days;           /* of a finished one, after its import's success */
  guint session_idle_s;
  guint lockout_failures, lockout_s;
} BmConfigWeb;

typedef struct {
  gchar *file; /* that was read; NULL when none exists */
  gchar *core_url;
  gchar *core_token_file;  /* the admin key; NULL = no core */
  guint core_keep_alive_s; /* between two pings of a token */
  BmConfigCredential credential;
  gboolean directory_rest; /* ask the core instead of the database bj; never without admin key */
  guint recheck_s;         /* between two looks at where the mailbox is */
  gboolean no_data;        /* bj-data may not be read: nothing is proven */
  BmConfigDatabase directory;
  BmConfigDatabase data;
  GHashTable *shards; /* server uid -> BmConfigDatabase *: groups [data SERVERUID] */
  gchar *imap_host;   /* NULL = the server of the user's mailbox */
  guint16 imap_port;  /* 0 = 1143 plain on this host, 993 implicit, 143 STARTTLS */
  BmConfigTls imap_tls;
  gchar *imap_ca_file;        /* NULL = the system's */
  GStrv imap_allow_plaintext; /* hosts; never NULL */
  GStrv imap_admins;          /* more logins that are refused as identity; never NULL */
  guint imap_batch_messages;
  guint64 imap_batch_bytes;
  guint imap_timeout_s;
  guint batch_parallel, batch_per_server; /* 0 = the conductor's default */
  GStrv batch_watch_disk;                 /* paths besides the jobs' directory; never NULL */
  guint64 batch_min_free;                 /* bytes: with less on one of them a batch pauses */
  gchar *jobs;                            /* directory of job directories */
  gchar *default_charset;
  gchar *address_map; /* path of a CSV as BmAddressMap reads; or NULL */
  BmConfigWeb web;
} BmConfig;

/* path: of --config, or NULL. Errors: CONFIG, one line per fault; files that are named must be
 * there, so that nothing is found only after a server was asked. */
BmConfig *bm_config_load (const gchar *path, GError **error);
/* The same with another file than /etc/bm/bm.ini. */
BmConfig *bm_config_load_beside (const gchar *bm_ini, const gchar *path, GError **error);
/* Another admin key for this run: the content of path takes the place of [core] token-file. NULL
 * changes nothing. Error: CONFIG when it is not there. */
gboolean bm_config_use_admin_key (BmConfig *config, const gchar *path, GError **error);
void bm_config_free (BmConfig *config);
/* The database of a shard: its own group, else [data] with this host. Borrowed parts; the host is
 * NULL only when neither knows one. */
void bm_config_shard (const BmConfig *config, const gchar *server_uid, const gchar *server_host,
                      BmConfigDatabase *database);
/* "127.0.0.1:8095", "[::1]:8095"; NULL when it is no such thing. New. */
GSocketAddress *bm_config_parse_listen (const gchar *text);
/* TRUE when this host name or address is this machine. May ask the resolver. */
gboolean bm_config_host_is_local (const gchar *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmConfig, bm_config_free)

G_END_DECLS
