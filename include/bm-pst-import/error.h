/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What can go wrong, and how far the damage reaches.
 *
 * One GError domain; the code is the CAUSE. One table (src/base/bm-error.c) maps a cause to its
 * SCOPE and to the exit status of a program that stops for it. Callers act on the scope alone:
 *   ITEM   this item is lost for this run; go on with the next
 *   RETRY  back off, reconnect, look before you send again
 *   JOB    stop this mailbox; everything not yet sent stays PLANNED
 *   SETUP  nothing was started
 * Tokens are stable: they go into journal, manifest and report and are listed in docs/tokens.md.
 * Any thread may use this file. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  BM_SCOPE_ITEM,
  BM_SCOPE_RETRY,
  BM_SCOPE_JOB,
  BM_SCOPE_SETUP,
} BmScope;

/* X (SYMBOL, token, scope, exit status, advice: what to do next) */
#define BM_CAUSES(X)                                                                               \
  X (UNREADABLE, "unreadable", ITEM, 1, "open the PST in Outlook and copy the item to a new PST")  \
  X (READER_CRASH, "reader-crash", ITEM, 1, "send the PST item to the developers")                 \
  X (READER_TIMEOUT, "reader-timeout", ITEM, 1, "retry with a higher --item-timeout")              \
  X (READER_LIMIT, "reader-limit", ITEM, 1, "retry with a higher --item-memory")                   \
  X (INVALID_MESSAGE, "invalid-message", ITEM, 1, "send the PST item to the developers")           \
  X (TOO_LARGE, "too-large", ITEM, 1, "raise the server's message size limit, then retry")         \
  X (REFUSED, "refused", ITEM, 1, "read the server's words; mend, then retry")                     \
  X (FOLDER_REFUSED, "folder-refused", ITEM, 1, "read the server's words; choose another --into")  \
  X (CONNECTION_LOST, "connection-lost", RETRY, 75, "run the same command again")                  \
  X (SERVER_BUSY, "server-busy", RETRY, 75, "run the same command again later")                    \
  X (DATABASE_LOST, "database-lost", RETRY, 75, "run the same command again")                      \
  X (SERVICE_UNAVAILABLE, "service-unavailable", JOB, 69, "check that the service runs")           \
  X (OVER_QUOTA, "over-quota", JOB, 73, "raise the user's quota, then run the same command again") \
  X (DISK_FULL, "disk-full", JOB, 75, "free disk space, then run the same command again")          \
  X (PST_CHANGED, "pst-changed", JOB, 66,                                                          \
     "close Outlook; then import --new-job (sends nothing twice), or put the old file back")       \
  X (MAILBOX_MOVED, "mailbox-moved", JOB, 75,                                                      \
     "run the same command again: it goes on at the new server")                                   \
  X (JOURNAL, "journal", JOB, 75, "check the job directory's disk and rights")                     \
  X (INTERRUPTED, "interrupted", JOB, 130, "run the same command again to go on")                  \
  X (LOCKED, "locked", SETUP, 75, "wait for the other process, or stop it")                        \
  X (USAGE, "usage", SETUP, 64, "see --help")                                                      \
  X (PST_MISSING, "pst-missing", SETUP, 66, "check the path and its rights")                       \
  X (PST_UNREADABLE, "pst-unreadable", SETUP, 66, "repair the file with Outlook's scanpst")        \
  X (CONFIG, "config", SETUP, 78, "mend the configuration")                                        \
  X (LOGIN_REFUSED, "login-refused", SETUP, 77, "check the credential of this user")               \
  X (ADMIN_REFUSED, "admin-refused", SETUP, 77, "import as the mailbox's own user")                \
  X (USER_UNKNOWN, "user-unknown", SETUP, 77, "create the user in BlueMind first")                 \
  X (USER_REFUSED, "user-refused", SETUP, 77, "mend the user in BlueMind's admin console")         \
  X (OWNER_MISMATCH, "owner-mismatch", SETUP, 77,                                                  \
     "find out whose PST it is; --owner-mismatch-ok when it is right all the same")                \
  X (TLS_UNTRUSTED, "tls-untrusted", SETUP, 77,                                                    \
     "install the CA, or list the host in allow-plaintext")                                        \
  X (UNSUPPORTED, "unsupported", SETUP, 69, "this server lacks a needed feature")                  \
  X (INTERNAL, "internal", JOB, 70, "report this to the developers")

typedef enum {
#define X(sym, token, scope, status, advice) BM_CAUSE_##sym,
  BM_CAUSES (X)
#undef X
      BM_CAUSE_LAST
} BmCause;

#define BM_ERROR (bm_error_quark ())
GQuark bm_error_quark (void);

/* Scope, exit status, token and advice of a cause. The strings are static. */
BmScope bm_cause_scope (BmCause cause);
int bm_cause_exit_status (BmCause cause);
const gchar *bm_cause_token (BmCause cause);
const gchar *bm_cause_advice (BmCause cause);
/* BM_CAUSE_LAST when the token is unknown. */
BmCause bm_cause_from_token (const gchar *token);

/* Cause of an error: its code when it is of our domain, else INTERNAL. */
BmCause bm_error_cause (const GError *error);
BmScope bm_error_scope (const GError *error);

G_END_DECLS
