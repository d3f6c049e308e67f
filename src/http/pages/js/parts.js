/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Parts that several views share: notices, chips, bars, steps, dialogs, and the words for what the
 * daemon says in tokens. */
import { h, newId, svg } from './dom.js';
import { formatBytes, formatNumber, has, t } from './i18n.js';
import { icon, levelIcon } from './icons.js';

/* What the daemon said in English, as such for screen readers. */
export const told = text => text ? h('span', { lang: 'en' }, text) : null;

export const causeTitle = cause => has(`cause.${cause}`) ? t(`cause.${cause}`) : null;
export const causeRemedy = cause => has(`remedy.${cause}`) ? t(`remedy.${cause}`) : null;

export function notice(level, title, ...more) {
  return h(`div.notice.${level}`, {},
    levelIcon(level),
    h('div', {}, h('strong', {}, title), ...more.map(one => one && h('div', {}, one))));
}

/* {title, detail, remedy} of an ApiError or of anything else that went wrong. */
export function words(error) {
  if (error.status === 0 && !error.cause)
    return { title: t('error.away'), remedy: t('error.away.do') };
  const title = causeTitle(error.cause);
  return {
    title: title ?? error.message,
    detail: title !== null && error.message !== title ? error.message : null,
    remedy: causeRemedy(error.cause) ?? error.remedy,
    foreignTitle: title === null,
    foreignRemedy: causeRemedy(error.cause) === null,
  };
}

export function errorNotice(error) {
  const said = words(error);
  const box = notice('stop', said.foreignTitle ? told(said.title) : said.title,
    said.detail && h('span.detail', {}, told(said.detail)),
    said.remedy && (said.foreignRemedy ? told(said.remedy) : said.remedy));
  box.setAttribute('role', 'alert');
  return box;
}

const stages = {
  inspecting: ['busy', 'spinner'], ready: ['', 'info'], checking: ['busy', 'spinner'], checked: ['', 'check'],
  waiting: ['', 'clock'], running: ['busy', 'spinner'], paused: ['warning', 'pause'], ended: ['ok', 'check'],
  refused: ['stop', 'stop'], cancelled: ['', 'close'], 'given-up': ['stop', 'stop'],
};

export function chip(level, iconName, text) {
  return h(`span.chip${level ? `.${level}` : ''}`, {}, icon(iconName), text);
}

const gradeLevels = { perfect: 'ok', good: 'ok', investigate: 'warning', poor: 'stop' };
export const gradeLevel = grade => gradeLevels[grade] ?? 'warning';

/* What came of it says more than that it ended. */
export function stageChip(stage, grade) {
  if (stage === 'ended' && grade && has(`grade.${grade}`))
    return chip(gradeLevel(grade), { ok: 'check', warning: 'alert', stop: 'stop' }[gradeLevel(grade)], t(`grade.${grade}`));
  const [level, iconName] = stages[stage] ?? ['', 'info'];
  return chip(level, iconName, has(`stage.${stage}`) ? t(`stage.${stage}`) : stage);
}

export const levelChip = level => chip(level, { ok: 'check', warning: 'alert', stop: 'stop' }[level], t(`level.${level}`));

/* One or two parts (0..1) of a whole; the second lies over the first. update (first, second). */
export function bar(label, { thin = false, two = false } = {}) {
  const one = svg('rect', { class: two ? 'first' : 'second', width: '0%', height: '100%' });
  const other = two ? svg('rect', { class: 'second', width: '0%', height: '100%' }) : null;
  const node = svg('svg', {
    class: `bar${thin ? ' thin' : ''}`, role: 'progressbar', 'aria-label': label,
    'aria-valuemin': '0', 'aria-valuemax': '100', preserveAspectRatio: 'none',
  }, one, other);
  const percent = part => `${(Math.max(0, Math.min(1, part || 0)) * 100).toFixed(2)}%`;
  return {
    node,
    update(first, second = 0) {
      one.setAttribute('width', percent(first));
      other?.setAttribute('width', percent(second));
      node.setAttribute('aria-valuenow', String(Math.round(Math.max(0, Math.min(1, first || 0)) * 100)));
    },
  };
}

