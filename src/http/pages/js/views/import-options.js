/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Where the mails go and which of them; the numbers follow. What is chosen here is kept until it has
 * been checked, when the daemon knows it. */
import { post } from '../api.js';
import { debounce, h, replace, setText } from '../dom.js';
import { formatBytes, formatNumber, t } from '../i18n.js';
import { icon } from '../icons.js';
import { actionButton, checkbox, errorNotice, field } from '../parts.js';
import { folderTree } from '../tree.js';
import { ownerNotice } from './import-contents.js';

const COUNT_WAIT_MS = 250;
const drafts = new Map(); /* import id -> {into, options} */
/* Items of these are no mail: they are counted and skipped whatever is chosen. */
const noMail = /^IPM\.(AbchPerson|Activity|Appointment|Configuration|Contact|DistList|Microsoft\.(FolderDesign|ScheduleData)|Network|Note\.(Agenda|Rules)|OLE\.CLASS|StickyNote|Task)(\.|$)/i;

const ownFolder = state => state.into || `Imported/${(state.file?.name ?? '').replace(/\.(pst|ost)$/i, '')}`;

function draftOf(id, state) {
  if (!drafts.has(id))
    drafts.set(id, { into: ownFolder(state), options: structuredClone(state.options ?? {}) });
  return drafts.get(id);
}

function targetChoice(draft, own, changed) {
  const name = h('input.input', { type: 'text', value: draft.into === '/' ? own : draft.into, spellcheck: 'false', maxlength: '250', oninput: () => {
    draft.into = name.value.trim() || own;
    changed();
  } });
  const named = field(t('options.folder'), name, t('options.folder.hint'));
  const choose = value => {
    draft.into = value;
    named.hidden = value === '/';
    if (value !== '/')
      name.value = value;
    changed();
  };
  const radio = (value, title, hint, checked) => h('label', {}, h('input', { type: 'radio', name: 'into', checked, onchange: () => choose(value) }), h('b', {}, title), h('span.hint', {}, hint));
  named.hidden = draft.into === '/';
  return h('fieldset.card.stack-s', {}, h('legend.hidden-text', {}, t('options.into')), h('h2', { 'aria-hidden': 'true' }, t('options.into')),
    h('div.choice', {}, radio(own, t('options.into.own'), t('options.into.own.hint'), draft.into !== '/'), radio('/', t('options.into.merge'), t('options.into.merge.hint'), draft.into === '/')), named);
}

function sizeField(draft, member, label, changed) {
  const said = draft.options[member], given = typeof said === 'number' ? Math.round(said / (1 << 20)) : parseInt(said ?? '', 10);
  const input = h('input.input', { type: 'number', min: '1', step: '1', value: given || '', inputmode: 'numeric', oninput: () => {
    draft.options[member] = input.value ? `${Math.max(1, Math.floor(Number(input.value)))}M` : undefined;
    changed();
  } });
  return field(label, input, null, h('div.with-unit', {}, input, h('span', { 'aria-hidden': 'true' }, t('unit.MiB'))));
}

function dateField(draft, member, label, hint, changed) {
  const input = h('input.input', { type: 'date', value: draft.options[member] ?? '', oninput: () => {
    draft.options[member] = input.value || undefined;
    changed();
  } });
  return field(label, input, hint);
}

function classChoice(draft, state, changed) {
  const rows = Object.entries(state.walk?.classes ?? {}).filter(([name]) => !noMail.test(name)).sort((a, b) => b[1] - a[1]).slice(0, 20);
  if (rows.length < 2)
    return null;
  const out = new Set(draft.options.exclude_class ?? []);
  return h('fieldset.stack-s', {}, h('legend', {}, t('options.classes')), h('p.hint', {}, t('options.classes.hint')),
    rows.map(([name, n]) => {
      const one = checkbox(`${name} (${formatNumber(n)})`, { checked: !out.has(name), onchange: () => {
        if (one.input.checked)
          out.delete(name);
        else
          out.add(name);
        draft.options.exclude_class = [...out];
        changed();
      } });
      return one.node;
    }));
}

function flags(draft, names, changed) {
  return h('div.checks-list', {}, names.map(name => {
    const one = checkbox(t(`options.${name}`), { checked: Boolean(draft.options[name]), hint: t(`options.${name}.hint`), onchange: () => {
      draft.options[name] = one.input.checked || undefined;
      changed();
    } });
    return one.node;
  }));
}

