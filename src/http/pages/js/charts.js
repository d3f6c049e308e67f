/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Charts as inline SVG, drawn at the width they get, each with a table of the same numbers for who
 * does not see it. */
import { h, svg } from './dom.js';
import { formatNumber, t } from './i18n.js';

const HEIGHT = 150;

/* draw (width) -> children of the svg; drawn again when the width or the numbers change. */
function drawing(label, height, draw) {
  const node = svg('svg', { class: 'chart', role: 'img', 'aria-label': label, height });
  let width = 0;
  const redraw = () => {
    if (width > 0)
      node.replaceChildren(...draw(width));
  };
  const observer = new ResizeObserver(entries => {
    const now = Math.floor(entries[0].contentRect.width);
    if (now !== width) {
      width = now;
      node.setAttribute('viewBox', `0 0 ${width} ${height}`);
      redraw();
    }
  });
  observer.observe(node);
  return { node, redraw };
}

function numbersTable(caption, rows) {
  return h('table.hidden-text', {}, h('caption', {}, caption),
    h('tbody', {}, rows.map(([name, n]) => h('tr', {}, h('th', { scope: 'row' }, name), h('td', {}, formatNumber(n))))));
}

/* Every year between the first and the last has its place, so that gaps are seen. */
function withGaps(years) {
  const known = Object.keys(years).map(Number).filter(year => year > 1900).sort((a, b) => a - b);
  const rows = [];
  if (known.length === 0)
    return rows;
  const first = Math.max(known[0], known.at(-1) - 59);
  for (let year = first; year <= known.at(-1); year++)
    rows.push([String(year), years[year] ?? 0]);
  return rows;
}

/* Under its bar, but never cut off at the border. */
function axisText(x, width, text) {
  const anchor = x < 18 ? 'start' : x > width - 18 ? 'end' : 'middle';
  return svg('text', { x: anchor === 'start' ? 0 : anchor === 'end' ? width : x, y: HEIGHT - 5, 'text-anchor': anchor }, text);
}

function drawYears(rows, width) {
  const top = 18, bottom = HEIGHT - 20, max = Math.max(1, ...rows.map(([, n]) => n));
  const slot = Math.min(56, width / Math.max(1, rows.length)), gap = slot > 8 ? Math.min(6, slot * 0.25) : 1;
  const every = Math.ceil(38 / slot);
  const peak = rows.findIndex(([, n]) => n === max);
  const out = [svg('line', { x1: 0, y1: bottom + 0.5, x2: width, y2: bottom + 0.5 })];
  rows.forEach(([year, n], i) => {
    const height = n > 0 ? Math.max(2, (bottom - top) * n / max) : 0, x = i * slot;
    out.push(svg('rect', { x: x + gap / 2, y: bottom - height, width: Math.max(1, slot - gap), height, rx: Math.min(2, slot / 4) },
      svg('title', {}, `${year}: ${formatNumber(n)}`)));
    if ((rows.length - 1 - i) % every === 0)
      out.push(axisText(x + slot / 2, width, year));
  });
  if (peak >= 0) {
    const x = peak * slot + slot / 2;
    const anchor = x < 40 ? 'start' : x > width - 40 ? 'end' : 'middle';
    out.push(svg('text', { class: 'strong', x: anchor === 'start' ? peak * slot : anchor === 'end' ? (peak + 1) * slot : x, y: 12, 'text-anchor': anchor }, formatNumber(max)));
  }
  return out;
}

export function yearsChart() {
  let rows = [];
  const chart = drawing(t('chart.years'), HEIGHT, width => drawYears(rows, width));
  const table = h('div', {});
  return {
    node: h('div', {}, chart.node, table),
    update(years) {
      rows = withGaps(years ?? {});
      table.replaceChildren(numbersTable(t('chart.years'), rows));
      chart.redraw();
    },
  };
}

/* rows: [name, n]; bars beside words, the widest is the most. */
export function rankList(label) {
  const list = h('ul.rank', { 'aria-label': label });
  return {
    node: list,
    update(rows) {
      const max = Math.max(1, ...rows.map(([, n]) => n));
      list.replaceChildren(...rows.map(([name, n]) => h('li', {},
        h('span', {}, name),
        svg('svg', { class: 'bar', 'aria-hidden': 'true' }, svg('rect', { class: 'first', width: `${(n / max * 100).toFixed(1)}%`, height: '100%' })),
        h('span.n', {}, formatNumber(n)))));
    },
  };
}

/* Sent against proven over time: points of {at, appended, verified}. */
export function courseChart() {
  const points = [];
  const chart = drawing(t('chart.course'), 120, width => {
    if (points.length < 2)
      return [];
    const last = points.at(-1), span = Math.max(1, last.at - points[0].at), top = Math.max(1, last.total);
    const line = member => points.map(p => `${((p.at - points[0].at) / span * width).toFixed(1)},${(114 - p[member] / top * 108).toFixed(1)}`).join(' ');
    return [
      svg('line', { x1: 0, y1: 114.5, x2: width, y2: 114.5 }),
      svg('polyline', { class: 'sent', points: line('appended') }),
      svg('polyline', { class: 'proven', points: line('verified') }),
    ];
  });
  return {
    node: chart.node,
    add(appended, verified, total) {
      points.push({ at: performance.now(), appended, verified, total });
      if (points.length > 400) /* every other of the older half: the shape stays */
        points.splice(0, 200, ...points.slice(0, 200).filter((_, i) => i % 2 === 0));
      chart.redraw();
    },
  };
}
