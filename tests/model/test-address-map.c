/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Maps of Exchange names: what is believed, and files that people write. */
#include <bm-pst-import/address-map.h>

#include <string.h>

#define DN "/o=Org/ou=Unit/cn=Recipients/cn=Ada"

static void
test_smallest_source (void)
{
  g_autoptr (BmAddressMap) one = bm_address_map_new (), two = bm_address_map_new ();
  g_assert_true (bm_address_map_add (one, DN, "late@example.org", 90));
  g_assert_true (bm_address_map_add (one, DN, "early@example.org", 30));
  g_assert_true (bm_address_map_add (one, DN, "middle@example.org", 60));
  g_assert_true (bm_address_map_add (two, DN, "early@example.org", 30));
  g_assert_cmpstr (bm_address_map_get (one, "ex:/O=ORG/ou=unit/cn=recipients/CN=ada "), ==,
                   "early@example.org");
  g_autofree gchar *a = bm_address_map_digest (one), *b = bm_address_map_digest (two);
  g_assert_cmpstr (a, ==, b);
  g_assert_cmpstr (a, !=, "");
  g_assert_null (bm_address_map_get (one, "/o=org"));
  g_assert_null (bm_address_map_get (NULL, DN));
}

static void
test_refused (void)
{
  g_autoptr (BmAddressMap) map = bm_address_map_new ();
  g_assert_false (bm_address_map_add (map, "Ada", "ada@example.org", 1));
  g_assert_false (bm_address_map_add (map, DN, "ada", 1));
  g_assert_false (bm_address_map_add (map, DN, "a@b>\r\nBcc: c@d", 1));
  g_assert_false (bm_address_map_add (map, DN, "a@b@c", 1));
  g_assert_cmpuint (bm_address_map_size (map), ==, 0);
  g_autofree gchar *digest = bm_address_map_digest (map);
  g_assert_cmpstr (digest, ==, "");
}

/* [MS-OXCMAIL] 2.1.3.1.8; and what only looks like it. */
static void
test_encapsulated (void)
{
  static const struct {
    const gchar *address, *type, *want;
  } cases[] = {
      {"IMCEAEX-_O=ORG_CN=A+20B@x.org", "EX", "/O=ORG/CN=A B"},
      {"imceaex-_o=org+5Fa_cn=j+2Edoe+C3+A9@x.org", "ex", "/o=org_a/cn=j.doe\xc3\xa9"},
      {"IMCEASMTP-a+40b+2Eorg@x.org", "SMTP", "a@b.org"},
      {"IMCEAEX-_O=ORG_CN=A@x.org", "SMTP", NULL},
      {"IMCEAEX-+zz+4@x.org", "EX", "+zz+4"},
      {"IMCEAEX-+2@x.org", "EX", "+2"},
      {"IMCEAEX-@x.org", "EX", ""},
      {"IMCEAEX-_O=ORG_CN=A+00B@x.org", "EX", NULL},
      {"IMCEAEX-_O=ORG_CN=A+FF@x.org", "EX", NULL},
      {"IMCEAEX-_O=ORG_CN=A", "EX", NULL},
      {"IMCEAEX", "EX", NULL},
      {"IMC", "EX", NULL},
      {NULL, "EX", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *plain = bm_encapsulated_address (cases[i].address, cases[i].type);
    g_assert_cmpstr (plain, ==, cases[i].want);
  }
  g_autofree gchar *name = bm_exchange_name ("IMCEAEX-_O=ORG_CN=A+20B@x.org");
  g_assert_cmpstr (name, ==, "/o=org/cn=a b");
}

static BmAddressMap *
parse (const gchar *csv, const gchar *want)
{
  g_autoptr (GError) error = NULL;
  BmAddressMap *map = bm_address_map_parse (csv, strlen (csv), &error);
  if (want == NULL) {
    g_assert_no_error (error);
  } else {
    g_assert_error (error, BM_ERROR, BM_CAUSE_USAGE);
    g_assert_nonnull (strstr (error->message, want));
  }
  return map;
}

static void
test_csv (void)
{
  g_autoptr (BmAddressMap) map = parse (
      "DN;Address\n" DN ";smtp:ada@example.org\n\nX500:/o=x/cn=\"y\";<bob@example.net>\n", NULL);
  g_assert_cmpuint (bm_address_map_size (map), ==, 2);
  g_assert_cmpstr (bm_address_map_get (map, DN), ==, "ada@example.org");
  g_autofree gchar *csv = bm_address_map_csv (map);
  g_autoptr (BmAddressMap) again = parse (csv, NULL);
  g_autofree gchar *same = bm_address_map_csv (again);
  g_assert_cmpstr (csv, ==, same);
  g_assert_null (parse (DN ",ada@example.org\nAda,ada@example.org\n", "line 2: the first"));
  g_assert_null (parse (DN ",ada\n", "line 1: the second"));
  g_assert_null (parse (DN ",a@b.c\n" DN ",d@b.c\n", "line 2: another"));
  g_assert_null (parse (DN "\n", "line 1: there must"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address-map/smallest-source", test_smallest_source);
  g_test_add_func ("/address-map/refused", test_refused);
  g_test_add_func ("/address-map/encapsulated", test_encapsulated);
  g_test_add_func ("/address-map/csv", test_csv);
  return g_test_run ();
}
