/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: what the parts of the renderer share. One rendering, one thread. */
#pragma once

#include "base/bm-spool.h"

#include <bm-pst-import/render.h>

G_BEGIN_DECLS

#define BM_MIME_DEPTH_MAX 20 /* embedded in embedded */

typedef struct _BmMimeField {
  gchar *name;
  gchar *value; /* ASCII; may hold CRLF + blank where it was folded before */
} BmMimeField;

/* Sets of named properties, [MS-OXPROPS] 1.3.2. */
extern const guint8 bm_psetid_common[16], bm_ps_internet_headers[16];

/* The state of one rendering. Notes are collected here. */
typedef struct _BmMime BmMime;
struct _BmMime {
  const BmItem *item;
  const BmRenderContext *context;
  const BmMime *outer;  /* of the message in which the item is embedded; or NULL */
  GPtrArray *transport; /* BmMimeField *, decoded UTF-8 values; NULL when there are none to use */
  GPtrArray *unsent;    /* those of an item marked unsent: only their Date counts; or NULL */
  BmNotes notes;
  gchar *message_id; /* with brackets */
  gchar *seed;       /* of boundaries */
  guint depth;
  guint first;         /* number of its first attachment in ids made up: of winmail.dat, not 0 */
  GPtrArray *exchange; /* gchar *: Exchange names that nothing resolved, each once */
};

/* bm-mime-header.c: encoding and folding of header fields. Results are new. */
gboolean bm_mime_is_among (const gchar *name, const gchar *const *names, gsize n); /* in any case */
gchar *bm_mime_one_line (const gchar *text);     /* no CR, LF, NUL, control */
gchar *bm_mime_encode_text (const gchar *utf8);  /* RFC 2047, unstructured */
gchar *bm_mime_encode_whole (const gchar *utf8); /* all of it, though some needs no encoding */
gchar *bm_mime_decode_text (const gchar *ascii); /* the reverse */
/* Length of the charset at the start of an encoded word without its "=?" (RFC 2047 2), or 0. */
gsize bm_mime_charset_length (const gchar *word);
gchar *bm_mime_known_words (const gchar *text); /* encoded words with charsets of our table */
void bm_mime_add_field (GString *out, const gchar *name, const gchar *ascii_value); /* folds */
void bm_mime_add_parameter (GString *value, const gchar *name, const gchar *utf8);  /* RFC 2231 */
/* For readers that know no RFC 2231: ASCII that looks like it. */
void bm_mime_add_old_parameter (GString *value, const gchar *name, const gchar *utf8);
gchar *bm_mime_date (gint64 unix_time); /* RFC 5322, +0000 */
gboolean bm_mime_is_ascii (const gchar *text);
gchar *bm_mime_hash (const gchar *const *parts, guint n); /* 40 hex of SHA-256 */

/* bm-mime-words.c: the value with the encoded words that readers would show wrongly as UTF-8; NULL
 * when there are none. New. */
gchar *bm_mime_widen_words (const gchar *value);

/* bm-mime-transport.c */
void bm_mime_field_free (BmMimeField *field);
GPtrArray *bm_mime_transport_parse (const gchar *text, BmNotes *notes);     /* NULL: none usable */
const gchar *bm_mime_transport_get (const BmMime *mime, const gchar *name); /* first; or NULL */
const gchar *bm_mime_fields_get (const GPtrArray *fields, const gchar *name); /* fields: or NULL */

/* bm-mime-address.c */
typedef struct {
  const gchar *name, *smtp, *type, *address; /* each may be NULL */
  GBytes *entry_id;
  const BmProps *row; /* of the recipient table; NULL for senders */
} BmMimeParty;
/* bm-mime-resolve.c. Never NULL: at worst a placeholder, with a note and mime->exchange. */
gchar *bm_mime_resolve (BmMime *mime, const BmMimeParty *party);
/* The same, NULL instead of a placeholder. */
gchar *bm_mime_try_resolve (BmMime *mime, const BmMimeParty *party);
/* An address header with the encapsulated addresses in it (IMCEAEX-...) replaced where somebody knows
 * whose they are; else noted and kept. New. */
gchar *bm_mime_open_encapsulated (BmMime *mime, const gchar *header);
/* A row of the recipient table; who sent the item, or in whose name. Borrowed. */
BmMimeParty bm_mime_party_of_row (const BmProps *row);
BmMimeParty bm_mime_party_from (const BmProps *props);
/* The display name when it says more than the address. New; or NULL. */
gchar *bm_mime_party_name (const BmMimeParty *party, const gchar *address);
/* The address that the party itself gives, and its Exchange name; either may be NULL. */
gchar *bm_mime_exchange_pair (const BmMimeParty *party, gchar **name);
/* PidTagAddressBookProxyAddresses (0x800F101F) of a row: an address book's id, among those of named
 * properties; what the map of names says about it does not count, only that it looks like proxies.
 * gchar *, borrowed; or NULL. */
