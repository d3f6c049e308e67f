/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Plain data that crosses the rooms: what a PST holds (folders, items) and what leaves it
 * (sealed messages). Knows neither where the data comes from nor where it goes.
 * Nothing here locks: one thread owns an object at a time. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

/* ---- guid: the SHA-1 of a message's bytes; BlueMind and Cyrus name a message by it ---- */

typedef struct {
  guint8 bytes[20];
} BmGuid;

/* hex holds 41 bytes: 40 lower-case digits and NUL. */
void bm_guid_to_hex (const BmGuid *guid, gchar hex[41]);
gboolean bm_guid_from_hex (const gchar *hex, BmGuid *guid);
void bm_guid_of_bytes (gconstpointer data, gsize size, BmGuid *guid);
gboolean bm_guid_equal (const BmGuid *a, const BmGuid *b);

/* One message of a folder as the server has it. */
typedef struct {
  guint32 uid;
  BmGuid guid;
} BmStored;

/* ---- rules: why an item was left out on purpose ---- */

#define BM_RULES(X)                                                                                \
  X (ASSOCIATED, "associated", "folder-associated item: views, rules, settings")                   \
  X (HIDDEN, "hidden", "item of a hidden folder")                                                  \
  X (SEARCH_FOLDER, "search-folder", "item of a search folder: a link to an item elsewhere")       \
  X (SYNC_ISSUES, "sync-issues", "item of Sync Issues or below")                                   \
  X (OUTSIDE_SUBTREE, "outside-subtree", "item outside the user's folders (views, free/busy...)")  \
  X (NOT_MAIL, "not-mail", "appointment, contact, task, note, journal...")                         \
  X (PHANTOM, "phantom", "node of a damaged index page; its data does not exist")                  \
  X (EXCLUDED, "excluded", "folder left out by --include or --exclude")                            \
  X (FILTERED_CLASS, "filtered-class", "message class left out by --class or --exclude-class")     \
  X (FILTERED_DATE, "filtered-date", "date left out by --since or --before")                       \
  X (FILTERED_SIZE, "filtered-size", "size left out by --min-size or --max-size")

typedef enum {
  BM_RULE_NONE = -1,
#define X(sym, token, text) BM_RULE_##sym,
  BM_RULES (X)
#undef X
      BM_RULE_LAST
} BmRule;

const gchar *bm_rule_token (BmRule rule);
const gchar *bm_rule_text (BmRule rule);
BmRule bm_rule_from_token (const gchar *token); /* BM_RULE_NONE when unknown */

/* ---- fidelity notes: every loss or guess on the way from item to message ---- */

