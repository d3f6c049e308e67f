/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One batch: how far all of it is, and each row. */
import { address, get, listen, post } from '../api.js';
import { h, replace, setText } from '../dom.js';
import { formatNumber, formatPercent, has, t } from '../i18n.js';
import { icon } from '../icons.js';
import { actionButton, bar, causeTitle, confirmDialog, notice, stageChip, tile, told } from '../parts.js';
import { link } from '../router.js';

const SHOWN_ROWS = 500; /* a browser draws no ten thousand rows ten times a minute */
const stateOrder = ['refused', 'given-up', 'running', 'waiting', 'ended', 'cancelled'];

function rowNode(one) {
  const progress = one.progress;
  let far = null;
  if (one.state === 'running' && progress) {
    const { node, update } = bar(t('list.progress', { name: one.user }), { thin: true });
    update(progress.total > 0 ? progress.done / progress.total : 0);
    far = [node, h('small', {}, progress.phase && has(`phase.${progress.phase}`) ? t(`phase.${progress.phase}`) : '')];
  } else if (one.state === 'ended' && one.status === 0) {
    far = progress?.verified > 0 ? t('list.mails', { n: progress.verified }) : null;
  } else if (one.cause || one.message) {
    far = [h('span', {}, causeTitle(one.cause) ?? ''), h('span.sub', {}, told(one.message))];
  }
  return h('tr', {},
    h('td', {}, one.job ? h('a.main', { href: link('imports', one.job) }, one.user) : h('span.main', {}, one.user), h('span.sub', {}, one.file)),
    h('td', {}, stageChip(one.state, gradeOf(one))),
    h('td.progress.wide', {}, far),
    h('td.n', { 'data-label': t('batch.line') }, formatNumber(one.line)));
}

/* Exit status of an import (docs/exit-status.md): 0 all proven, 3 a difference. */
const isUnwell = one => ['refused', 'given-up', 'cancelled'].includes(one.state) || (one.state === 'ended' && one.status > 0);
const gradeOf = one => one.state !== 'ended' || one.status <= 0 ? null : one.status === 3 ? 'poor' : 'investigate';

function controls(state, name, fault) {
  const act = (what, kind, iconName, ask) => actionButton(kind, iconName, t(`run.${what}`), fault, async () => {
    if (!ask || await confirmDialog(t('batch.cancel.title'), t('batch.cancel.text'), t('batch.cancel.yes'), { danger: true }))
      await post(`batches/${encodeURIComponent(name)}/${what}`);
  });
  switch (state.stage) {
    case 'running': case 'waiting': return [act('pause', '', 'pause'), act('cancel', '.quiet.danger', 'close', true)];
    case 'paused': return [act('resume', '.primary', 'play'), act('cancel', '.quiet.danger', 'close', true)];
    case 'ended': case 'cancelled': return state.rows.some(isUnwell) ? [act('retry', '', 'retry')] : [];
    default: return [act('start', '.primary', 'play')];
  }
}

