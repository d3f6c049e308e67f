/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * What the parts of bm-core-lab share: the store, the sessions, and the knobs a test turns at run time.
 * Must not know a wire protocol. Any thread: one lock guards knobs and sessions.
 */
#pragma once

#include "lab-store.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum { LAB_KNOB_NUMBER, LAB_KNOB_BOOLEAN, LAB_KNOB_TEXT } LabKnobKind;

/* A copy of the knobs: what they do is in README.md. */
typedef struct {
  gint64 delay_ms, records_delay_ms, quota_used_kib, session_ttl_s, throttle_kib;
  gboolean refuse, stop;
  gchar *drop_body; /* "", "all", a number that counts down, or a substring of the message */
  gchar *state;
  gchar *stop_server; /* uid of the mail server whose replication stands still */
} LabKnobs;

typedef struct {
  const gchar *name;
  LabKnobKind kind;
  gsize offset;
} LabKnobInfo;

typedef struct _LabCore LabCore;

/* Called on the main loop's thread after a knob was turned. */
typedef void (*LabKnobsChanged) (LabCore *core, gpointer user_data);

LabCore *lab_core_new (LabStore *store, const gchar *admin_token);
LabStore *lab_core_store (LabCore *core);
const gchar *lab_core_admin_token (LabCore *core);

const LabKnobInfo *lab_core_knob_table (guint *n);
void lab_core_get_knobs (LabCore *core, LabKnobs *knobs);
void lab_knobs_clear (LabKnobs *knobs);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LabKnobs, lab_knobs_clear)
/* text for text knobs, number for the others. FALSE for an unknown name. */
gboolean lab_core_set_knob (LabCore *core, const gchar *name, gint64 number, const gchar *text);
void lab_core_on_change (LabCore *core, LabKnobsChanged changed, gpointer user_data);
void lab_core_announce (LabCore *core);
/* TRUE when this body is to be lost; counts a number down. */
gboolean lab_core_drops (LabCore *core, const guint8 *data, gsize size);

/* A new session of the user; the key is the caller's. */
gchar *lab_core_open_session (LabCore *core, const LabUser *user);
gboolean lab_core_close_session (LabCore *core, const gchar *key);
/* Sessions that are neither closed nor too long idle. */
guint lab_core_count_sessions (LabCore *core);
gboolean lab_core_is_session (LabCore *core, const gchar *key);
/* Whose key this is: a live session (kept alive by the look) or an API key. NULL for none, or for an archived user. */
LabUser *lab_core_whose_key (LabCore *core, const gchar *key);

/* CLOSED: the core is not running, and only admin0 may. */
typedef enum { LAB_LOGIN_BAD, LAB_LOGIN_OK, LAB_LOGIN_CLOSED } LabLogin;
/* Checks who (a login in the domain of this uid, or an address; domain "" is the default, or admin0's) and token, API key
 * or password, as bm-ysnp and `auth/login` do. *user is set iff OK. */
LabLogin lab_core_login (LabCore *core, const gchar *login, const gchar *domain,
                         const gchar *secret, LabUser **user);

G_END_DECLS
