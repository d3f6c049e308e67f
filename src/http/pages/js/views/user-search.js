/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Finding a user of the directory: a combobox as the ARIA Authoring Practices describe it. Focus stays in
 * the field; arrows, Home, End, Enter and Escape work on the list. */
import { get } from '../api.js';
import { announce, debounce, h, newId } from '../dom.js';
import { formatBytes, t } from '../i18n.js';
import { icon } from '../icons.js';
import { errorNotice, initials, told } from '../parts.js';

const WAIT_MS = 180; /* after the last key */

export function userSearch(chosen) {
  const listId = newId('users'), inputId = newId('search');
  let users = [], active = -1, asked = null;
  const list = h('ul.options-list', { role: 'listbox', id: listId, 'aria-label': t('user.list'), hidden: true });
  const more = h('p.hint', { 'aria-live': 'polite' }, t('user.hint'));
  const input = h('input.input', {
    id: inputId, type: 'text', role: 'combobox', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false',
    'aria-expanded': 'false', 'aria-controls': listId, 'aria-autocomplete': 'list', placeholder: t('user.placeholder'),
  });

  function setActive(i) {
    active = i;
    [...list.children].forEach((item, k) => {
      item.classList.toggle('active', k === i);
      item.setAttribute('aria-selected', String(k === i));
    });
    const item = list.children[i];
    if (item) {
      input.setAttribute('aria-activedescendant', item.id);
      item.scrollIntoView({ block: 'nearest' });
    } else {
      input.removeAttribute('aria-activedescendant');
    }
  }

  function choose(i) {
    const user = users[i];
    if (user?.may)
      chosen(user);
    else if (user)
      announce(user.why);
  }

  const item = (user, i) => h('li', {
    role: 'option', id: `${listId}-${i}`, 'aria-selected': 'false', 'aria-disabled': user.may ? null : 'true',
    onmousemove: () => active !== i && setActive(i), onclick: () => choose(i),
  },
  h('span.avatar', { 'aria-hidden': 'true' }, initials(user.name || user.login)),
  h('div', {}, h('b', {}, user.name || user.login), h('span.sub', {}, user.email && user.email !== user.user ? `${user.user} · ${user.email}` : user.user),
    !user.may && h('span.why', {}, told(user.why), user.do && ' – ', told(user.do))),
  h('span.hint', {}, user.quota_kib > 0 ? t('user.quota', { size: formatBytes(user.quota_kib * 1024) }) : ''));

  function show(found) {
    users = found.users;
    list.classList.remove('stale');
    list.replaceChildren(...users.map(item));
    list.hidden = users.length === 0;
    input.setAttribute('aria-expanded', String(users.length > 0));
    more.textContent = users.length === 0 ? t('user.none') : found.more ? t('user.more', { n: users.length }) : t('user.found', { n: users.length });
    setActive(users.findIndex(user => user.may));
  }

  /* Whoever types on and presses Enter must not get somebody of the list before. */
  function forget() {
    asked?.abort();
    users = [];
    setActive(-1);
    list.classList.add('stale');
  }

  const ask = debounce(WAIT_MS, async () => {
    const text = input.value.trim();
    if (text === '') {
      list.hidden = true;
      input.setAttribute('aria-expanded', 'false');
      more.textContent = t('user.hint');
      return;
    }
    asked = new AbortController();
    try {
      show(await get(`users?q=${encodeURIComponent(text)}`, asked.signal));
    } catch (error) {
      if (error.name === 'AbortError')
        return;
      list.hidden = true;
      more.replaceChildren(errorNotice(error));
    }
  });

  const keys = {
    ArrowDown: () => setActive(Math.min(active + 1, users.length - 1)),
    ArrowUp: () => setActive(Math.max(active - 1, 0)),
    Enter: () => choose(active),
    Escape: () => {
      input.value = '';
      forget();
      ask();
    },
  };
  input.addEventListener('input', () => {
    forget();
    ask();
  });
  input.addEventListener('keydown', event => {
    if (!(event.key in keys))
      return;
    event.preventDefault();
    if (users.length === 0 && event.key !== 'Escape')
      return;
    keys[event.key]();
  });
  setTimeout(() => input.isConnected && input.focus(), 0);
  return {
    node: h('div.card.stack-s', {}, h('label.label', { for: inputId }, t('user.label')),
      h('div.combo', {}, h('div.search', {}, icon('search'), input), list), more),
    dispose: () => asked?.abort(),
  };
}
