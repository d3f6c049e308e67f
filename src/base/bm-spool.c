/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-spool.h. Must not know what the bytes mean. One thread per spool.
 * memfd rather than a temporary file: the sandboxed child may open no files, and nothing is left
 * behind when it dies. */
#include "base/bm-spool.h"

#include <bm-pst-import/error.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define SPOOL_MEMORY_MAX (1024 * 1024)

struct _BmSpool {
  GByteArray *memory; /* while small and unsealed */
  GBytes *bytes;      /* once sealed, lazily for a memfd */
  gint fd;            /* -1 while in memory */
  guint64 size;
  gboolean sealed;
};

typedef struct {
  gpointer address;
  gsize size;
} Mapping;

static void
mapping_free (gpointer data)
{
  Mapping *mapping = data;
  munmap (mapping->address, mapping->size);
  g_free (mapping);
}

static gboolean
fail (GError **error, const gchar *what)
{
  g_set_error (error, BM_ERROR, BM_CAUSE_DISK_FULL, "cannot %s a memory file: %s", what,
               g_strerror (errno));
  return FALSE;
}

GBytes *
bm_spool_map (gint fd, gsize size, GError **error)
{
  /* private: the kernel refuses a shared mapping of a write-sealed file before 6.7 */
  gpointer address = mmap (NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (address == MAP_FAILED) {
    fail (error, "map");
    return NULL;
  }
  Mapping *mapping = g_new0 (Mapping, 1);
  mapping->address = address;
  mapping->size = size;
  return g_bytes_new_with_free_func (address, size, mapping_free, mapping);
}

BmSpool *
bm_spool_new (void)
{
  BmSpool *spool = g_new0 (BmSpool, 1);
  spool->memory = g_byte_array_new ();
  spool->fd = -1;
  return spool;
}

BmSpool *
bm_spool_new_bytes (GBytes *bytes)
{
  BmSpool *spool = g_new0 (BmSpool, 1);
  spool->bytes = g_bytes_ref (bytes);
  spool->size = g_bytes_get_size (bytes);
  spool->fd = -1;
  spool->sealed = TRUE;
  return spool;
}

void
bm_spool_free (BmSpool *spool)
{
  if (spool == NULL)
    return;
  g_clear_pointer (&spool->memory, g_byte_array_unref);
  g_clear_pointer (&spool->bytes, g_bytes_unref);
  if (spool->fd >= 0)
    close (spool->fd);
  g_free (spool);
}

static gboolean
write_all (gint fd, const guint8 *data, gsize size, GError **error)
{
  while (size > 0) {
    gssize n = write (fd, data, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return fail (error, "write");
    data += n;
    size -= (gsize) n;
  }
  return TRUE;
}

static gboolean
move_to_memfd (BmSpool *spool, gconstpointer data, gsize size, GError **error)
{
  spool->fd = memfd_create ("bm-spool", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (spool->fd < 0)
    return fail (error, "create");
  gboolean ok = write_all (spool->fd, data, size, error);
  g_clear_pointer (&spool->memory, g_byte_array_unref);
  return ok;
}

gboolean
bm_spool_write (BmSpool *spool, gconstpointer data, gsize size, GError **error)
{
  g_return_val_if_fail (!spool->sealed, FALSE);
  spool->size += size;
  if (spool->fd < 0 && spool->memory->len + size > SPOOL_MEMORY_MAX &&
      !move_to_memfd (spool, spool->memory->data, spool->memory->len, error))
    return FALSE;
  if (spool->fd >= 0)
    return write_all (spool->fd, data, size, error);
  g_byte_array_append (spool->memory, data, (guint) size);
  return TRUE;
}

guint64
bm_spool_size (const BmSpool *spool)
{
  return spool->size;
}

gboolean
bm_spool_seal (BmSpool *spool, GError **error)
{
  if (spool->sealed)
    return TRUE;
  if (spool->fd >= 0) {
    if (fcntl (spool->fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) <
        0)
      return fail (error, "seal");
  } else {
    spool->bytes = g_byte_array_free_to_bytes (g_steal_pointer (&spool->memory));
  }
  spool->sealed = TRUE;
  return TRUE;
}

GBytes *
bm_spool_bytes (BmSpool *spool, GError **error)
{
  if (!bm_spool_seal (spool, error))
    return NULL;
  if (spool->bytes != NULL)
    return spool->bytes;
  spool->bytes = bm_spool_map (spool->fd, (gsize) spool->size, error);
  return spool->bytes;
}

gint
bm_spool_steal_fd (BmSpool *spool, GError **error)
{
  if (spool->fd < 0) {
    gsize size = 0;
    gconstpointer data =
        spool->sealed ? g_bytes_get_data (spool->bytes, &size) : spool->memory->data;
    if (!spool->sealed)
      size = spool->memory->len;
    if (!move_to_memfd (spool, data, size, error))
      return -1;
    spool->sealed = FALSE;
  }
  if (!bm_spool_seal (spool, error))
    return -1;
  gint fd = spool->fd;
  spool->fd = -1;
  if (spool->bytes == NULL)
    spool->bytes = g_bytes_new (NULL, 0);
  spool->size = g_bytes_get_size (spool->bytes);
  return fd;
}
