/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is inside: the folders at once, then sizes, years and classes as the reader walks through. */
import { remove } from '../api.js';
import { h, replace, setText } from '../dom.js';
import { formatBytes, formatNumber, formatPercent, has, t } from '../i18n.js';
import { icon } from '../icons.js';
import { actionButton, bar, causeRemedy, causeTitle, confirmDialog, notice, tile, told } from '../parts.js';
import { rankList, yearsChart } from '../charts.js';
import { folderTree } from '../tree.js';
import { go } from '../router.js';

const CLASSES_SHOWN = 8;

export function ownerNotice(owner) {
  if (!owner)
    return null;
  if (owner?.verdict === 'match')
    return notice('ok', t('owner.match'), h('span.detail', {}, told(owner.text)));
  if (owner?.verdict === 'mismatch')
    return notice('stop', t('owner.mismatch'), h('span.detail', {}, told(owner.text)), t('owner.mismatch.do'));
  return notice('warning', t('owner.unknown'), owner?.text && h('span.detail', {}, told(owner.text)), t('owner.unknown.do'));
}

function sizeRows(sizes) {
  return ['up-to-10K', 'up-to-100K', 'up-to-1M', 'up-to-10M', 'up-to-100M', 'larger'].map(name => [t(`size.${name}`), sizes?.[name] ?? 0]);
}

function topRows(counts) {
  const rows = Object.entries(counts ?? {}).sort((a, b) => b[1] - a[1]);
  const rest = rows.slice(CLASSES_SHOWN).reduce((sum, [, n]) => sum + n, 0);
  return [...rows.slice(0, CLASSES_SHOWN), ...(rest > 0 ? [[t('contents.rest'), rest]] : [])];
}

function leftOut(skipped) {
  const rows = Object.entries(skipped ?? {}).filter(([, n]) => n > 0);
  if (rows.length === 0)
    return null;
  return [h('h2', {}, t('contents.left-out')), h('p.hint', {}, t('contents.left-out.text')),
    h('ul.stack-s', {}, rows.map(([rule, n]) => h('li', {}, h('b', {}, formatNumber(n)), ' ', has(`rule.${rule}`) ? t(`rule.${rule}`) : rule)))];
}

function warningsOf(state) {
  const causes = Object.entries(state.walk?.causes ?? {}).filter(([, n]) => n > 0);
  return [
    ...(state.census?.warnings ?? []).slice(0, 5).map(text => notice('warning', t('contents.damage'), h('span.detail', {}, told(text)))),
    ...causes.map(([cause, n]) => notice('warning', t('contents.unreadable', { n }), cause === 'unreadable' ? causeRemedy(cause) : causeTitle(cause) ?? cause)),
  ];
}

export function contentsPanel({ path, goTo }) {
  const tiles = { items: tile(t('contents.items'), '–'), mails: tile(t('contents.mails'), '–'), size: tile(t('contents.size'), '–'), span: tile(t('contents.years'), '–') };
  const walk = bar(t('contents.walk'), { thin: true }), walkText = h('p.hint', { role: 'status' });
  const walkBox = h('div.stack-s', {}, walkText, walk.node);
  const owner = h('div', { 'aria-live': 'polite' }), warnings = h('div.stack-s', {}), rest = h('div.stack-s', {}), fault = h('div', {});
  const tree = folderTree(), years = yearsChart();
  const sizes = rankList(t('chart.sizes')), classes = rankList(t('chart.classes'));
  const next = h('button.button.primary', { type: 'button', onclick: () => goTo('options') }, t('contents.next'), icon('next'));
  const drop = actionButton('.quiet.danger', 'trash', t('import.discard'), fault, async () => {
    if (!await confirmDialog(t('import.discard.title'), t('import.discard.text'), t('import.discard'), { danger: true }))
      return;
    await remove(path);
    go();
  });
  const restCard = h('section.card', { 'aria-label': t('contents.left-out'), hidden: true }, rest);
  const dock = h('div.actions.dock', {}, next, drop);
  let census = null;
  const said = {};

  /* Calls draw only when what it depends on is another than before. */
  function when(name, value, draw) {
    const text = JSON.stringify(value ?? null);
    if (said[name] === text)
      return;
    said[name] = text;
    draw();
  }

  function update(state) {
    const { walk: found } = state;
    if (state.census && census === null) {
      census = state.census;
      tree.setFolders(census.folders);
    }
    const total = found?.total ?? census?.items ?? 0, over = state.stage !== 'inspecting';
    walkBox.hidden = over;
    walk.update(total > 0 ? (found?.done ?? 0) / total : 0);
    setText(walkText, census === null ? t('contents.opening') : t('contents.walking', { done: found?.done ?? 0, total, percent: formatPercent((found?.done ?? 0) / Math.max(1, total)) }));
    const known = Object.keys(found?.years ?? {}).map(Number).filter(year => year > 1970).sort((a, b) => a - b);
    const skipped = Object.values(found?.skipped ?? census?.skipped ?? {}).reduce((sum, n) => sum + n, 0);
    setText(tiles.items.dd, census ? formatNumber(census.items) : '–');
    setText(tiles.mails.dd, census ? formatNumber(census.items - skipped) : '–');
    setText(tiles.size.dd, formatBytes(found?.bytes || census?.size || state.file?.size));
    setText(tiles.span.dd, known.length === 0 ? '–' : known[0] === known.at(-1) ? String(known[0]) : `${known[0]}–${known.at(-1)}`);
    when('years', found?.years, () => years.update(found?.years));
    when('sizes', found?.sizes, () => sizes.update(sizeRows(found?.sizes)));
    when('classes', found?.classes, () => classes.update(topRows(found?.classes)));
    when('owner', state.owner, () => replace(owner, ownerNotice(state.owner)));
    when('warnings', [census?.warnings, found?.causes], () => replace(warnings, warningsOf(state)));
    when('rest', found?.skipped ?? census?.skipped, () => {
      replace(rest, leftOut(found?.skipped ?? census?.skipped));
      restCard.hidden = rest.children.length === 0;
    });
    next.disabled = census === null;
    drop.hidden = !['inspecting', 'ready', 'checked'].includes(state.stage);
    next.hidden = drop.hidden && state.stage !== 'checking';
    dock.hidden = next.hidden;
  }

  return {
    node: h('div.stack', {}, walkBox, owner, warnings, h('dl.tiles', {}, Object.values(tiles).map(one => one.node)),
      h('div.columns', {},
        h('div.stack', {},
          h('section.card', { 'aria-labelledby': 'folders' }, h('h2', { id: 'folders' }, t('contents.folders')), tree.node),
          restCard),
        h('div.stack', {},
          h('section.card', { 'aria-labelledby': 'years' }, h('h2', { id: 'years' }, t('chart.years')), years.node),
          h('section.card', { 'aria-labelledby': 'sizes' }, h('h2', { id: 'sizes' }, t('chart.sizes')), sizes.node),
          h('section.card.stack-s', { 'aria-labelledby': 'classes' }, h('h2', { id: 'classes' }, t('chart.classes')), classes.node))),
      fault, dock),
    update,
  };
}
