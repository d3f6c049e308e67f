/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Fakes of the three seams: an array as source, a mail server in memory as sink, and a witness that
 * reads that server with a lag. Faults are set in the struct. The server outlives sink and witness,
 * so that a run that "dies" can be resumed against it. One thread. */
#pragma once

#include <bm-pst-import/sink.h>
#include <bm-pst-import/source.h>
#include <bm-pst-import/witness.h>

/* ---- the server ---- */

typedef struct {
  gchar *name;
  guint32 uidvalidity, uidnext;
  GArray *stored; /* BmStored */
} FakeFolder;

typedef struct {
  GHashTable *folders; /* name -> FakeFolder */
  guint made;          /* folders, ever: each has a uidvalidity of its own */
  GString *trace;      /* one word a call: what the sink was asked */
  const gchar *mirror; /* file to which every change is appended: outlives a dying process */
  /* faults; counted down, 0 = none */
  guint lose_after_store;   /* the n-th append stores, then the connection is lost */
  guint lose_before_store;  /* the n-th append stores nothing, then the connection is lost */
  guint lose_list;          /* so many lists lose the connection */
  gboolean hang_up;         /* the server closes the connection at every append, unread */
  guint refuse_connects;    /* so many connects fail */
  guint quota_after;        /* the n-th message is over quota */
  const gchar *refuse_guid; /* hex: this message is refused */
  const gchar *poison_guid; /* hex: the server closes the connection on it, each time */
  const gchar *refuse_folder;
  gboolean no_list; /* FETCH gives no digests */
  gboolean bluemind5;
  gboolean no_appenduid; /* OK without APPENDUID */
  /* of the witness */
  guint lag; /* so many looks until a folder's rows appear */
  const gchar *no_body_guid, *differs_guid, *gone_guid; /* hex */
  gint64 gone_until;   /* monotonic us: then gone_guid has its record, and no body */
  guint lose_database; /* so many looks fail */
  gboolean blind;      /* it can prove nothing */
} FakeServer;

FakeServer *fake_server_new (void);
void fake_server_free (FakeServer *server);
FakeFolder *fake_server_folder (FakeServer *server, const gchar *name, gboolean create);
/* Puts a message there as another client would. */
void fake_server_put (FakeServer *server, const gchar *folder, const BmGuid *guid);
/* Makes the changes that another process left in its mirror. */
void fake_server_replay (FakeServer *server, const gchar *mirror);
/* Every folder, every guid, in order: two mailboxes are equal when these texts are. */
gchar *fake_server_dump (FakeServer *server, gboolean with_uids);
BmSink *fake_sink_new (FakeServer *server);
BmWitness *fake_witness_new (FakeServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeServer, fake_server_free)

/* ---- the PST ---- */

typedef struct {
  guint32 nid;
  guint32 folder;     /* 1-based index into the folders */
  const gchar *body;  /* NULL: unreadable */
  const gchar *class; /* "IPM.Contact": skipped */
} FakeItem;

/* folders: NULL-terminated paths. n items, ascending nids. */
BmSource *fake_source_new (const gchar *const *folders, const FakeItem *items, guint n);
/* The source is not ready so many times, two milliseconds each. */
void fake_source_hesitate (BmSource *source, guint times);
/* A message as the source makes it. */
BmMessage *fake_message (guint32 nid, const gchar *body);
