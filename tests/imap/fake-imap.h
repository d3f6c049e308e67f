/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A scripted IMAP server in a thread, on loopback: for faults no real server commits on demand. */
#pragma once

#include <glib.h>

typedef struct _FakeImap FakeImap;

typedef struct {
  const gchar *capabilities; /* after the login */
  const gchar *namespace;    /* the personal one; NULL = (("" "/")) */
  const gchar *login_answer; /* "NO ..."; NULL = OK */
  const gchar *refuse_text;  /* answer to an APPEND that holds refuse_mark */
  const gchar *refuse_mark;  /* in a literal, or in the line before it */
  guint close_before_answer; /* the n-th APPEND command is stored, then the line is cut */
  guint close_in_literal;    /* the n-th APPEND command is cut in its first literal */
  gboolean no_appenduid;
  gboolean bad_instead; /* refusals are BAD instead of NO */
  gboolean bye_instead; /* refusals are BYE and a closed line */
} FakeImapScript;

FakeImap *fake_imap_start (const FakeImapScript *script); /* borrowed */
guint16 fake_imap_port (const FakeImap *fake);
/* Stored messages, and everything that came over the line (literals as "<n>"). */
guint fake_imap_stored (FakeImap *fake);
gchar *fake_imap_trace (FakeImap *fake);
void fake_imap_stop (FakeImap *fake);
