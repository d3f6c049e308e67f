/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Everything that could stand in the way, green, amber or red, with the remedy; then the start. */
import { post } from '../api.js';
import { h, replace } from '../dom.js';
import { has, t } from '../i18n.js';
import { icon } from '../icons.js';
import { actionButton, causeRemedy, causeTitle, levelChip, notice, told } from '../parts.js';

const order = { stop: 0, warning: 1, ok: 2 };

/* Whose right is used: the title says all of it. */
const plain = ['own-right', 'service-right'];

/* What was looked at and what to do stand in the catalogue; what exactly was found is the daemon's word. */
function finding(one) {
  const named = key => has(key) ? t(key) : null, confirmed = one.level === 'warning' && one.cause === 'owner-mismatch';
  const title = causeTitle(one.cause) ?? named(`topic.${one.topic}`);
  const ours = confirmed ? t('checks.confirmed') : one.level === 'ok' ? null : causeRemedy(one.cause) ?? named(`todo.${one.topic}`);
  const remedy = ours ?? told(one.do);
  return h('li.finding', {}, h('div', {}, levelChip(one.level)),
    h('div', {}, title && h('div', {}, h('b', {}, title)), !plain.includes(one.topic) && h(title ? 'div.detail' : 'div', {}, told(one.text)),
      remedy && h('div.remedy', {}, !confirmed && [h('b', {}, t('checks.do')), ' '], remedy)));
}

export function checksPanel({ path, state: first, goTo }) {
  const box = h('div', { 'aria-live': 'polite' }), fault = h('div', {}), actions = h('div.actions.dock', {});
  let state = first, said = '';

  const begin = actionButton('.primary', 'play', t('checks.start'), fault, async () => {
    await post(`${path}/start`, { into: state.into, options: state.options });
    goTo('run');
  });
  const again = actionButton('', 'retry', t('checks.again'), fault, () => post(`${path}/check`, { into: state.into, options: state.options }));
  const change = h('button.button', { type: 'button', onclick: () => goTo('options') }, icon('back'), t('checks.change'));

  function draw() {
    const { checks, stage } = state, busy = stage === 'checking' || !checks;
    const begun = !['inspecting', 'ready', 'checking', 'checked'].includes(stage);
    if (busy) {
      replace(box, h('section.card', {}, h('p', {}, icon('spinner'), ' ', t('checks.busy'))));
      replace(actions, begun ? null : change);
      return;
    }
    const level = checks.level;
    replace(box, h('div.stack', {}, notice(level, t(`checks.${level}`), t(`checks.${level}.text`)),
      h('section.card', { 'aria-label': t('checks.list') }, h('ul.findings', {}, [...checks.list].sort((a, b) => order[a.level] - order[b.level]).map(finding)))));
    begin.hidden = level === 'stop';
    replace(actions, begun ? null : [begin, again, change]);
  }

  return {
    node: h('div.stack', {}, box, fault, actions),
    update(next) {
      state = next;
      const now = JSON.stringify([next.stage, next.checks, next.into]);
      if (now === said)
        return;
      said = now;
      draw();
    },
  };
}
