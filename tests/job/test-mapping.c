/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Mappings as people's spreadsheets write them: our columns and Microsoft 365's, in every encoding
 * and with every separator; faults stay in their rows. */
#include "job/bm-mapping.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static gchar *directory, *path;

static BmMapping *
load (const gchar *data, gssize size, GError **error)
{
  g_assert_true (g_file_set_contents (path, data, size, NULL));
  return bm_mapping_load (path, error);
}

static BmMapRow *
row (const BmMapping *mapping, guint i)
{
  g_assert_cmpuint (i, <, mapping->rows->len);
  return g_ptr_array_index (mapping->rows, i);
}

static void
test_own (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmMapping) mapping =
      load ("User,file,Comment,INTO,options\r\n"
            "jd@example.org,a.pst,x,,\r\n"
            "\r\n"
            " \"ext:4711\" ,/psts/b.pst,,Old/2019,\"--include '#Inbox#' --mark-seen\"\r\n"
            "jd@example.org,\"with, comma \"\"q\"\".pst\",,/,\r\n",
            -1, &error);
  g_assert_no_error (error);
  g_assert_false (mapping->microsoft);
  g_assert_cmpuint (mapping->rows->len, ==, 3);
  g_autofree gchar *first = g_build_filename (directory, "a.pst", NULL);
  g_assert_cmpstr (row (mapping, 0)->file, ==, first);
  g_assert_cmpstr (row (mapping, 0)->into, ==, "");
  g_assert_cmpuint (row (mapping, 1)->line, ==, 4);
  g_assert_cmpstr (row (mapping, 1)->file, ==, "/psts/b.pst");
  g_assert_cmpuint (g_strv_length (row (mapping, 1)->options), ==, 3);
  g_assert_cmpstr (row (mapping, 1)->options[1], ==, "#Inbox#");
  g_assert_true (g_str_has_suffix (row (mapping, 2)->file, "/with, comma \"q\".pst"));
  g_assert_cmpstr (row (mapping, 2)->into, ==, "/");
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (row (mapping, i)->problem, ==, NULL);
}

/* The same two rows in every encoding. */
static void
test_encodings (void)
{
  static const gchar text[] = "file;user\n/p/Émile.pst;e@x.fr\n/p/b.pst;b@x.fr\n";
  static const struct {
    const gchar *charset;
    const gchar *mark;
    gsize mark_size;
  } cases[] = {{"UTF-8", "", 0},
               {"UTF-8", "\xef\xbb\xbf", 3},
               {"UTF-16LE", "\xff\xfe", 2},
               {"UTF-16BE", "\xfe\xff", 2},
               {"UTF-16LE", "", 0},
               {"UTF-16BE", "", 0},
               {"windows-1252", "", 0}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    gsize size;
    g_autofree gchar *encoded =
        g_convert (text, -1, cases[i].charset, "UTF-8", NULL, &size, &error);
    g_autoptr (GString) data = g_string_new_len (cases[i].mark, (gssize) cases[i].mark_size);
    g_string_append_len (data, encoded, (gssize) size);
    g_autoptr (BmMapping) mapping = load (data->str, (gssize) data->len, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (mapping->rows->len, ==, 2);
    g_assert_cmpstr (row (mapping, 0)->file, ==, "/p/Émile.pst");
    g_assert_cmpstr (row (mapping, 1)->user, ==, "b@x.fr");
  }
}

static void
test_separators (void)
{
  static const gchar *const texts[] = {"file,user,into\n/a,u@x,I\n", "file;user;into\r/a;u@x;I\r",
                                       "file\tuser\tinto\n/a\tu@x\tI",
                                       "sep=;\r\nfile;user;into\r\n/a;u@x;I\r\n"};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (BmMapping) mapping = load (texts[i], -1, NULL);
    g_assert_nonnull (mapping);
    g_assert_cmpuint (mapping->rows->len, ==, 1);
    g_assert_cmpstr (row (mapping, 0)->into, ==, "I");
  }
}

