/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Names of well-known folders as Outlook and Exchange create them, by language: the last resort
 * when entry ids say nothing. Compared after NFC and case folding. Any thread. */
#include "pst/bm-pst-folders.h"

static const struct {
  BmRole role;
  const gchar *names; /* separated by '|' */
} table[] = {
    {BM_ROLE_INBOX,
     "Inbox|Boîte de réception|Posteingang|Posta in arrivo|Bandeja de entrada|Postvak IN|"
     "Caixa de Entrada|A Receber|Inkorgen|Indbakke|Innboks|Saapuneet|Skrzynka odbiorcza|"
     "Doručená pošta|Beérkezett üzenetek|Входящие|Gelen Kutusu|收件箱|收件匣|受信トレイ|"
     "받은 편지함"},
    {BM_ROLE_SENT,
     "Sent Items|Sent|Sent Messages|Sent Mail|Éléments envoyés|Messages envoyés|"
     "Gesendete Elemente|Gesendete Objekte|Posta inviata|Elementos enviados|Verzonden items|"
     "Itens Enviados|Skickat|Skickade objekt|Sendt post|Sendte elementer|Lähetetyt|"
     "Elementy wysłane|Odeslaná pošta|Elküldött elemek|Отправленные|Gönderilmiş Öğeler|"
     "已发送邮件|寄件備份|送信済みアイテム|보낸 편지함"},
    {BM_ROLE_DRAFTS,
     "Drafts|Brouillons|Entwürfe|Bozze|Borradores|Concepten|Rascunhos|Utkast|Kladder|"
     "Luonnokset|Kopie robocze|Koncepty|Piszkozatok|Черновики|Taslaklar|草稿|下書き|임시 보관함"},
    {BM_ROLE_TRASH,
     "Deleted Items|Trash|Deleted Messages|Éléments supprimés|Corbeille|Gelöschte Elemente|"
     "Gelöschte Objekte|Posta eliminata|Elementos eliminados|Verwijderde items|Itens Excluídos|"
     "Itens Eliminados|Borttaget|Slettet post|Slettede elementer|Poistetut|Elementy usunięte|"
     "Odstraněná pošta|Törölt elemek|Удаленные|Silinmiş Öğeler|已删除邮件|刪除的郵件|"
     "削除済みアイテム|지운 편지함"},
    {BM_ROLE_JUNK,
     "Junk E-mail|Junk Email|Junk|Spam|Courrier indésirable|Junk-E-Mail|Posta indesiderata|"
     "Correo no deseado|Correo electrónico no deseado|Ongewenste e-mail|Lixo Eletrônico|"
     "Correio Eletrónico de Lixo|Skräppost|Uønsket e-mail|Søppelpost|Roskaposti|"
     "Wiadomości-śmieci|Nevyžádaná pošta|Levélszemét|Нежелательная почта|Önemsiz E-posta|"
     "垃圾邮件|垃圾郵件|迷惑メール|정크 메일"},
    {BM_ROLE_OUTBOX,
     "Outbox|Boîte d'envoi|Postausgang|Posta in uscita|Bandeja de salida|Postvak UIT|"
     "Caixa de Saída|A Enviar|Utkorgen|Udbakke|Utboks|Lähtevät|Skrzynka nadawcza|"
     "Pošta k odeslání|Postázandó üzenetek|Исходящие|Giden Kutusu|发件箱|寄件匣|送信トレイ|"
     "보낼 편지함"},
};

static const gchar sync_issues[] =
    "Sync Issues|Problèmes de synchronisation|Synchronisierungsprobleme|Problemi di "
    "sincronizzazione|Problemas de sincronización|Synchronisatieproblemen|Problemas de "
    "Sincronização|Synkroniseringsproblem|Synkroniseringsproblemer|Synkronointiongelmat|Problemy "
    "z synchronizacją|Potíže se synchronizací|Szinkronizálási hibák|Ошибки синхронизации|Eşitleme "
    "Sorunları|同步问题|同步處理問題|同期の失敗|동기화 문제";

/* The top of a PST, and of the mailbox a PST was exported from. */
static const gchar tops[] =
    "IPM_SUBTREE|Top of Personal Folders|Top of Outlook data file|Top of Information Store|"
    "Début du fichier de données Outlook|Haut de la banque d'informations|"
    "Partie supérieure de la banque d'informations|Sommet de la banque d'informations|"
    "Oberste Ebene des Informationsspeichers|Bovenste map van gegevensarchief";

static gchar *
fold (const gchar *name)
{
  g_autofree gchar *normal = g_utf8_normalize (name, -1, G_NORMALIZE_NFC);
  g_autofree gchar *folded = g_utf8_casefold (normal != NULL ? normal : name, -1);
  g_autoptr (GString) plain = g_string_new (folded);
  g_string_replace (plain, "\xe2\x80\x99", "'", 0); /* typographic apostrophe */
  return g_string_free (g_steal_pointer (&plain), FALSE);
}

enum { SYNC_ISSUES = BM_ROLE_LAST, TOP }; /* what a name may mean besides roles */

static void
add_names (GHashTable *meanings, const gchar *names, gint meaning)
{
  g_auto (GStrv) list = g_strsplit (names, "|", -1);
  for (guint i = 0; list[i] != NULL; i++)
    g_hash_table_insert (meanings, fold (list[i]), GINT_TO_POINTER (meaning));
}

/* Folded once: a file may have thousands of folders. */
static gint
meaning_of (const gchar *name)
{
  static gsize ready = 0;
  static GHashTable *meanings;
  if (g_once_init_enter (&ready)) {
    meanings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < G_N_ELEMENTS (table); i++)
      add_names (meanings, table[i].names, (gint) table[i].role);
    add_names (meanings, sync_issues, SYNC_ISSUES);
    add_names (meanings, tops, TOP);
    g_once_init_leave (&ready, 1);
  }
  g_autofree gchar *folded = fold (name);
  return GPOINTER_TO_INT (g_hash_table_lookup (meanings, folded));
}

BmRole
bm_pst_role_of_name (const gchar *name)
{
  gint meaning = meaning_of (name);
  return meaning < BM_ROLE_LAST ? (BmRole) meaning : BM_ROLE_NONE;
}

gboolean
bm_pst_is_sync_issues_name (const gchar *name)
{
  return meaning_of (name) == SYNC_ISSUES;
}

gboolean
bm_pst_is_top_name (const gchar *name)
{
  return meaning_of (name) == TOP;
}
