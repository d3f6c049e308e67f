/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What came of it: grade, ledger, what failed and how to try it again, the report to hand over. */
import { address, post, remove } from '../api.js';
import { h, replace } from '../dom.js';
import { formatDay, formatNumber, has, t } from '../i18n.js';
import { icon, levelIcon } from '../icons.js';
import { actionButton, causeRemedy, causeTitle, confirmDialog, gradeLevel, notice, told } from '../parts.js';
import { go, link } from '../router.js';

const terms = ['verified', 'unverified', 'differs', 'gone', 'skipped', 'failed', 'pending'];
const details = { skipped: ['skipped_by_rule', 'rule'], failed: ['failed_by_cause', 'cause'], unverified: ['unverified_by_reason', 'reason'] };
const unwelcome = ['unverified', 'differs', 'gone', 'failed', 'pending'];

/* A cause of failure, or a reason why something is not proven. */
const title = token => causeTitle(token) ?? (has(`reason.${token}`) ? t(`reason.${token}`) : token);

function parts(ledger, term) {
  const [member, words] = details[term] ?? [];
  return Object.entries(ledger[member] ?? {}).filter(([, n]) => n > 0).map(([token, n]) => h('tr.part', {}, h('th', { scope: 'row' }, has(`${words}.${token}`) ? t(`${words}.${token}`) : token), h('td', {}, formatNumber(n))));
}

function ledgerTable(ledger) {
  return h('table.ledger', {}, h('caption.hidden-text', {}, t('report.ledger')), h('tbody', {},
    h('tr.sum', {}, h('th', { scope: 'row' }, t('ledger.found')), h('td', {}, formatNumber(ledger.found))),
    terms.map(term => [
      h(`tr${!ledger[term] ? '.zero' : unwelcome.includes(term) ? '.bad' : ''}`, {}, h('th', { scope: 'row' }, t(`ledger.${term}`)), h('td', {}, formatNumber(ledger[term]))),
      parts(ledger, term),
    ])));
}

function verdict(state) {
  const { result, stage } = state, grade = result?.grade;
  if (stage === 'cancelled')
    return h('div.verdict.warning', {}, icon('close'), h('h2', {}, t('report.cancelled')), h('p', {}, t('report.cancelled.text')));
  if (stage === 'refused')
    return h('div.verdict.stop', {}, levelIcon('stop'), h('h2', {}, t('report.refused')), h('p', {}, t('report.refused.text')));
  const level = gradeLevel(grade);
  return h(`div.verdict.${level}`, {}, levelIcon(level), h('h2', {}, has(`verdict.${grade}`) ? t(`verdict.${grade}`) : t('report.ended')),
    h('p', {}, has(`verdict.${grade}.text`) ? t(`verdict.${grade}.text`, { verified: result.ledger?.verified ?? 0 }) : ''));
}

export function reportPanel({ path, refresh }) {
  const box = h('div.stack', {}), fault = h('div', {});
  let said = '';

  const retry = (kind, label, cause) => actionButton(kind, 'retry', label, fault, async () => {
    await post(`${path}/retry`, cause ? { cause } : {});
    await refresh();
  });

  function failures(causes, retryable) {
    return h('section.card', { 'aria-labelledby': 'failures' }, h('h2', { id: 'failures' }, t('report.failures')),
      h('ul.findings', {}, causes.map(one => h('li.finding', {}, h('div', {}, h('b', {}, t('report.items', { n: one.n }))),
        h('div.stack-s', {}, h('div', {}, h('b', {}, title(one.cause)), h('div.remedy', {}, causeRemedy(one.cause) ?? told(one.advice))),
          retryable && h('div', {}, retry('.small', t('report.retry-these'), one.cause)))))));
  }

  const file = kind => h('a.button', { href: address(`${path}/report.${kind}`), target: kind === 'html' ? '_blank' : null, rel: 'noopener', download: kind === 'html' ? null : '' },
    icon(kind === 'html' ? 'external' : 'download'), t(`report.as.${kind}`));

  const drop = actionButton('.quiet.danger', 'trash', t('report.remove'), fault, async () => {
    if (!await confirmDialog(t('report.remove.title'), t('report.remove.text'), t('report.remove'), { danger: true }))
      return;
    await remove(path);
    go();
  });

  function draw(state) {
    const { result } = state, ledger = result?.ledger;
    const stopped = state.stage === 'cancelled' ? '' : result?.cause;
    replace(box,
      h('section.card.stack-s', { 'aria-label': t('report.verdict') }, verdict(state),
        stopped ? notice('stop', causeTitle(stopped) ?? stopped, told(result.message), causeRemedy(stopped)) : null,
        result?.grade_rule && state.stage === 'ended' && result.grade !== 'perfect' && h('p.hint', {}, t('report.rule'), ' ', told(result.grade_rule)),
        h('div.actions', {}, state.report && file('html').cloneNode(true), state.retryable && retry('.primary', t('report.retry-all'), null))),
      result?.causes?.length > 0 ? failures(result.causes, state.retryable) : null,
      h('div.columns', {},
        ledger ? h('section.card', { 'aria-labelledby': 'ledger' }, h('h2', { id: 'ledger' }, t('report.ledger')), ledgerTable(ledger),
          h('p.hint.next', {}, ledger.balanced === false ? t('report.unbalanced') : t('report.balanced'))) : null,
        h('div.stack', {},
          state.report ? h('section.card.stack-s', { 'aria-labelledby': 'files' }, h('h2', { id: 'files' }, t('report.files')), h('p.hint', {}, t('report.files.text')), h('div.downloads', {}, ['html', 'csv', 'json', 'txt'].map(file))) : null,
          h('section.card.stack-s', { 'aria-labelledby': 'after' }, h('h2', { id: 'after' }, t('report.after')),
            state.file?.purge_at > 0 && h('p', {}, t('report.purge', { day: formatDay(state.file.purge_at) })),
            state.report && h('p.hint', {}, t('report.keep')),
            h('div.actions', {}, h('a.button', { href: link('new') }, icon('plus'), t('nav.new')), state.kind !== 'job' && drop)))));
  }

  return {
    node: h('div.stack', {}, fault, box),
    update(state) {
      const now = JSON.stringify([state.stage, state.result, state.report, state.retryable, state.file?.purge_at]);
      if (now === said)
        return;
      said = now;
      draw(state);
    },
  };
}
