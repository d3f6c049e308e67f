/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-html.h. */
#include "report/bm-html.h"

static const gchar before_title[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n<title>";

static const gchar after_title[] =
    "</title>\n<style>\n"
    ":root{--ink:#1c2733;--soft:#5b6b7b;--line:#dde3ea;--ok:#1f7a4d;--warn:#9a6700;--bad:#b3261e;"
    "--accent:#2563a8;--card:#fff;--page:#f5f7f9}\n"
    "@media screen and "
    "(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#9aa8b5;--line:#33404d;"
    "--ok:#5ec48f;--warn:#d9a53b;--bad:#f0857c;--accent:#7fb3e8;--card:#1a222b;--page:#12181f}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);"
    "font:15px/1.5 system-ui,sans-serif}main{max-width:62rem;margin:0 auto;padding:2rem 1.2rem}\n"
    "h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.05rem;margin:.9rem 0 .5rem}\n"
    ".verdict{padding:.8rem 1rem;border-radius:.5rem;border-left:.35rem solid;background:"
    "var(--card);margin:1rem 0}.ok{border-color:var(--ok)}.warn{border-color:var(--warn)}"
    ".bad{border-color:var(--bad)}\n"
    "section{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.2rem "
    "1rem 1rem;margin:1rem 0;overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{text-align:left;padding:"
    ".35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--soft);"
    "font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "td{overflow-wrap:anywhere}.path{min-width:11rem}.short{white-space:nowrap}tr:last-child "
    "td{border-bottom:0}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;margin:.6rem 0}"
    "dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}code{font-size:.9em}\n"
    ".differs,.failed{color:var(--bad)}.unverified,.gone,.pending{color:var(--warn)}"
    ".key{display:inline-block;width:.9em;height:.2em;vertical-align:middle;margin-right:.4em}"
    ".appended{stroke:var(--accent);background:var(--accent)}"
    ".proven{stroke:var(--ok);background:var(--ok)}\n"
    "polyline{fill:none;stroke-width:2;vector-effect:non-scaling-stroke}"
    "line{stroke:var(--line)}text{fill:var(--soft);font-size:12px}\n"
    ".muted{color:var(--soft)}section p{margin:.6rem 0 0}svg{width:100%;height:auto}\n"
    /* on a small screen each row of a wide table is a card, its cells named */
    "@media screen and (max-width:46rem){.wide tr:first-child{display:none}.wide tr,.wide "
    "td{display:block}"
    ".wide tr{padding:.5rem 0;border-bottom:1px solid var(--line)}.wide td,.wide "
    "td.n{display:grid;min-width:0;"
    "grid-template-columns:7rem 1fr;text-align:left;border:0;padding:.1rem 0}.wide td:empty{"
    "display:none}.wide td::before{content:attr(data-label);color:var(--soft)}text{font-size:20px}}"
    "\n@media "
    "print{body{background:#fff}tr,svg{break-inside:avoid}}\n</style></head><body><main>\n";

void
bm_html_begin (GString *out, const gchar *title)
{
  g_string_append (out, before_title);
  bm_html_text (out, title);
  g_string_append (out, after_title);
}

void
bm_html_end (GString *out)
{
  g_string_append (out,
                   "<p class=\"muted\">bm-pst-import " BM_VERSION "</p></main></body></html>\n");
}

void
bm_html_text (GString *out, const gchar *text)
{
  g_autofree gchar *escaped = g_markup_escape_text (text != NULL ? text : "", -1);
  g_string_append (out, escaped);
}
