/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See lab-name.h. Follows BlueMind's CyrusBoxes: '.' separates, '^' stands for a dot. */
#include "lab-name.h"

#include <string.h>

gchar *
lab_name_decode (const gchar *mutf7)
{
  g_autoptr (GString) out = g_string_new (NULL);
  for (const gchar *p = mutf7; *p != '\0'; p++) {
    if (*p != '&') {
      g_string_append_c (out, *p);
      continue;
    }
    const gchar *end = strchr (p, '-');
    if (end == NULL)
      return g_strdup (mutf7);
    if (end == p + 1) {
      g_string_append_c (out, '&');
      p = end;
      continue;
    }
    g_autoptr (GString) base64 = g_string_new_len (p + 1, end - p - 1);
    g_strdelimit (base64->str, ",", '/');
    while (base64->len % 4 != 0)
      g_string_append_c (base64, '=');
    gsize size = 0;
    g_autofree guchar *utf16 = g_base64_decode (base64->str, &size);
    g_autofree gchar *utf8 = g_convert ((const gchar *) utf16, (gssize) (size & ~(gsize) 1),
                                        "UTF-8", "UTF-16BE", NULL, NULL, NULL);
    if (utf8 == NULL)
      return g_strdup (mutf7);
    g_string_append (out, utf8);
    p = end;
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gboolean
is_direct (gunichar c)
{
  return c >= 0x20 && c < 0x7f;
}

gchar *
lab_name_encode (const gchar *utf8)
{
  g_autoptr (GString) out = g_string_new (NULL);
  const gchar *p = utf8;
  while (*p != '\0') {
    if (is_direct (g_utf8_get_char (p))) {
      g_string_append (out, *p == '&' ? "&-" : (const gchar[]){*p, '\0'});
      p++;
      continue;
    }
    const gchar *start = p;
    while (*p != '\0' && !is_direct (g_utf8_get_char (p)))
      p = g_utf8_next_char (p);
    gsize size = 0;
    g_autofree gchar *utf16 = g_convert (start, p - start, "UTF-16BE", "UTF-8", NULL, &size, NULL);
    g_autofree gchar *base64 = g_base64_encode ((const guchar *) utf16, size);
    base64[strcspn (base64, "=")] = '\0';
    g_strdelimit (base64, "/", ',');
    g_string_append_printf (out, "&%s-", base64);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

gboolean
lab_name_split (const gchar *internal, gchar **domain, gchar **login, gchar **folder)
{
  const gchar *user = strstr (internal, "!user.");
  if (user == NULL)
    return FALSE;
  g_auto (GStrv) parts = g_strsplit (user + strlen ("!user."), ".", 2);
  if (parts[0] == NULL)
    return FALSE;
  *domain = g_strndup (internal, (gsize) (user - internal));
  *login = g_strdelimit (g_strdup (parts[0]), "^", '.');
  if (parts[1] == NULL) {
    *folder = g_strdup ("INBOX");
    return TRUE;
  }
  g_strdelimit (parts[1], ".", '/');
  g_strdelimit (parts[1], "^", '.');
  *folder = lab_name_decode (parts[1]);
  return TRUE;
}
