/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: what both searches share. Pure. */
#pragma once

#include "bluemind/bm-directory-judge.h"
#include "bluemind/bm-directory-search.h"

G_BEGIN_DECLS

/* candidate: a user, no administrator. New. */
BmFoundUser *bm_found_user_of (const BmCandidate *candidate);

G_END_DECLS