static void
test_microsoft (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmMapping) mapping =
      load ("Workload,FilePath,Name,Mailbox,IsArchive,TargetRootFolder,ContentCodePage,"
            "SPFileContainer,SPManifestContainer,SPSiteUrl\n"
            "Exchange,,annb.pst,annb@contoso.com,FALSE,/,,,,\n"
            "Exchange,PST\\old,donh.pst,donh@contoso.com,FALSE,,,,,\n"
            "Exchange,,p.pst,p@contoso.com,,/ImportedPst/2019,932,,,\n"
            "Exchange,,q.pst,q@contoso.com,TRUE,/x,,,,\n"
            "SharePoint,,r.pst,r@contoso.com,FALSE,/x,,,,\n"
            "Exchange,,s.pst,s@contoso.com,FALSE,/x,japanese,,,\n"
            "Exchange,,t.pst,t@contoso.com,yes,/x,,,,\n",
            -1, &error);
  g_assert_no_error (error);
  g_assert_true (mapping->microsoft);
  g_assert_cmpstr (row (mapping, 0)->into, ==, "/");
  g_assert_cmpstr (row (mapping, 1)->into, ==, "Imported");
  g_autofree gchar *file = g_build_filename (directory, "PST", "old", "donh.pst", NULL);
  g_assert_cmpstr (row (mapping, 1)->file, ==, file);
  g_assert_cmpstr (row (mapping, 2)->into, ==, "ImportedPst/2019");
  g_assert_cmpstr (row (mapping, 2)->options[1], ==, "cp932");
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (row (mapping, i)->problem, ==, NULL);
  static const gchar *const words[] = {"IsArchive", "SharePoint", "japanese", "neither"};
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_assert_nonnull (strstr (row (mapping, 3 + i)->problem, words[i]));
}

/* A row must not become another user's, or another job's, by its options. */
static void
test_options (void)
{
  static const struct {
    const gchar *options;
    const gchar *word; /* of the problem; NULL = none */
  } cases[] = {
      {"--include=#Inbox# --exclude 'a b' --mark-seen --since 2019-01-01", NULL},
      {"--owner-mismatch-ok", NULL},
      {"--user other@x", "--user"},
      {"--user=other@x", "--user=other@x"},
      {"-u other@x", "-u"},
      {"--include --user other@x", "other@x"},
      {"--jobs /tmp", "--jobs"},
      {"--config /tmp/x", "--config"},
      {"--state /tmp/x", "--state"},
      {"--no-sandbox", "--no-sandbox"},
      {"--into /", "--into"},
      {"word", "word"},
      {"--include", "no value"},
      {"--mark-seen=1", "--mark-seen=1"},
      {"-- --user x", "--"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text =
        g_strdup_printf ("file,user,options\n/a,u@x,\"%s\"\n", cases[i].options);
    g_autoptr (BmMapping) mapping = load (text, -1, NULL);
    if (cases[i].word == NULL)
      g_assert_cmpstr (row (mapping, 0)->problem, ==, NULL);
    else
      g_assert_nonnull (strstr (row (mapping, 0)->problem, cases[i].word));
  }
}

/* The names of well-known folders begin with what is a comment elsewhere. */
static void
test_hashes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmMapping) mapping =
      load ("file,user,options\n"
            "/a,u@x,\"--include #Inbox# --exclude '#Drafts#' --class \\'#x "
            "--exclude=#JunkEmail# --before a#b --since \"\"it's #y\"\"\"\n",
            -1, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (row (mapping, 0)->problem, ==, NULL);
  g_autofree gchar *words = g_strjoinv ("|", row (mapping, 0)->options);
  g_assert_cmpstr (words, ==,
                   "--include|#Inbox#|--exclude|#Drafts#|--class|'#x|--exclude=#JunkEmail#|"
                   "--before|a#b|--since|it's #y");
}

/* Bad rows cost no other row. */
static void
test_bad_rows (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmMapping) mapping = load ("file,user,options\n"
                                        ",u@x,\n"
                                        "/a,,\n"
                                        "/a,justlogin,\n"
                                        "/a,u@x,--include 'open\n"
                                        "/a,u@x,\n"
                                        "/a,U@X,\n"
                                        "/b\n",
                                        -1, &error);
  g_assert_no_error (error);
  static const gchar *const words[] = {"no file", "no user", "no domain", "options",
                                       NULL,      "line 6",  "no user"};
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    if (words[i] == NULL)
      g_assert_cmpstr (row (mapping, i)->problem, ==, NULL);
    else
      g_assert_nonnull (strstr (row (mapping, i)->problem, words[i]));
  }
}

