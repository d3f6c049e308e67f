/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The code page of a language: what Windows takes for text without Unicode where it is spoken.
 * [MS-LCID] 2.2 (languages), [MS-UCODEREF] 2.2.1. Constant data, any thread. */
#include "pst/bm-pst-item.h"

#define LANGUAGE 0x03ffu /* bits of the language; above them, the country */

/* Whole ids before their languages. Western ones are not here: windows-1252 is the default. */
static const struct {
  guint16 id, codepage;
} locales[] = {
    {0x0404, 950},  {0x0c04, 950},  {0x1404, 950}, /* Chinese outside the mainland */
    {0x0c1a, 1251}, {0x1c1a, 1251}, {0x201a, 1251}, {0x281a, 1251}, {0x301a, 1251}, /* Serbian */
    {0x082c, 1251}, {0x0843, 1251},                               /* Azeri, Uzbek in Cyrillic */
    {0x01, 1256},   {0x02, 1251},   {0x04, 936},    {0x05, 1250}, /* ar bg zh cs */
    {0x08, 1253},   {0x0d, 1255},   {0x0e, 1250},   {0x11, 932},  /* el he hu ja */
    {0x12, 949},    {0x15, 1250},   {0x18, 1250},   {0x19, 1251}, /* ko pl ro ru */
    {0x1a, 1250},   {0x1b, 1250},   {0x1c, 1250},   {0x1e, 874},  /* hr sk sq th */
    {0x1f, 1254},   {0x20, 1256},   {0x22, 1251},   {0x23, 1251}, /* tr ur uk be */
    {0x24, 1250},   {0x25, 1257},   {0x26, 1257},   {0x27, 1257}, /* sl et lv lt */
    {0x28, 1251},   {0x29, 1256},   {0x2a, 1258},   {0x2c, 1254}, /* tg fa vi az */
    {0x2f, 1251},   {0x3f, 1251},   {0x40, 1251},   {0x43, 1254}, /* mk kk ky uz */
    {0x44, 1251},   {0x50, 1251},                                 /* tt mn */
};

guint32
bm_pst_codepage_of_locale (guint32 locale)
{
  const guint32 ids[] = {locale & 0xffff, locale & LANGUAGE};
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    for (guint k = 0; k < G_N_ELEMENTS (locales); k++)
      if (locales[k].id == ids[i])
        return locales[k].codepage;
  return 0;
}
