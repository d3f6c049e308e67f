/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* All imports and batches, the newest first, kept fresh while somebody looks. */
import { currentSession, get } from '../api.js';
import { debounce, h, replace, setText } from '../dom.js';
import { formatBytes, formatNumber, formatTime, t } from '../i18n.js';
import { icon } from '../icons.js';
import { bar, bytesOf, errorNotice, stageChip } from '../parts.js';
import { link } from '../router.js';

const FAST_MS = 3000, SLOW_MS = 15000;
const active = ['inspecting', 'checking', 'waiting', 'running'];
const filters = {
  all: () => true,
  active: one => [...active, 'paused', 'ready', 'checked'].includes(one.stage),
  trouble: one => one.failed > 0 || one.stage === 'refused' || one.stage === 'given-up' || ['investigate', 'poor'].includes(one.grade),
  ended: one => ['ended', 'cancelled', 'refused'].includes(one.stage),
};

/* A page left open over night must not keep the session alive for ever. */
let lastInput = Date.now();
for (const name of ['pointermove', 'keydown', 'focus'])
  addEventListener(name, () => { lastInput = Date.now(); }, { passive: true });
const readerIsThere = () => Date.now() - lastInput < (currentSession()?.idle_seconds ?? 1800) * 1000;

const addressOf = one => one.kind === 'batch' ? link('batches', one.id) : link('imports', one.id);

function progressCell(one) {
  if (one.stage === 'ended' || one.stage === 'cancelled' || one.stage === 'refused')
    return h('td.progress.wide', {}, one.found ? t('list.mails', { n: one.verified ?? 0 }) : null,
      one.failed > 0 && h('small', {}, t('list.failed', { n: one.failed })));
  const { node, update } = bar(t('list.progress', { name: one.file || one.id }), { thin: true });
  const part = one.found ? (one.verified ?? 0) / one.found : 0;
  if (!['running', 'paused', 'waiting'].includes(one.stage))
    return h('td.progress.wide', {});
  update(part);
  return h('td.progress.wide', {}, node,
    h('small', {}, one.kind !== 'batch' && one.size ? bytesOf(one.bytes, one.size) : t('list.proven', { verified: one.verified ?? 0, found: one.found ?? 0 }),
      one.failed > 0 && ` · ${t('list.failed', { n: one.failed })}`));
}

function row(one) {
  const name = one.kind === 'batch' ? t('list.batch', { name: one.id }) : one.user || one.id;
  const origin = { batch: t('list.kind.batch'), job: t('list.kind.job') }[one.kind];
  return h('tr', {},
    h('td', {}, h('a.main', { href: addressOf(one) }, name),
      h('span.sub', {}, [one.kind === 'batch' ? null : one.file, one.size > 0 ? formatBytes(one.size) : null].filter(Boolean).join(' · '))),
    h('td', {}, stageChip(one.stage, one.grade)),
    progressCell(one),
    h('td', {}, h('span.sub', {}, formatTime(one.started || one.created)), h('span.sub', { title: one.by || null }, one.by?.split('@')[0] || origin || '')));
}

function emptyState() {
  return h('div.empty', {}, icon('upload'), h('h2', {}, t('list.empty')), h('p', {}, t('list.empty.text')),
    h('a.button.primary', { href: link('new') }, icon('plus'), t('nav.new')));
}

export async function listView() {
  let { imports: all, more } = await get('imports'), filter = 'all', words = '', timer = 0, ended = false;
  const rows = new Map(); /* id -> {said, node} */
  const body = h('tbody', {}), place = h('div', {}), fault = h('div', {}), cut = h('p.hint', {});
  const table = h('div.table-box', {}, h('table.table.imports', {}, h('caption.hidden-text', {}, t('list.title')),
    h('thead', {}, h('tr', {}, ['list.who', 'list.state', 'list.how-far', 'list.begun'].map(key => h('th', { scope: 'col' }, t(key))))), body));

  const tabs = h('div.tabs', { role: 'group', 'aria-label': t('list.filter') });
  const search = h('input.input', { type: 'search', 'aria-label': t('list.search'), placeholder: t('list.search'), oninput: debounce(150, () => {
    words = search.value.trim().toLowerCase();
    draw();
  }) });

  const filterBar = h('div.filters', {}, tabs, h('div.search', {}, icon('search'), search));

  function drawTabs() {
    for (const name of Object.keys(filters)) {
      const text = `${t(`list.filter.${name}`)} ${formatNumber(all.filter(filters[name]).length)}`;
      const known = tabs.querySelector(`[data-name=${name}]`);
      if (known)
        known.textContent = text;
      else
        tabs.append(h('button', { type: 'button', 'data-name': name, onclick: () => {
          filter = name;
          draw();
        } }, text));
    }
    for (const button of tabs.children)
      button.setAttribute('aria-pressed', String(button.dataset.name === filter));
  }

  /* A row is made anew only when something of it changed, so that focus and selection stay. */
  function rowOf(one) {
    const said = JSON.stringify(one), known = rows.get(one.kind + one.id);
    if (known?.said === said)
      return known.node;
    const node = row(one), hadFocus = known?.node.contains(document.activeElement);
    rows.set(one.kind + one.id, { said, node });
    if (hadFocus)
      setTimeout(() => node.querySelector('a').focus(), 0);
    return node;
  }

  function draw() {
    drawTabs();
    const shown = all.filter(filters[filter]).filter(one => words === '' ||
      [one.user, one.file, one.id, one.by].some(text => text?.toLowerCase().includes(words)));
    const wanted = shown.map(rowOf);
    if (wanted.length !== body.children.length || wanted.some((node, i) => body.children[i] !== node))
      body.replaceChildren(...wanted);
    filterBar.hidden = all.length === 0;
    setText(cut, more ? t('list.more', { n: all.length }) : '');
    if (all.length === 0)
      replace(place, emptyState());
    else if (shown.length === 0)
      replace(place, h('p.hint', {}, t('list.none')));
    else if (place.firstChild !== table)
      replace(place, table);
  }

  async function refresh() {
    if (!document.hidden && readerIsThere()) {
      try {
        ({ imports: all, more } = await get('imports'));
        fault.replaceChildren();
        if (!ended)
          draw();
      } catch (error) {
        fault.replaceChildren(errorNotice(error));
      }
    }
    if (!ended)
      timer = setTimeout(refresh, all.some(one => active.includes(one.stage)) ? FAST_MS : SLOW_MS);
  }

  draw();
  timer = setTimeout(refresh, FAST_MS);
  return {
    title: t('list.title'),
    node: h('div.stack', {},
      h('div.page-head', {}, h('div', {}, h('h1', {}, t('list.title')), h('p.lead', {}, t('list.lead'))),
        h('div.actions', {}, h('a.button', { href: link('new-batch') }, icon('batch'), t('nav.batch')),
          h('a.button.primary', { href: link('new') }, icon('plus'), t('nav.new')))),
      fault,
      h('section.card', { 'aria-label': t('list.title') }, filterBar, place, cut)),
    dispose() {
      ended = true;
      clearTimeout(timer);
    },
  };
}