/* names: keys of steps; at: index of the current one; links: index -> address of those one may go to;
 * left: names of those that were passed by, and are not done */
export function steps(names, at, links = {}, left = []) {
  const item = (name, i) => {
    const done = i < at && !left.includes(name);
    const inside = [
      h('span.number', { 'aria-hidden': 'true' }, formatNumber(i + 1)),
      h('span.name', {}, t(`step.${name}`)),
      done && h('span.hidden-text', {}, ` (${t('step.done')})`),
    ];
    const current = i === at ? 'step' : null;
    return h(`li${done ? '.done' : ''}`, {},
      links[i] ? h('a', { href: links[i], 'aria-current': current }, inside) : h('span', { 'aria-current': current }, inside));
  };
  return h('nav.steps', { 'aria-label': t('steps.label') },
    h('p.steps-short', { 'aria-hidden': 'true' }, t('steps.short', { at: at + 1, of: names.length, name: t(`step.${names[at]}`) })),
    h('ol', {}, names.map(item)));
}

export const allSteps = ['user', 'file', 'contents', 'options', 'checks', 'run', 'report'];

/* around: what stands in the field's place when the input has company, as a unit beside it */
export function field(label, input, hint, around = input) {
  const id = input.id || (input.id = newId('field'));
  const hintId = hint ? `${id}-hint` : null;
  if (hintId)
    input.setAttribute('aria-describedby', hintId);
  return h('div.field', {}, h('label', { for: id }, label), around, hint && h('p.hint', { id: hintId }, hint));
}

export function checkbox(label, { checked = false, hint = null, onchange = null, name = null } = {}) {
  const id = newId('check');
  const input = h('input', { type: 'checkbox', id, checked, onchange, name, 'aria-describedby': hint ? `${id}-hint` : null });
  return { input, node: h('label.check', { for: id }, input, h('span', {}, label), hint && h('span.hint', { id: `${id}-hint` }, hint)) };
}

/* Resolves to true when the reader agrees. */
export function confirmDialog(title, text, yes, { danger = false } = {}) {
  return new Promise(resolve => {
    const titleId = newId('dialog');
    const dialog = h('dialog.dialog', { 'aria-labelledby': titleId },
      h('form', { method: 'dialog' },
        h('h2', { id: titleId }, title),
        h('p', {}, text),
        h('div.actions.next', {},
          h(`button.button${danger ? '.danger' : '.primary'}`, { value: 'yes' }, yes),
          h('button.button.quiet', { value: 'no', autofocus: true }, t('action.back-out')))));
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export function tile(label, value, sub = null) {
  const dd = h('dd', {}, value, sub && h('small', {}, sub));
  const node = h('div.tile', {}, h('dt', {}, label), dd);
  return { node, dd };
}

/* A button that is busy while its work runs; what goes wrong is shown in the place given. */
export function actionButton(kind, iconName, label, place, work) {
  const button = h(`button.button${kind}`, { type: 'button' }, iconName && icon(iconName), label);
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true')
      return;
    button.setAttribute('aria-disabled', 'true');
    place.replaceChildren();
    try {
      await work();
    } catch (error) {
      place.replaceChildren(errorNotice(error));
    } finally {
      button.removeAttribute('aria-disabled');
    }
  });
  return button;
}

export const bytesOf = (part, whole) => t('bytes.of', { part: formatBytes(part), whole: formatBytes(whole) });

export const initials = name => (name || '?').split(/[\s.]+/).filter(word => /\p{L}/u.test(word)).slice(0, 2)
  .map(word => word.match(/\p{L}/u)[0].toUpperCase()).join('') || '?';
