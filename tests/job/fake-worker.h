/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A worker that imports nothing: what it does, and how it ends, is the name of its file; it counts its
 * runs beside the file, and leaves the mark "crowded" where it was not alone in its mailbox, or one of
 * more than two on its server. One thread. */
#pragma once

/* PROGRAM worker JOBS FILE USER@SERVER --state PATH. Returns the exit status, unless it kills itself. */
int fake_work (int argc, char **argv);
