/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One import, from what is inside to the report. Keeps the state that the daemon tells by events and
 * shows the step that fits; each step is a panel of its own: {node, update (state), dispose?}. */
import { get, listen } from '../api.js';
import { announce, h, replace } from '../dom.js';
import { formatBytes, t } from '../i18n.js';
import { icon } from '../icons.js';
import { allSteps, notice, stageChip, steps } from '../parts.js';
import { becomes, focusHeading, link, setTitle } from '../router.js';
import { checksPanel } from './import-checks.js';
import { contentsPanel } from './import-contents.js';
import { optionsPanel } from './import-options.js';
import { reportPanel } from './import-report.js';
import { runPanel } from './import-run.js';

const panels = { contents: contentsPanel, options: optionsPanel, checks: checksPanel, run: runPanel, report: reportPanel };
const stepOf = {
  inspecting: 'contents', ready: 'contents', checking: 'checks', checked: 'checks', waiting: 'run', running: 'run',
  paused: 'run', ended: 'report', refused: 'report', cancelled: 'report',
};

/* A job of the command line knows its course only. */
function stepsOf(state) {
  const begun = ['run', 'report'].includes(stepOf[state.stage]), over = stepOf[state.stage] === 'report';
  const open = new Set(state.census ? ['contents'] : []);
  if (state.census && !begun)
    open.add('options');
  if (state.checks || stepOf[state.stage] === 'checks')
    open.add('checks');
  if (begun)
    open.add(over ? 'report' : 'run');
  return open;
}

function merge(state, name, data) {
  if (name === 'state')
    return data;
  const next = { ...state };
  if (name === 'walk') {
    next.walk = { ...state.walk, ...(data.walk ?? data) };
    next.owner = data.owner ?? data.walk?.owner ?? state.owner;
    next.census = data.census ?? state.census;
  } else if (name === 'checks') {
    next.checks = data.checks ?? data;
  } else if (name === 'progress') {
    next.progress = data.progress ?? data;
  }
  if (data.stage)
    next.stage = data.stage;
  return next;
}

export async function importView(id, wantedStep) {
  const path = `imports/${encodeURIComponent(id)}`;
  let state = await get(path), at = null, panel = null, stop = null, running = null, queued = null, known = '';
  const nav = h('div', {}), place = h('div', {}), head = h('p.crumb', {}), line = h('div', {}), title = h('h1', {});

  /* Which steps can be gone to, and which is shown. */
  function drawSteps() {
    const open = stepsOf(state), now = JSON.stringify([[...open], at]);
    if (now === known)
      return;
    known = now;
    const links = allSteps.map(name => open.has(name) && name !== at ? link('imports', id, name) : null);
    const left = [...(state.census ? [] : ['contents', 'options']), ...(state.checks ? [] : ['checks']), ...(state.started ? [] : ['run'])];
    replace(nav, steps(allSteps, allSteps.indexOf(at), links, left));
  }

  function drawHead() {
    const file = state.file ?? {};
    const said = JSON.stringify([state.user?.user ?? state.user, file.name, file.size, state.stage, state.result?.grade]);
    if (head.dataset.said === said)
      return;
    head.dataset.said = said;
    replace(head, h('span', {}, icon('user'), state.user?.user ?? state.user ?? ''),
      h('span', {}, icon('file'), [file.name, file.size > 0 ? formatBytes(file.size) : null].filter(Boolean).join(' · ')), stageChip(state.stage, state.result?.grade));
  }

  function openStep(name, { focus = true } = {}) {
    at = name;
    panel?.dispose?.();
    panel = panels[name]({ id, path, state, goTo: (step, options) => {
      becomes('imports', id, step);
      openStep(step, options);
    }, refresh });
    title.textContent = t(`import.${name}.title`);
    setTitle(`${title.textContent} – ${state.user?.user ?? id}`);
    replace(place, panel.node);
    panel.update(state);
    drawSteps();
    drawHead();
    if (focus) {
      announce(title.textContent);
      focusHeading();
    }
  }

  function update(next) {
    const before = stepOf[state.stage], now = stepOf[next.stage] ?? 'run';
    const rises = allSteps.indexOf(now) > allSteps.indexOf(before) || (before === 'report' && now === 'run');
    const follow = rises && (at === before || at === 'checks');
    state = next;
    if (follow && now !== at) {
      becomes('imports', id, now);
      openStep(now);
      return;
    }
    panel.update(state);
    drawSteps();
    drawHead();
  }

  async function load() {
    try {
      update(await get(path));
    } catch { /* the stream tells when the line is back */ }
  }

  /* Events tell of the course; what hangs on a change of stage (report, result) is fetched. Resolves
   * when the state is not older than this call. */
  function refresh() {
    if (running !== null) {
      queued ??= running.then(() => {
        queued = null;
        return refresh();
      });
      return queued;
    }
    running = load().finally(() => { running = null; });
    return running;
  }

  const open = stepsOf(state), natural = stepOf[state.stage] ?? 'run';
  openStep(open.has(wantedStep) ? wantedStep : natural, { focus: false });
  stop = listen(`${path}/events`, (name, data) => {
    update(merge(state, name, data));
    if (name === 'stage' || name === 'end')
      refresh();
  }, connected => replace(line, connected ? null : notice('warning', t('live.lost'))));

  return {
    title: `${title.textContent} – ${state.user?.user ?? id}`,
    node: h('div', {}, nav, h('div.stack', {}, h('div', {}, title, head), line, place)),
    dispose() {
      stop();
      panel?.dispose?.();
    },
  };
}
