/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Notes of API keys: <jobs>/keys/<uuid>, mode 0600, written durably before the key is made and
 * removed after it is deleted, so that no key outlives a crash unseen. A note tells whose key it is
 * and its name, never the key. The process that owns the key holds a flock lock on the note; the
 * kernel drops it with the process, however that ended. Must not know how keys are made. One
 * thread. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

typedef struct {
  gchar *path;
  gint fd;      /* locked */
  gchar *name;  /* of the key, ours alone: "bm-pst-import-<uuid>" */
  gchar *login; /* whose it is: login@domain uid */
  gchar *core;  /* address of the core that knows it */
} BmKeyNote;

/* A new note, on disk when this returns. Error: JOURNAL. */
BmKeyNote *bm_key_note_new (const gchar *jobs, const gchar *login, const gchar *core,
                            GError **error);
/* Notes of this core whose processes are gone (BmKeyNote *), locked by us from now on. Notes that
 * cannot be read are told of and left. Empty when there are none. */
GPtrArray *bm_key_note_orphans (const gchar *jobs, const gchar *core);
/* The key does not exist any more: removes the note. */
void bm_key_note_settle (BmKeyNote *note);
/* A note that was not settled stays for the next sweep. */
void bm_key_note_free (BmKeyNote *note);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmKeyNote, bm_key_note_free)

G_END_DECLS