const GPtrArray *bm_mime_proxies (const BmProps *row);
/* name and address (of whatever type) of a one-off entry id. FALSE when it is none. */
gboolean bm_mime_one_off (GBytes *entry_id, gchar **name, gchar **address);
/* `"Name" <a@b>` encoded; a valid placeholder and a note when nothing resolves. New. */
gchar *bm_mime_mailbox (BmMime *mime, const BmMimeParty *party, gchar **plain_address);
gchar *bm_mime_from (BmMime *mime, gchar **address);             /* never NULL */
gchar *bm_mime_sender (BmMime *mime, const gchar *from_address); /* NULL when it is From */
gchar *bm_mime_receipt_to (BmMime *mime); /* whom a receipt goes to; NULL when nobody is named */
gchar *bm_mime_reply_to (BmMime *mime);   /* NULL when there is none */
gchar *bm_mime_recipients (BmMime *mime, guint type); /* 1 To, 2 Cc, 3 Bcc; NULL when none */
/* An address header of foreign make, encoded anew. New. */
gchar *bm_mime_reencode_addresses (const gchar *utf8);

/* bm-mime-headers.c: the header block without content fields. */
void bm_mime_add_headers (BmMime *mime, GString *out);
/* Neither written by us nor acted on by bm-core, whose fields are X-Bm-*. */
gboolean bm_mime_may_pass (const gchar *name);

/* bm-mime-extra.c: fields that come from properties alone, where out does not have them yet. */
void bm_mime_add_extra (BmMime *mime, GString *out);
gboolean bm_mime_has_field (const GString *out, const gchar *name);

/* bm-mime-id.c */
gchar *bm_mime_message_id (BmMime *mime);
gchar *bm_mime_subject (const BmItem *item); /* without prefix mark; NULL when absent */

/* bm-mime-flags.c */
gint64 bm_mime_internal_date (BmMime *mime);
gint64 bm_mime_header_date (BmMime *mime);
/* What stands for the value of a Date header that has not the form of one, or says what no mail can
 * while the item knows better; noted. NULL: it stays. New. */
gchar *bm_mime_mended_date (BmMime *mime, const gchar *value);
BmFlags bm_mime_flags (const BmMime *mime);
GStrv bm_mime_keywords (BmMime *mime);
const BmProp *bm_mime_categories (const BmItem *item); /* MV string; or NULL */
gboolean bm_mime_is_unsent (const BmItem *item);       /* its owner still writes it */
gboolean bm_mime_is_own (const BmItem *item);          /* its owner writes it, or sent it */
gboolean bm_mime_is_draft (const BmItem *item);        /* ... and nothing says otherwise */
/* It came to the owner of the PST, from somebody else as far as it says. */
gboolean bm_mime_is_received (const BmMime *mime);
/* It asks its reader for a receipt. */
gboolean bm_mime_asks_receipt (const BmMime *mime);

/* bm-mime-body.c: bodies as UTF-8 with LF; either may be NULL, not both. */
typedef struct {
  gchar *text, *html;
  GBytes *rtf;         /* native RTF, kept as attachment */
  GPtrArray *pictures; /* BmRtfPicture *: of native RTF, the HTML refers to them; or NULL */
  gboolean is_notice;  /* text says that there is none to be read */
} BmMimeBody;
void bm_mime_body_read (BmMime *mime, BmMimeBody *body);
void bm_mime_body_peek (BmMime *mime, BmMimeBody *body); /* the same, noting nothing */
void bm_mime_body_clear (BmMimeBody *body);

/* bm-mime-tree.c: entities and how they are written. */
typedef struct _BmMimePart BmMimePart;
struct _BmMimePart {
  GString *fields;     /* Content-*, complete lines, CRLF */
  GPtrArray *children; /* BmMimePart *: a multipart; else NULL */
  gchar *boundary;
  BmSpool *data;      /* already encoded where encode is FALSE */
  gboolean base64;    /* encode data while writing */
  gboolean eight_bit; /* it holds bytes from 0x80 on, and fields says so */
};
void bm_mime_part_free (BmMimePart *part);
BmMimePart *bm_mime_part_text (const gchar *subtype, const gchar *utf8);
BmMimePart *bm_mime_part_multipart (BmMime *mime, const gchar *subtype, const gchar *path);
gboolean bm_mime_part_write (const BmMimePart *part, BmSpool *out, GError **error);
guint64 bm_mime_part_size (const BmMimePart *part); /* an estimate from below */
BmMimePart *bm_mime_tree (BmMime *mime, GError **error);