export async function batchView(name) {
  let state = await get(`batches/${encodeURIComponent(name)}`), filter = null, shownStage = '', timer = 0;
  const fault = h('div', {}), trouble = h('div', {}), chipPlace = h('span', {}), actions = h('div.actions', {});
  const tiles = { rows: tile(t('batch.rows'), ''), ended: tile(t('batch.ended'), ''), verified: tile(t('run.verified'), ''), failed: tile(t('report.failed'), '') };
  const whole = bar(t('batch.progress'), {}), percent = h('span.percent', {});
  const body = h('tbody', {}), tabs = h('div.tabs', { role: 'group', 'aria-label': t('list.filter') }), cut = h('p.hint', {});
  const rows = new Map();

  function drawTabs() {
    const counts = new Map();
    for (const one of state.rows)
      counts.set(one.state, (counts.get(one.state) ?? 0) + 1);
    const names = [null, ...stateOrder.filter(one => counts.has(one))];
    const text = one => one === null ? `${t('list.filter.all')} ${formatNumber(state.rows.length)}` : `${t(`stage.${one}`)} ${formatNumber(counts.get(one))}`;
    if (tabs.children.length !== names.length)
      tabs.replaceChildren(...names.map(one => h('button', { type: 'button', onclick: () => {
        filter = one;
        draw();
      } })));
    names.forEach((one, i) => {
      setText(tabs.children[i], text(one));
      tabs.children[i].setAttribute('aria-pressed', String(filter === one));
    });
  }

  function drawRows() {
    const shown = state.rows.filter(one => filter === null || one.state === filter);
    const wanted = shown.slice(0, SHOWN_ROWS).map(one => {
      const said = JSON.stringify(one), known = rows.get(one.line);
      if (known?.said === said)
        return known.node;
      const node = rowNode(one);
      rows.set(one.line, { said, node });
      return node;
    });
    if (wanted.length !== body.children.length || wanted.some((node, i) => body.children[i] !== node))
      body.replaceChildren(...wanted);
    setText(cut, shown.length > SHOWN_ROWS ? t('batch.cut', { shown: SHOWN_ROWS, n: shown.length }) : '');
  }

  function draw() {
    const totals = state.totals ?? {};
    const over = state.rows.filter(one => !['waiting', 'running'].includes(one.state)).length;
    setText(tiles.rows.dd, formatNumber(state.rows.length));
    setText(tiles.ended.dd, formatNumber(over));
    setText(tiles.verified.dd, formatNumber(totals.verified));
    setText(tiles.failed.dd, formatNumber(totals.failed));
    const part = state.rows.length > 0 ? over / state.rows.length : 0;
    whole.update(part);
    setText(percent, formatPercent(part));
    if (shownStage !== state.stage + state.grade) {
      shownStage = state.stage + state.grade;
      replace(chipPlace, stageChip(state.stage, state.grade));
      replace(actions, controls(state, name, fault), reports);
    }
    replace(trouble, state.trouble ? notice('warning', t('run.trouble'), told(state.trouble)) : null);
    drawTabs();
    drawRows();
  }

  const reports = h('span.actions.push', {}, ['html', 'csv', 'json'].map(kind => h('a.button.small', {
    href: address(`batches/${encodeURIComponent(name)}/report.${kind}`), target: kind === 'html' ? '_blank' : null, rel: 'noopener', download: kind === 'html' ? null : '',
  }, icon(kind === 'html' ? 'external' : 'download'), t(`report.as.${kind}`))));

  /* An event without the rows: they are fetched, once for many events. */
  const refresh = () => {
    timer ||= setTimeout(async () => {
      timer = 0;
      try {
        state = await get(`batches/${encodeURIComponent(name)}`);
        draw();
      } catch { /* the line's notice tells */ }
    }, 500);
  };
  const stop = listen(`batches/${encodeURIComponent(name)}/events`, (event, data) => {
    if (data.rows) {
      state = data;
      draw();
    } else {
      refresh();
    }
  }, connected => replace(fault, connected ? null : notice('warning', t('live.lost'))));

  draw();
  return {
    title: t('list.batch', { name }),
    node: h('div.stack', {},
      h('div.page-head', {}, h('div', {}, h('h1', {}, t('list.batch', { name })), h('p.crumb', {}, chipPlace))),
      fault, trouble,
      h('section.card.run', { 'aria-label': t('batch.progress') }, h('div.run-head', {}, percent), whole.node, h('div.next', {}, actions)),
      h('dl.tiles', {}, Object.values(tiles).map(one => one.node)),
      h('section.card', { 'aria-label': t('batch.rows') }, h('div.filters', {}, tabs),
        h('div.table-box', {}, h('table.table.imports', {}, h('caption.hidden-text', {}, t('batch.rows')),
          h('thead', {}, h('tr', {}, ['list.who', 'list.state', 'list.how-far', 'batch.line'].map(key => h(`th${key === 'batch.line' ? '.n' : ''}`, { scope: 'col' }, t(key))))), body)), cut)),
    dispose() {
      stop();
      clearTimeout(timer);
    },
  };
}
