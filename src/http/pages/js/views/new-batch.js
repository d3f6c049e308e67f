/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A batch: the CSV of many PSTs and their users goes up, its rows are judged, nothing is sent before
 * the reader starts it. */
import { get, post, postText } from '../api.js';
import { h, newId, replace } from '../dom.js';
import { formatNumber, t } from '../i18n.js';
import { icon } from '../icons.js';
import { actionButton, field, notice, told } from '../parts.js';
import { go } from '../router.js';

const MAX_BYTES = 8 << 20;

function problemTable(problems) {
  return h('div.table-box', {}, h('table.table', {}, h('caption.hidden-text', {}, t('batch.problems')),
    h('thead', {}, h('tr', {}, ['batch.line', 'batch.problem', 'batch.remedy'].map(key => h('th', { scope: 'col' }, t(key))))),
    h('tbody', {}, problems.map(one => h('tr', {}, h('td.n', { 'data-label': t('batch.line') }, formatNumber(one.line)), h('td.wide', {}, told(one.text)), h('td.wide', {}, told(one.do)))))));
}

export async function newBatchView() {
  const config = await get('config');
  const fault = h('div', {}), result = h('div.stack', {}), id = newId('file');
  const name = h('input.input', { type: 'text', required: true, maxlength: '60', pattern: '[A-Za-z0-9._-]+', spellcheck: 'false', autocomplete: 'off' });
  const chosen = h('span', {}, t('batch.choose'));
  let file = null;

  async function take(one) {
    fault.replaceChildren();
    result.replaceChildren();
    if (one.size > MAX_BYTES) {
      replace(fault, notice('stop', t('batch.too-large')));
      return;
    }
    file = one;
    chosen.textContent = one.name;
    name.value ||= one.name.replace(/\.[^.]*$/, '').replace(/[^A-Za-z0-9._-]+/g, '-');
  }

  const input = h('input.hidden-text', { type: 'file', id, accept: '.csv,text/csv', onchange: () => input.files[0] && take(input.files[0]) });
  const zone = h('label.drop', { for: id }, icon('batch'), h('b', {}, chosen), h('span.hint', {}, t('batch.columns')), input);
  for (const [type, on] of [['dragover', true], ['dragleave', false], ['drop', false]])
    zone.addEventListener(type, event => {
      event.preventDefault();
      zone.classList.toggle('over', on);
      if (type === 'drop' && event.dataTransfer.files[0])
        take(event.dataTransfer.files[0]);
    });

  const check = actionButton('.primary', null, t('batch.check'), fault, async () => {
    if (file === null || name.value === '') {
      replace(fault, notice('stop', t('batch.missing')));
      return;
    }
    const told = await postText(`batches?name=${encodeURIComponent(name.value)}`, file, 'text/csv');
    const start = actionButton('.primary', 'play', t('batch.start'), fault, async () => {
      await post(`batches/${encodeURIComponent(told.name)}/start`);
      go('batches', told.name);
    });
    replace(result, h('section.card.stack-s', {}, h('h2', {}, t('batch.taken', { n: told.rows })),
      told.problems.length > 0 ? notice('warning', t('batch.with-problems', { n: told.problems.length }), t('batch.with-problems.do')) : notice('ok', t('batch.no-problems')),
      told.problems.length > 0 && problemTable(told.problems),
      h('div.actions', {}, start, h('a.button', { href: `#/batches/${encodeURIComponent(told.name)}` }, t('batch.look')))));
  });

  return {
    title: t('batch.new.title'),
    node: h('div.stack', {}, h('div', {}, h('h1', {}, t('batch.new.title')), h('p.lead', {}, t('batch.new.lead'))),
      config.folders?.length ? h('p.hint', {}, t('batch.folders', { folders: config.folders.join(', ') })) : notice('warning', t('batch.no-folders'), t('batch.no-folders.do')),
      h('section.card.stack-s', { 'aria-label': t('batch.new.title') }, zone, field(t('batch.name'), name, t('batch.name.hint')), fault, h('div.actions', {}, check)),
      result),
  };
}