#define BM_NOTES(X)                                                                                \
  X (ADDRESS_PLACEHOLDER, "address-placeholder", "an address could not be resolved")               \
  X (ATTACHMENT_DAMAGED, "attachment-damaged", "an attachment's data is damaged or short")         \
  X (ATTACHMENT_NAME_CHANGED, "attachment-name-changed", "an attachment's name was made safe")     \
  X (ATTACHMENT_STUB, "attachment-stub", "an attachment without data became a short text")         \
  X (BODY_DAMAGED, "body-damaged",                                                                 \
     "a body could not be read; another one, or a notice, stands instead")                         \
  X (BODY_EMPTY, "body-empty", "the item has no body")                                             \
  X (CHARSET_GUESSED, "charset-guessed", "the declared character set did not fit; another did")    \
  X (CHARSET_LOSSY, "charset-lossy", "bytes without a character were replaced")                    \
  X (CONTENT_KEPT_RAW, "content-kept-raw",                                                         \
     "special content was kept as attachment, not converted")                                      \
  X (DAMAGED_BLOCK, "damaged-block",                                                               \
     "a block of the PST that this item uses is lost or has a wrong CRC")                          \
  X (DATE_CLAMPED, "date-clamped", "the internal date was outside 1970-01-02..2099-12-31")         \
  X (DATE_FROM_CHANGE, "date-from-change", "no date of its own: when it was last changed")         \
  X (DATE_FROM_CREATION, "date-from-creation", "no date of its own: when the item was created")    \
  X (DATE_FROM_THREAD, "date-from-thread", "no date of its own: that of its place in the thread")  \
  X (DATE_UNKNOWN, "date-unknown", "no date at all: 1970-01-02")                                   \
  X (DUPLICATE_CONTENT_ID, "duplicate-content-id", "two inline parts had one Content-ID")          \
  X (EXCHANGE_UNRESOLVED, "exchange-unresolved", "an Exchange name has no known address")          \
  X (FLAGS_DIFFER, "flags-differ", "the stored flags are not those sent")                          \
  X (FOLDER_RENAMED, "folder-renamed", "the server's rules changed the folder's name")             \
  X (HEADERS_REPAIRED, "headers-repaired", "transport headers were malformed")                     \
  X (KEYWORD_CHANGED, "keyword-changed", "a category could not be a keyword as it is")             \
  X (KEYWORD_LEFT_OUT, "keyword-left-out", "more categories than a server takes as keywords")      \
  X (MESSAGE_ID_GENERATED, "message-id-generated", "the item had no Message-ID")                   \
  X (NESTING_CUT, "nesting-cut", "messages nested too deeply were left out")                       \
  X (RECIPIENTS_FROM_DISPLAY, "recipients-from-display", "no recipient table: display names used") \
  X (RTF_CRC, "rtf-crc", "compressed RTF with a wrong CRC was read all the same")                  \
  X (RTF_NATIVE, "rtf-native", "native RTF was converted to HTML")                                 \
  X (SALVAGED, "salvaged", "refused by libpff; read by our own salvage path as far as possible")   \
  X (SENDER_UNKNOWN, "sender-unknown", "the item names no sender: a likely one stands there")      \
  X (SIZE_DIFFERS, "size-differs", "the stored size is not the one sent")                          \
  X (SUBJECT_EDITED, "subject-edited", "the subject was edited after arrival; the edit was kept")  \
  X (TEXT_FROM_HTML, "text-from-html", "the plain text was made from the HTML")                    \
  X (UNREADABLE_PROPERTY, "unreadable-property", "a property could not be read")                   \
  X (INBOX_CHILD_MOVED, "inbox-child-moved", "a folder below the inbox became a top-level folder") \
  X (CALENDAR_PARTIAL, "calendar-partial",                                                         \
     "time or repetition of an appointment or task could not be read")                             \
  X (DATE_FROM_OUTER, "date-from-outer",                                                           \
     "an embedded message without date: that of the outer one")                                    \
  X (HEADERS_LEFT_OUT, "headers-left-out", "marked unsent: the way that its headers tell is lost")

typedef enum {
#define X(sym, token, text) BM_NOTE_##sym,
  BM_NOTES (X)
#undef X
      BM_NOTE_LAST
} BmNote;

typedef guint64 BmNotes; /* set of BmNote */
G_STATIC_ASSERT (BM_NOTE_LAST <= 64);

static inline void
bm_notes_add (BmNotes *notes, BmNote note)
{
  *notes |= G_GUINT64_CONSTANT (1) << note;
}
static inline gboolean
bm_notes_has (BmNotes notes, BmNote note)
{
  return (notes >> note & 1) != 0;
}
const gchar *bm_note_token (BmNote note);
const gchar *bm_note_text (BmNote note);
BmNote bm_note_from_token (const gchar *token); /* BM_NOTE_LAST when unknown */
GPtrArray *bm_notes_tokens (BmNotes notes);     /* sorted; free the array, not the strings */
gchar *bm_notes_join (BmNotes notes);           /* "a b c", sorted */
BmNotes bm_notes_parse (const gchar *joined);   /* unknown tokens are ignored */

/* ---- folders and the census: what the PST holds ---- */

typedef enum {
  BM_ROLE_NONE,
  BM_ROLE_INBOX,
  BM_ROLE_SENT,
  BM_ROLE_DRAFTS,
  BM_ROLE_TRASH,
  BM_ROLE_JUNK,
  BM_ROLE_OUTBOX,
  BM_ROLE_LAST
} BmRole; /* well-known folders that mean something to mail */

const gchar *bm_role_token (BmRole role); /* "inbox"...; "" for none */
BmRole bm_role_from_token (const gchar *token);

typedef struct {
  guint32 nid;
  guint32 parent; /* nid of the parent folder */
  gchar *name;    /* UTF-8, as stored; "" when it has none */
  gchar *path;    /* below the IPM subtree (wrapper folders stripped), '/' between, a '/' inside a
                     * name written U+2215; NULL outside the subtree; "" for the subtree itself */
  BmRole role;
  BmRole alike; /* what its name means in any language, wherever it lies: a copy of the Sent
                             Items below an archive has no role, but tells as much */
  gchar *container_class; /* "IPF.Note"..., NULL when absent */
  BmRule rule;            /* why none of its items is imported, or BM_RULE_NONE */
  gboolean damaged;       /* its properties could not be read, or its own node is lost */
} BmFolder;

