/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A new import: whose mailbox, then which file. With both the daemon makes the import, and its own
 * page (import.js) goes on. */
import { get, post } from '../api.js';
import { h } from '../dom.js';
import { t } from '../i18n.js';
import { allSteps, initials, notice, steps } from '../parts.js';
import { go, link } from '../router.js';
import { isBusy, uploadUser } from '../uploads.js';
import { fileChoice } from './file-choice.js';
import { userSearch } from './user-search.js';

function personCard(user) {
  return h('div.card.person', {}, h('span.avatar', { 'aria-hidden': 'true' }, initials(user.name || user.login)),
    h('div', {}, h('b', {}, user.name || user.login), h('span.sub', {}, [user.user, user.domain !== user.user.split('@')[1] ? user.domain : null].filter(Boolean).join(' · '))),
    h('a.button.small', { href: link('new') }, t('new.other-user')));
}

function userStep() {
  const search = userSearch(user => go('new', user.user));
  const going = isBusy() ? notice('', t('new.upload-goes-on', { user: uploadUser() }), h('a', { href: link('new', uploadUser()) }, t('new.upload-show'))) : null;
  return {
    title: t('new.title'),
    node: h('div', {},
      steps(allSteps, 0),
      h('div.stack', {}, h('div', {}, h('h1', {}, t('new.user.title')), h('p.lead', {}, t('new.user.lead'))), going, search.node)),
    dispose: search.dispose,
  };
}

export async function newView(name) {
  if (name === undefined)
    return userStep();
  const [found, config, known, offered] = await Promise.all([
    get(`users?q=${encodeURIComponent(name)}`), get('config'), get('uploads'), get('files').catch(() => ({ files: [], cut: false })),
  ]);
  const user = found.users.find(one => one.user === name);
  if (!user?.may)
    return userStep();
  const begin = async what => {
    const { id } = await post('imports', { user: user.user, ...what });
    go('imports', id);
  };
  const choice = fileChoice({ user: user.user, config, uploads: known.uploads, offered, begin });
  return {
    title: t('new.file.title'),
    node: h('div', {},
      steps(allSteps, 1, [link('new')]),
      h('div.stack', {}, h('div', {}, h('h1', {}, t('new.file.title')), h('p.lead', {}, t('new.file.lead'))),
        personCard(user), choice.node)),
    dispose: choice.dispose,
  };
}
