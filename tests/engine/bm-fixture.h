/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A job of the engine on fakes: a small PST, a server that outlives the runs, a journal on disk.
 * One thread. */
#pragma once

#include "engine/bm-fake.h"
#include "journal/bm-journal.h"

#include <bm-pst-import/import.h>
#include <bm-pst-import/report.h>

/* The PST: Inbox with five messages (two of them equal), Inbox/Projects with one and a contact,
 * Sent Items with two and one that cannot be read. */
#define FIXTURE_ITEMS 10
#define FIXTURE_MAIL  8 /* of them become messages */

typedef struct {
  FakeServer *server;
  gchar *directory, *path; /* of the journal */
  guint hesitations;       /* of the source of the next runs */
} Fixture;

extern const BmImportOptions fixture_fast; /* waits measured in milliseconds */

void fixture_set_up (Fixture *fixture, gconstpointer data);
void fixture_tear_down (Fixture *fixture, gconstpointer data);
void fixture_forget_job (Fixture *fixture);
BmSource *fixture_source (void);
/* Runs and returns the report; *stopped is the error that ended the run, or NULL. */
BmReport *fixture_run_with (Fixture *fixture, const BmImportOptions *options, GError **stopped);
typedef struct {
  BmGuardFunc func;
  gpointer data;
} FixtureGuard;
/* With any options and a guard; what ended it is in *stopped. */
BmReport *fixture_run_all (Fixture *fixture, const BmImportOptions *options,
                           const FixtureGuard *guard, GError **stopped);
/* With fixture_fast, and a guard that may stop it. */
BmReport *fixture_run_guarded (Fixture *fixture, const FixtureGuard *guard, GError **stopped);
/* With fixture_fast; nothing may stop it. */
BmReport *fixture_run (Fixture *fixture);
/* Runs in a child that dies at the at-th failpoint; the server of this process then gets what the
 * child did. TRUE when it died, FALSE when it came to its end. */
gboolean fixture_die (Fixture *fixture, const BmImportOptions *options, guint at);
/* Runs in a child that cannot write a file beyond so many bytes. TRUE when that stopped it, with
 * the cause JOURNAL. */
gboolean fixture_fill_disk (Fixture *fixture, guint bytes);