function charsetField(draft, changed) {
  const input = h('input.input', { type: 'text', value: draft.options.default_charset ?? '', placeholder: 'windows-1252', spellcheck: 'false', oninput: () => {
    draft.options.default_charset = input.value.trim() || undefined;
    changed();
  } });
  return field(t('options.charset'), input, t('options.charset.hint'));
}

export function optionsPanel({ id, path, state, goTo, refresh }) {
  const draft = draftOf(id, state), fault = h('div', {});
  const big = h('p.big', {}), bytes = h('p', {}), note = h('p.hint', {});
  const live = h('div', { 'aria-live': 'polite', 'aria-atomic': 'true' }, big, bytes, note);
  let asked = null, ended = false, wasPreliminary = false;

  const count = debounce(COUNT_WAIT_MS, async () => {
    asked?.abort();
    asked = new AbortController();
    try {
      const told = await post(`${path}/count`, { options: draft.options }, asked.signal);
      if (ended)
        return;
      wasPreliminary = told.preliminary;
      setText(big, t('options.mails', { n: told.mails }));
      setText(bytes, told.bytes > 0 ? formatBytes(told.bytes) : '');
      setText(note, told.preliminary ? t('options.preliminary') : t('options.exact'));
      tree.setCounts(told.folders);
      fault.replaceChildren();
    } catch (error) {
      if (error.name !== 'AbortError' && !ended)
        replace(fault, errorNotice(error));
    }
  });
  const tree = folderTree({ selectable: true, left: draft.options.exclude ?? [], onchange: left => {
    draft.options.exclude = left;
    count();
  } });
  tree.setFolders(state.census.folders);

  const check = actionButton('.primary', null, t('options.check'), fault, async () => {
    await post(`${path}/check`, { into: draft.into, options: draft.options });
    await refresh(); /* what was checked is what is started */
    goTo('checks');
  });
  check.append(icon('next'));
  const owner = h('div', {}), classes = h('div', {});
  let knownOwner = '', classesFor = '';

  function update(next) {
    const saidOwner = JSON.stringify(next.owner ?? null);
    if (saidOwner !== knownOwner) {
      knownOwner = saidOwner;
      replace(owner, next.owner?.verdict === 'mismatch' ? h('div.stack-s', {}, ownerNotice(next.owner), flags(draft, ['owner_mismatch_ok'], () => {})) : null);
    }
    const saidClasses = Object.keys(next.walk?.classes ?? {}).join();
    if (saidClasses !== classesFor) {
      classesFor = saidClasses;
      replace(classes, classChoice(draft, next, count));
    }
    if (next.stage !== 'inspecting' && wasPreliminary) {
      wasPreliminary = false;
      count();
    }
  }

  count();
  return {
    node: h('div.with-summary', {},
      h('div.stack', {}, owner, targetChoice(draft, ownFolder({ ...state, into: state.into === '/' ? '' : state.into }), () => {}),
        h('section.card.stack-s', { 'aria-labelledby': 'which' }, h('h2', { id: 'which' }, t('options.which')), h('p.hint', {}, t('options.which.hint')),
          h('div.actions', {}, h('button.button.small', { type: 'button', onclick: () => tree.setAll(true) }, t('options.all')), h('button.button.small', { type: 'button', onclick: () => tree.setAll(false) }, t('options.none'))),
          tree.node),
        h('section.card.stack', { 'aria-labelledby': 'limits' }, h('h2', { id: 'limits' }, t('options.limits')),
          h('div.grid-2', {}, dateField(draft, 'since', t('options.since'), t('options.since.hint'), count), dateField(draft, 'before', t('options.before'), t('options.before.hint'), count),
            sizeField(draft, 'min_size', t('options.min-size'), count), sizeField(draft, 'max_size', t('options.max-size'), count)),
          classes),
        h('details.card', {}, h('summary', {}, t('options.more')), h('div.stack', {}, flags(draft, ['mark_seen', 'empty_folders', 'with_subjects', 'ignore_quota'], count), charsetField(draft, count)))),
      h('aside.summary.card.stack-s', { 'aria-label': t('options.summary') }, h('h2', {}, t('options.summary')), live, fault, check)),
    update,
    dispose() {
      ended = true;
      asked?.abort();
    },
  };
}