typedef struct {
  guint32 nid;
  guint32 folder; /* nid of the folder it lies in */
  BmRule rule;    /* already known from the census, or BM_RULE_NONE: its content decides */
} BmCensusItem;

typedef enum { BM_PST_ANSI, BM_PST_UNICODE, BM_PST_UNICODE_4K } BmPstFormat;

typedef enum { BM_PST_CRYPT_NONE, BM_PST_CRYPT_COMPRESSIBLE, BM_PST_CRYPT_HIGH } BmPstCrypt;

/* The whole PST, counted. nodes ascending; folders ascending by nid. */
typedef struct {
  BmPstFormat format;
  BmPstCrypt crypt;
  gboolean password;     /* a password CRC is set (not needed to read) */
  guint64 file_size;     /* bytes */
  guint8 record_key[16]; /* of the message store, 0x0FF9; zeros when unreadable */
  gchar *display_name;   /* of the message store; may be "" */
  BmGuid identity;       /* digest of record key, header and node-tree root */
  guint64 nodes, pages, bad_pages, bad_crc_pages, loops, duplicates;
  GPtrArray *folders;  /* BmFolder *, owned */
  GArray *items;       /* BmCensusItem, ascending by nid */
  GPtrArray *warnings; /* gchar *, sentences for people */
} BmCensus;

BmFolder *bm_folder_new (void);
void bm_folder_free (BmFolder *folder);
BmCensus *bm_census_new (void);
void bm_census_free (BmCensus *census);
/* Binary search; NULL when there is none. Borrowed. */
const BmFolder *bm_census_folder (const BmCensus *census, guint32 nid);
/* nid of the folder that this item of the census lies in. Binary search. */
guint32 bm_census_folder_of (const BmCensus *census, guint32 nid);
const gchar *bm_pst_format_token (BmPstFormat format); /* "ansi" "unicode" "unicode-4k" */
const gchar *bm_pst_crypt_token (BmPstCrypt crypt);    /* "none" "compressible" "high" */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmFolder, bm_folder_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmCensus, bm_census_free)

/* ---- messages: what leaves the PST ---- */

typedef enum {
  BM_FLAG_ANSWERED = 1 << 0, /* the bits of t_mailbox_record.system_flags */
  BM_FLAG_FLAGGED = 1 << 1,
  BM_FLAG_DELETED = 1 << 2,
  BM_FLAG_DRAFT = 1 << 3,
  BM_FLAG_SEEN = 1 << 4,
} BmFlags;

GPtrArray *bm_flags_tokens (BmFlags flags); /* "\\Answered"..., sorted; free the array only */

/* A sealed message. CRLF only, ASCII headers only, no NUL; never changed after bm_message_seal. */
typedef struct {
  guint32 nid; /* where it came from: for journal and manifest, never in the bytes */
  GBytes *bytes;
  BmGuid guid;          /* SHA-1 of bytes */
  gint64 internal_date; /* seconds since 1970, UTC, within [86400, 4102444799] */
  BmFlags flags;
  GStrv keywords;       /* sorted, valid IMAP atoms; never NULL */
  gchar *message_id;    /* with angle brackets */
  gchar *message_class; /* "IPM.Note"; may be "" */
  gchar *subject;       /* UTF-8, one line; only for reports that ask for it, never in a log */
  guint attachments;    /* rows of the item's attachment table */
  gboolean unsent;      /* 0x0E07 says that its owner still writes it */
  BmNotes notes;
} BmMessage;

/* Checks that bytes may be appended anywhere: not empty, every LF after CR and every CR before LF,
 * no NUL, header block of valid ASCII field lines ended by an empty line. Error: INVALID_MESSAGE
 * naming the offset. */
gboolean bm_message_check (const guint8 *data, gsize size, GError **error);
/* Takes bytes; sets guid. Fails as bm_message_check does. The other members are the caller's to
 * fill. */
BmMessage *bm_message_seal (GBytes *bytes, GError **error);
/* What the folder adds to the flags of a message: one that is unsent is a draft where drafts lie,
 * whatever dates Outlook and Exchange gave it when they saved it. */
void bm_message_place (BmMessage *message, BmRole role);
void bm_message_free (BmMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmMessage, bm_message_free)

G_END_DECLS
