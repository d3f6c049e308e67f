/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The import while it runs: what was sent, what BlueMind has proven, and the levers. */
import { post } from '../api.js';
import { announce, h, replace, setText } from '../dom.js';
import { formatBytes, formatDuration, formatNumber, formatPercent, has, t } from '../i18n.js';
import { icon } from '../icons.js';
import { actionButton, bar, bytesOf, confirmDialog, notice, tile, told } from '../parts.js';
import { courseChart } from '../charts.js';

const phases = ['counting', 'looking', 'appending', 'verifying'];
const ANNOUNCE_EVERY = 0.25; /* of the whole: a reader who cannot see is not told each step */

function phaseList(phase, over) {
  const at = over ? phases.length : phases.indexOf(phase);
  return phases.map((name, i) => h(`li${i < at ? '.done' : ''}`, { 'aria-current': i === at ? 'step' : null },
    icon(i < at ? 'check' : i === at ? 'spinner' : 'clock'), t(`phase.${name}`)));
}

export function runPanel({ path, state: first }) {
  const whole = bar(t('run.progress'), { two: true }), percent = h('span.percent', {}), bytes = h('span.hint', {}), eta = h('span.hint', {});
  const list = h('ol.phases', { 'aria-label': t('run.phases') }), course = courseChart(), fault = h('div', {}), troubleBox = h('div', { 'aria-live': 'polite' }), actions = h('div.actions', {});
  const tiles = { sent: tile(t('run.sent'), '–'), verified: tile(t('run.verified'), '–'), left: tile(t('run.left'), '–'), rate: tile(t('run.rate'), '–'), lag: tile(t('run.lag'), '–') };
  const order = (what, kind, iconName) => actionButton(kind, iconName, t(`run.${what}`), fault, () => post(`${path}/${what}`));
  const buttons = {
    pause: order('pause', '', 'pause'),
    resume: order('resume', '.primary', 'play'),
    cancel: actionButton('.quiet.danger', 'close', t('run.cancel'), fault, async () => {
      if (await confirmDialog(t('run.cancel.title'), t('run.cancel.text'), t('run.cancel.yes'), { danger: true }))
        await post(`${path}/cancel`);
    }),
  };
  let shown = '', saidPhase = '', saidTrouble = '', told25 = 0;

  function showStage(stage) {
    if (shown === stage)
      return;
    const before = shown;
    shown = stage;
    replace(actions, first.kind === 'job' ? null : stage === 'paused' ? [buttons.resume, buttons.cancel] : stage === 'running' || stage === 'waiting' ? [buttons.pause, buttons.cancel] : null);
    if (before !== '' && has(`stage.${stage}`))
      announce(t(`stage.${stage}`));
  }

  function update(state) {
    const p = state.progress ?? {}, over = p.phase === 'done';
    const total = Math.max(1, p.total || 0), sent = p.appended ?? 0, verified = p.verified ?? 0;
    const sending = state.stage === 'running' && p.phase === 'appending';
    const trouble = state.stage === 'paused' ? '' : p.trouble ?? '';
    const part = p.total_bytes > 0 && p.phase !== 'verifying' ? p.bytes / p.total_bytes : verified / total;
    showStage(state.stage);
    whole.update(Math.max(sent / total, part), verified / total);
    setText(percent, formatPercent(verified / total));
    setText(bytes, p.bytes > 0 && p.total_bytes > 0 ? bytesOf(p.bytes, p.total_bytes) : '');
    setText(eta, state.stage === 'paused' ? t('run.is-paused') : state.stage === 'waiting' ? t('run.is-waiting') : p.eta_seconds > 0 ? t('run.eta', { left: formatDuration(p.eta_seconds) }) : '');
    setText(tiles.sent.dd, formatNumber(sent));
    setText(tiles.verified.dd, formatNumber(verified));
    setText(tiles.left.dd, formatNumber(Math.max(0, (p.total || 0) - verified)));
    setText(tiles.rate.dd, p.rate > 0 && sending ? t('run.per-second', { size: formatBytes(p.rate) }) : '–');
    setText(tiles.lag.dd, p.lag_seconds !== undefined && state.stage === 'running' ? formatDuration(p.lag_seconds) : '–');
    if (p.total > 0)
      course.add(sent, verified, p.total);
    const phaseNow = `${p.phase}${over}`;
    if (phaseNow !== saidPhase) {
      saidPhase = phaseNow;
      replace(list, phaseList(p.phase, over));
    }
    if (trouble !== saidTrouble) {
      saidTrouble = trouble;
      replace(troubleBox, saidTrouble ? notice('warning', t('run.trouble'), h('span.detail', {}, told(saidTrouble)), t('run.trouble.text')) : null);
    }
    if (verified / total >= told25 + ANNOUNCE_EVERY) {
      told25 = Math.floor(verified / total / ANNOUNCE_EVERY) * ANNOUNCE_EVERY;
      announce(t('run.announce', { percent: formatPercent(verified / total) }));
    }
  }

  return {
    node: h('div.stack', {}, troubleBox,
      h('section.card.run.stack-s', { 'aria-label': t('run.progress') },
        h('div.run-head', {}, h('div', {}, percent, ' ', h('span.hint', {}, t('run.proven'))), h('div', {}, eta)),
        whole.node,
        h('div.upload-head', {}, h('ul.legend', {}, h('li', {}, h('span.key.first', {}), t('run.sent')), h('li', {}, h('span.key.second', {}), t('run.verified'))), bytes),
        list),
      h('dl.tiles', {}, Object.values(tiles).map(one => one.node)),
      fault,
      actions,
      notice('', t('run.close'), t('run.close.text')),
      h('section.card', { 'aria-labelledby': 'course' }, h('h2', { id: 'course' }, t('chart.course')), course.node)),
    update,
  };
}