/* What hands and spreadsheets do to a file. */
static void
test_accidents (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmMapping) mapping = load ("\xe2\x80\x8b"
                                        "file,\xc2\xa0user\n"
                                        "/p/a.pst,\xc2\xa0u@x\xe2\x80\x8b \n"
                                        ",\n"
                                        " , \n"
                                        "/p/Doe, Jane.pst,u@x\n"
                                        "/p/b.pst,u@x,,,\n"
                                        "\"/p/c.pst,u@x\n"
                                        "/p/d.pst,u@x\n",
                                        -1, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (mapping->rows->len, ==, 5);
  static const gchar *const words[] = {NULL, "more fields", NULL, "never closed", NULL};
  static const guint lines[] = {2, 5, 6, 7, 8};
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    g_assert_cmpuint (row (mapping, i)->line, ==, lines[i]);
    if (words[i] == NULL)
      g_assert_cmpstr (row (mapping, i)->problem, ==, NULL);
    else
      g_assert_nonnull (strstr (row (mapping, i)->problem, words[i]));
  }
  g_assert_cmpstr (row (mapping, 0)->user, ==, "u@x");
  g_assert_cmpstr (row (mapping, 4)->file, ==, "/p/d.pst");
}

/* Rows of two programs in one file: each line is read for itself, and none fails for another. */
static void
test_mixed_encodings (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmMapping) mapping = load ("file,user\n/p/\xc3\xa9.pst,a@x\n/p/\xe9.pst,b@x\n"
                                        "/p/\x81.pst,c@x\n",
                                        -1, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (mapping->rows->len, ==, 3);
  g_assert_cmpstr (row (mapping, 0)->file, ==, "/p/é.pst");
  g_assert_cmpstr (row (mapping, 1)->file, ==, "/p/é.pst");
  g_assert_cmpstr (row (mapping, 2)->user, ==, "c@x");
}

static void
test_bad_files (void)
{
  static const struct {
    const gchar *data;
    gssize size;
    const gchar *word;
  } cases[] = {{"", 0, "no row"},
               {"file,user\n", -1, "no row"},
               {"file,user\n,,\n , \n", -1, "no row"},
               {"a,b\nc,d\n", -1, "columns"},
               {"file,user,USER\n/a,u@x,v@x\n", -1, "user is there twice"},
               {"file,user\n/a\0,b\n", 14, "not a text file"},
               {"PK\003\004\0\0\0\0\0\0xxxxxx", 16, "not"}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (load (cases[i].data, cases[i].size, &error));
    g_assert_error (error, BM_ERROR, BM_CAUSE_USAGE);
    g_assert_nonnull (strstr (error->message, cases[i].word));
  }
  g_autoptr (GError) error = NULL;
  g_assert_null (bm_mapping_load ("/nonexistent/map.csv", &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_USAGE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  directory = g_dir_make_tmp ("bm-map.XXXXXX", NULL);
  path = g_build_filename (directory, "map.csv", NULL);
  g_test_add_func ("/mapping/own", test_own);
  g_test_add_func ("/mapping/encodings", test_encodings);
  g_test_add_func ("/mapping/separators", test_separators);
  g_test_add_func ("/mapping/microsoft", test_microsoft);
  g_test_add_func ("/mapping/options", test_options);
  g_test_add_func ("/mapping/hashes", test_hashes);
  g_test_add_func ("/mapping/bad-rows", test_bad_rows);
  g_test_add_func ("/mapping/accidents", test_accidents);
  g_test_add_func ("/mapping/mixed-encodings", test_mixed_encodings);
  g_test_add_func ("/mapping/bad-files", test_bad_files);
  int status = g_test_run ();
  g_unlink (path);
  g_rmdir (directory);
  g_free (path);
  g_free (directory);
  return status;
}
