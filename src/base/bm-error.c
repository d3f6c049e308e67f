/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The table of causes: see bm-pst-import/error.h. Must not know who fails. Any thread. */
#include <bm-pst-import/error.h>

G_DEFINE_QUARK (bm - error - quark, bm_error)

typedef struct {
  const gchar *token;
  BmScope scope;
  int exit_status;
  const gchar *advice;
} CauseInfo;

static const CauseInfo causes[] = {
#define X(sym, token, scope, status, advice)                                                       \
  [BM_CAUSE_##sym] = {token, BM_SCOPE_##scope, status, advice},
    BM_CAUSES (X)
#undef X
};

BmScope
bm_cause_scope (BmCause cause)
{
  g_return_val_if_fail (cause < BM_CAUSE_LAST, BM_SCOPE_JOB);
  return causes[cause].scope;
}

int
bm_cause_exit_status (BmCause cause)
{
  g_return_val_if_fail (cause < BM_CAUSE_LAST, 70);
  return causes[cause].exit_status;
}

const gchar *
bm_cause_token (BmCause cause)
{
  g_return_val_if_fail (cause < BM_CAUSE_LAST, "internal");
  return causes[cause].token;
}

const gchar *
bm_cause_advice (BmCause cause)
{
  g_return_val_if_fail (cause < BM_CAUSE_LAST, "");
  return causes[cause].advice;
}

BmCause
bm_cause_from_token (const gchar *token)
{
  for (guint i = 0; i < G_N_ELEMENTS (causes); i++)
    if (g_strcmp0 (causes[i].token, token) == 0)
      return (BmCause) i;
  return BM_CAUSE_LAST;
}

BmCause
bm_error_cause (const GError *error)
{
  g_return_val_if_fail (error != NULL, BM_CAUSE_INTERNAL);
  if (error->domain == BM_ERROR && error->code >= 0 && error->code < BM_CAUSE_LAST)
    return (BmCause) error->code;
  return BM_CAUSE_INTERNAL;
}

BmScope
bm_error_scope (const GError *error)
{
  return bm_cause_scope (bm_error_cause (error));
}
