/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: how characters, paragraphs, rows and cells of a word processor look. Plain
 * data, compared as bytes: begin with zeros, which mean "as usual". Every member has four bytes, so
 * that there are no holes and a table of control words can name any of them by its offset. Lengths
 * are twips (twentieths of a point) unless said otherwise. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define BM_PAGE_COLOUR     0x1000000u /* | 0xRRGGBB; 0: whatever it is */
#define BM_PAGE_TABS_MAX   32
#define BM_PAGE_DEPTH_MAX  12  /* of tables in tables */
#define BM_PAGE_SIZE_MAX   400 /* of letters, half points */
#define BM_PAGE_SIZE_USUAL 24

typedef enum {
  BM_PAGE_LINE_NONE,
  BM_PAGE_LINE_SOLID,
  BM_PAGE_LINE_DOUBLE,
  BM_PAGE_LINE_DOTTED,
  BM_PAGE_LINE_DASHED,
  BM_PAGE_LINE_WAVY,
} BmPageLine;

typedef enum { BM_PAGE_CHANGE_NONE, BM_PAGE_INSERTED, BM_PAGE_DELETED } BmPageChange;

typedef struct {
  gint bold, italic, strike;
  gint underline; /* BmPageLine */
  gint capitals;  /* 1 all capitals, 2 small ones */
  gint script;    /* 1 above, -1 below the line, and smaller */
  gint raise;     /* half points above the line */
  gint spacing;   /* more of it between characters */
  gint change;    /* BmPageChange */
  gint font;      /* the caller's number */
  gint size;      /* half points */
  guint32 ink, paper;
  guint32 link; /* bm_look_link */
} BmPageFormat;

typedef enum {
  BM_PAGE_START, /* where lines of that direction begin */
  BM_PAGE_LEFT,
  BM_PAGE_CENTER,
  BM_PAGE_RIGHT,
  BM_PAGE_JUSTIFIED,
} BmPageAlign;

enum { BM_PAGE_TOP, BM_PAGE_RIGHT_SIDE, BM_PAGE_BOTTOM, BM_PAGE_LEFT_SIDE, BM_PAGE_SIDES };
enum { BM_PAGE_INNER_ROWS = BM_PAGE_SIDES, BM_PAGE_INNER_COLUMNS, BM_PAGE_ROW_SIDES };

typedef struct {
  gint set; /* somebody said something about it */
  gint line;
  gint width;
  guint32 colour;
} BmPageBorder;

/* A colour laid over another one. */
typedef struct {
  guint32 paper, ink;
  gint percent; /* hundredths of it: how much of ink */
} BmPageShade;

typedef enum { BM_PAGE_TAB_LEFT, BM_PAGE_TAB_RIGHT, BM_PAGE_TAB_CENTER } BmPageTabKind;
typedef struct {
  gint at, kind;
} BmPageTab;

typedef struct {
  gint align;
  gint left, right, first, before, after;
  gint line;          /* 240 for single; negative: exactly so much */
  gint line_multiple; /* line is a multiple, not a least height */
  gint level;         /* of a list item, from 0 */
  gint list;          /* the caller's number; 0: no list */
  gint depth;         /* tables around it */
  gint right_to_left;
  BmPageShade shade;
  BmPageBorder border[BM_PAGE_SIDES];
  gint tab_kind; /* of the next one */
  gint n_tabs;
  BmPageTab tabs[BM_PAGE_TABS_MAX];
} BmPageBlock;

typedef struct {
  gint edge;                /* the right one, from the margin */
  gint merged, merged_down; /* 1: with those behind, below; 2: with the one before, above */
  gint vertical;            /* 1 middle, 2 bottom */
  BmPageShade shade;
  BmPageBorder border[BM_PAGE_SIDES];
} BmPageColumn;

typedef struct {
  gint left;
  gint height; /* at least so much; negative: exactly */
  gint gap;    /* half of what is between the texts of two cells */
  gint align;
  gint right_to_left;
  gint percent; /* hundredths of the width of the page; 0: the columns say it */
  gint unit;    /* of percent: only 2 says that it is one, in fiftieths */
  BmPageBorder border[BM_PAGE_ROW_SIDES];
} BmPageRow;

/* The colour that a shade gives; 0: none. */
guint32 bm_page_shade (const BmPageShade *shade);
/* Appends ";border-top:..." and so on, or ";border:..." when all four are the same. */
void bm_page_border_style (GString *style, const BmPageBorder border[BM_PAGE_SIDES]);
/* Appends "12.5pt", ";name:12.5pt". */
void bm_page_length (GString *style, gint twips);
void bm_page_length_style (GString *style, const gchar *name, gint twips);

G_END_DECLS
