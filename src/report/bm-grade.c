/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Grades, by rules that are published (docs/batch.md): what a person who signs wants to know first.
 * Pure functions of the report. Any thread. */
#include <bm-pst-import/report.h>

#define GOOD_PER_MILLE        1 /* of the items may have failed */
#define INVESTIGATE_PER_MILLE 50

/* Notes that tell of content that is not there any more, or not as it was. */
static const BmNote losses[] = {
    BM_NOTE_ATTACHMENT_DAMAGED, BM_NOTE_BODY_DAMAGED, BM_NOTE_CHARSET_LOSSY,
    BM_NOTE_DAMAGED_BLOCK,      BM_NOTE_NESTING_CUT,  BM_NOTE_UNREADABLE_PROPERTY,
};

const gchar *
bm_grade_token (BmGrade grade)
{
  static const gchar *const tokens[] = {"perfect", "good", "investigate", "poor"};
  return (guint) grade < G_N_ELEMENTS (tokens) ? tokens[grade] : "poor";
}

static guint64
count_losses (const BmReport *report)
{
  guint64 n = 0;
  for (guint i = 0; i < report->notes->len; i++) {
    const BmReportCount *one = &g_array_index (report->notes, BmReportCount, i);
    for (guint k = 0; k < G_N_ELEMENTS (losses); k++)
      n += bm_note_from_token (one->token) == losses[k] ? one->n : 0;
  }
  return n;
}

static BmGrade
poor (const BmReport *report, gchar **rule)
{
  const BmLedger *ledger = &report->ledger;
  if (!ledger->balanced)
    *rule = g_strdup ("the ledger does not balance");
  else if (ledger->differs > 0)
    *rule = g_strdup_printf ("%" G_GUINT64_FORMAT " messages differ", ledger->differs);
  else if (ledger->pending > 0)
    *rule = g_strdup_printf ("%" G_GUINT64_FORMAT " items are still pending", ledger->pending);
  else
    *rule = g_strdup_printf ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                             " items failed, more than 5 %%",
                             ledger->failed, ledger->found);
  return BM_GRADE_POOR;
}

static BmGrade
investigate (const BmReport *report, gchar **rule)
{
  const BmLedger *ledger = &report->ledger;
  if (ledger->unverified > 0)
    *rule = g_strdup_printf ("%" G_GUINT64_FORMAT " messages are not proven replicated",
                             ledger->unverified);
  else if (ledger->gone > 0)
    *rule = g_strdup_printf ("%" G_GUINT64_FORMAT
                             " messages were moved or deleted before they were proven",
                             ledger->gone);
  else
    *rule = g_strdup_printf ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                             " items failed, more than 0.1 %%",
                             ledger->failed, ledger->found);
  return BM_GRADE_INVESTIGATE;
}

BmGrade
bm_report_grade (const BmReport *report, gchar **rule)
{
  const BmLedger *ledger = &report->ledger;
  guint64 lost = count_losses (report);
  if (!ledger->balanced || ledger->differs > 0 || ledger->pending > 0 ||
      ledger->failed * 1000 > ledger->found * INVESTIGATE_PER_MILLE)
    return poor (report, rule);
  if (ledger->unverified > 0 || ledger->gone > 0 ||
      ledger->failed * 1000 > ledger->found * GOOD_PER_MILLE)
    return investigate (report, rule);
  if (ledger->failed > 0 || lost > 0) {
    *rule = g_strdup_printf ("everything sent is proven; %" G_GUINT64_FORMAT
                             " items failed, %" G_GUINT64_FORMAT " notes of lost content",
                             ledger->failed, lost);
    return BM_GRADE_GOOD;
  }
  *rule = g_strdup ("every message is proven and nothing was lost");
  return BM_GRADE_PERFECT;
}