/* bm-mime-ole.c: what an OLE object holds. */
typedef struct {
  GBytes *data;
  gchar *name;            /* of a packed file; or NULL, then */
  const gchar *extension; /* says what it is; static */
} BmMimeOle;
/* FALSE: nothing that a person can open; *ole is empty then. bytes are borrowed. */
gboolean bm_mime_ole_extract (GBytes *bytes, BmMimeOle *ole);
void bm_mime_ole_clear (BmMimeOle *ole);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BmMimeOle, bm_mime_ole_clear)

/* bm-mime-mac.c: the file in a MacBinary (0x3702 says so), without the resources that are for a
 * Macintosh alone; bytes themselves when they are none, not whole, or hold only those. New. */
GBytes *bm_mime_data_fork (const BmAttachment *attachment, GBytes *bytes);

/* bm-mime-tnef.c: what a winmail.dat holds, with the people of the message around it. NULL: it is
 * none, or one that cannot be read, which is noted. New. */
BmItem *bm_mime_tnef_item (BmMime *mime, const BmAttachment *attachment);
/* That of the first that can be read; *index: which attachment it is, or -1. New. */
BmItem *bm_mime_tnef (BmMime *mime, gint *index);

/* bm-mime-secure.c: the whole content of signed or encrypted mail; NULL: it is converted like any. */
BmMimePart *bm_mime_secure (BmMime *mime);

/* bm-mime-report.c: reports on mail. */
typedef struct {
  guint kind;
  const gchar *type;     /* of the part for machines: message/TYPE; static */
  gchar *text;           /* that part as stored, or NULL */
  gint status, original; /* attachments that are parts of the report; or -1 */
} BmMimeReport;
/* FALSE: the item is no report. report->text is the caller's. */
gboolean bm_mime_report_find (const BmMime *mime, BmMimeReport *report);
BmMimePart *bm_mime_report_status (BmMime *mime, const BmMimeReport *report);
gchar *bm_mime_report_words (const BmMime *mime, const BmMimeReport *report);
gchar *bm_mime_report_subtype (const BmMimeReport *report);

/* bm-mime-calendar.c: iCalendar. Prefixes of classes end at dots, case does not matter. */
gboolean bm_mime_is_class (const BmItem *item, const gchar *message_class);
/* Of an appointment, a task or meeting mail; NULL for others, and when it says no time. CRLF.
 * New. */
gchar *bm_mime_calendar_text (BmMime *mime);
gboolean bm_mime_calendar_can (const BmItem *item); /* it would give a text */
/* The same as a part; *attachment: it was that one, not to be shown twice; or -1. */
BmMimePart *bm_mime_calendar_part (BmMime *mime, gint *attachment);
/* A changed instance, hidden as an attachment: part of the calendar. */
gboolean bm_mime_calendar_owns (const BmMime *mime, const BmAttachment *attachment);

/* bm-mime-vcard.c: of a contact or a distribution list; NULL for others. LF. New. */
gchar *bm_mime_card_text (BmMime *mime);
gboolean bm_mime_card_owns (const BmItem *item, const BmAttachment *attachment); /* its picture */

/* bm-mime-attach.c: one attachment to one part. NULL without error: leaves nothing. */
BmMimePart *bm_mime_attachment (BmMime *mime, guint index, const gchar *content_id,
                                gboolean is_inline, GError **error);
/* A part that tells the reader that an attachment is there in part only; NULL when it is not so. */
BmMimePart *bm_mime_notice_of_part (const BmMime *mime, guint index);
BmMimePart *bm_mime_notice_of_message (void); /* the same of the message's own properties */
gchar *bm_mime_content_id (const BmAttachment *attachment); /* without brackets; or NULL */
/* For one that needs an id and has none. New. */
gchar *bm_mime_made_content_id (const BmMime *mime, guint index);
/* It becomes a part of type image/... */
gboolean bm_mime_is_picture (const BmAttachment *attachment, const gchar *name);
gchar *bm_mime_attachment_name (const BmAttachment *attachment, guint index, BmNotes *notes);

/* bm-render.c: an item to bytes; for embedded ones too. */
BmSpool *bm_mime_render_bytes (BmMime *mime, GError **error);
void bm_mime_begin (BmMime *mime, const BmItem *item, const BmRenderContext *context,
                    const gchar *outer_seed, guint depth);
void bm_mime_end (BmMime *mime);

G_END_DECLS
