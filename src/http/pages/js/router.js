/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Addresses behind '#', so that the pages work below any base path. A view is an async function of the
 * parts of the address: {title, node, update?, dispose?}. On a new page the reader's focus goes to its
 * heading, as after loading a page. */
import { announce, h } from './dom.js';
import { t } from './i18n.js';

let routes = [], container = null, current = null, serial = 0, fail = null;

export const link = (...parts) => `#/${parts.map(encodeURIComponent).join('/')}`;

export function go(...parts) {
  const hash = link(...parts);
  if (location.hash === hash)
    show();
  else
    location.hash = hash;
}

/* Replaces the address without a new page, so that "back" does not lead here again. */
export function becomes(...parts) {
  history.replaceState(null, '', link(...parts));
}

/* What somebody typed need not be an encoding of anything. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function match() {
  const parts = location.hash.replace(/^#\/?/, '').split('/').filter(part => part !== '').map(decoded);
  for (const [pattern, view] of routes) {
    const values = [];
    const fits = pattern.length >= parts.length && pattern.every((name, i) => {
      if (name.endsWith('?') && parts[i] === undefined)
        return true;
      if (name.startsWith(':'))
        values.push(parts[i]);
      return parts[i] !== undefined && (name.startsWith(':') || name === parts[i]);
    });
    if (fits)
      return { view, values, first: parts[0] ?? '' };
  }
  return { view: routes[0][1], values: [], first: '' };
}

export function dispose() {
  current?.dispose?.();
  current = null;
}

export function setTitle(title) {
  document.title = `${title} – ${t('app.name')}`;
}

/* To the heading, without scrolling below the bar at the top. */
export function focusHeading(within = container) {
  const heading = within.querySelector('h1, h2');
  if (heading === null)
    return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

export async function show({ keepFocus = false } = {}) {
  const mine = ++serial;
  const { view, values, first } = match();
  let next;
  try {
    next = await view(...values);
  } catch (error) {
    next = fail(error);
  }
  if (mine !== serial) {
    next.dispose?.();
    return;
  }
  dispose();
  current = next;
  container.replaceChildren(next.node);
  setTitle(next.title);
  for (const one of document.querySelectorAll('.head nav a'))
    if (one.dataset.first.split(' ').includes(first))
      one.setAttribute('aria-current', 'page');
    else
      one.removeAttribute('aria-current');
  if (keepFocus)
    return;
  scrollTo(0, 0);
  announce(next.title);
  if (!container.contains(document.activeElement))
    focusHeading();
}

/* options: as those of show */
export function start(main, table, onFailure, options) {
  container = main;
  routes = table;
  fail = onFailure;
  addEventListener('hashchange', onHash);
  return show(options);
}

const onHash = () => show();

export function stop() {
  removeEventListener('hashchange', onHash);
  serial++;
  dispose();
}

export const loading = () => h('p.hint', {}, t('app.loading'));
