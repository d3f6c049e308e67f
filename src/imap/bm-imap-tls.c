/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* libetpan accepts any certificate: here the chain and the host name are verified with GnuTLS,
 * after the handshake and before the login. Must not know IMAP. */
#include "imap/bm-imap-private.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

static gnutls_x509_crt_t *
import_chain (carray *chain, unsigned int *n)
{
  gnutls_x509_crt_t *list = g_new0 (gnutls_x509_crt_t, carray_count (chain) + 1);
  *n = 0;
  for (unsigned int i = 0; i < carray_count (chain); i++) {
    MMAPString *der = carray_get (chain, i);
    gnutls_datum_t datum = {(unsigned char *) der->str, (unsigned int) der->len};
    gnutls_x509_crt_t certificate;
    gnutls_x509_crt_init (&certificate);
    if (gnutls_x509_crt_import (certificate, &datum, GNUTLS_X509_FMT_DER) == 0)
      list[(*n)++] = certificate;
    else
      gnutls_x509_crt_deinit (certificate);
    mmap_string_free (der);
  }
  carray_free (chain);
  return list;
}

static gboolean
check (gnutls_x509_crt_t *list, unsigned int n, const gchar *ca_file, const gchar *host,
       gchar **why)
{
  gnutls_x509_trust_list_t trust;
  unsigned int status = 0;
  gnutls_x509_trust_list_init (&trust, 0);
  int anchors = ca_file != NULL ? gnutls_x509_trust_list_add_trust_file (trust, ca_file, NULL,
                                                                         GNUTLS_X509_FMT_PEM, 0, 0)
                                : gnutls_x509_trust_list_add_system_trust (trust, 0, 0);
  gnutls_typed_vdata_st demands[] = {
      {GNUTLS_DT_DNS_HOSTNAME, (unsigned char *) host, 0},
      {GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *) GNUTLS_KP_TLS_WWW_SERVER, 0},
  };
  int result = n > 0 ? gnutls_x509_trust_list_verify_crt2 (trust, list, n, demands,
                                                           G_N_ELEMENTS (demands), 0, &status, NULL)
                     : -1;
  if (result >= 0 && status != 0) {
    gnutls_datum_t text = {NULL, 0};
    if (gnutls_certificate_verification_status_print (status, GNUTLS_CRT_X509, &text, 0) == 0)
      *why = g_strdup ((const gchar *) text.data);
    gnutls_free (text.data);
  } else if (result < 0) {
    *why = g_strdup (anchors <= 0 ? "no trusted certificate could be loaded"
                                  : "the certificate cannot be read");
  }
  gnutls_x509_trust_list_deinit (trust, 1);
  return result >= 0 && status == 0;
}

gboolean
bm_imap_tls_verify (mailstream *stream, const gchar *ca_file, const gchar *host, GError **error)
{
  carray *chain = mailstream_get_certificate_chain (stream);
  g_autofree gchar *why = NULL;
  gboolean trusted = FALSE;
  if (chain != NULL) {
    unsigned int n;
    gnutls_x509_crt_t *list = import_chain (chain, &n);
    trusted = check (list, n, ca_file, host, &why);
    for (unsigned int i = 0; i < n; i++)
      gnutls_x509_crt_deinit (list[i]);
    g_free (list);
  }
  if (trusted)
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_TLS_UNTRUSTED, "the certificate of %s is not trusted: %s",
               host, why != NULL ? g_strstrip (why) : "the server sent none");
  return FALSE;
}
