/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Read this first. Starts the pages: language, session, the frame around the views, the table of
 * addresses. One module per view below views/. */
import { currentSession, loadSession, onSignedOut, signOut } from './api.js';
import { h } from './dom.js';
import { currentLanguage, languages, preferredLanguage, setLanguage, t } from './i18n.js';
import { icon } from './icons.js';
import { confirmDialog, errorNotice } from './parts.js';
import * as router from './router.js';
import { isBusy, leaveUpload, uploadIndicator } from './uploads.js';
import { batchView } from './views/batch.js';
import { newBatchView } from './views/new-batch.js';
import { importView } from './views/import.js';
import { listView } from './views/list.js';
import { newView } from './views/new.js';
import { signInDialog, signInPage } from './views/signin.js';

const app = document.getElementById('app');

const routes = [
  [[], listView],
  [['new', ':user?'], newView],
  [['imports', ':id', ':step?'], importView],
  [['new-batch'], newBatchView],
  [['batches', ':name'], batchView],
];

function languageSelect(again) {
  const select = h('select', { 'aria-label': t('app.language'), onchange: async () => {
    await setLanguage(select.value, true);
    again();
    document.querySelector('.language select').focus();
  } }, Object.entries(languages).map(([code, name]) => h('option', { value: code, lang: code, selected: code === currentLanguage() }, name)));
  return h('label.language', {}, icon('globe'), select);
}

function failed(error) {
  return {
    title: t('error.title'),
    node: h('div.stack', {}, h('h1', {}, t('error.title')), errorNotice(error),
      h('div.actions', {}, h('a.button', { href: router.link() }, icon('back'), t('nav.to-list')))),
  };
}

async function leave() {
  if (isBusy() && !await confirmDialog(t('signout.upload'), t('signout.upload.text'), t('nav.sign-out'), { danger: true }))
    return;
  leaveUpload();
  await signOut().catch(() => { /* the cookie is gone or will expire; the page shows neither */ });
  location.hash = '';
  showSignIn();
}

/* keepFocus: the page was just loaded, and reading begins at its top. */
function showFrame(options) {
  const session = currentSession();
  const main = h('main', { id: 'main', tabindex: '-1' }, router.loading());
  const nav = (first, href, text) => h('li', {}, h('a', { href, 'data-first': first }, text));
  app.className = '';
  app.replaceChildren(
    h('a.skip', { href: '#main', onclick: event => {
      event.preventDefault();
      router.focusHeading(main);
    } }, t('nav.skip')),
    h('header.head', {}, h('div.head-in', {},
      h('a.brand', { href: router.link() }, h('img', { src: 'static/icon.svg', alt: '' }), t('app.name')),
      h('nav', { 'aria-label': t('nav.label') }, h('ul', {},
        nav(' imports batches', router.link(), t('nav.list')),
        nav('new', router.link('new'), t('nav.new')),
        nav('new-batch', router.link('new-batch'), t('nav.batch')))),
      h('div.head-side', {},
        uploadIndicator(),
        languageSelect(() => {
          router.stop();
          showFrame();
        }),
        h('span.who', { title: session.login }, session.name || session.login),
        h('button.button.small', { type: 'button', onclick: leave }, t('nav.sign-out'))))),
    main,
    h('footer.foot', {}, t('app.foot')));
  return router.start(main, routes, failed, options);
}

async function showSignIn() {
  router.stop();
  const page = signInPage(async session => {
    await setLanguage(preferredLanguage(session.language));
    showFrame();
  });
  app.className = 'sign-in';
  app.replaceChildren(page.node, languageSelect(showSignIn));
  document.title = `${t('signin.title')} – ${t('app.name')}`;
  page.focus();
}

/* A session that ends below the reader's feet: sign in again where one is. */
onSignedOut(async () => {
  const before = currentSession()?.login;
  const session = await signInDialog(before);
  if (session === null) {
    showSignIn();
    return false;
  }
  if (session.login !== before) /* somebody else: nothing of the former may stay */
    location.reload();
  return true;
});

async function begin() {
  await setLanguage(preferredLanguage());
  try {
    const session = await loadSession();
    if (session === null) {
      showSignIn();
      return;
    }
    await setLanguage(preferredLanguage(session.language));
    await showFrame({ keepFocus: true });
  } catch (error) {
    app.replaceChildren(h('main', {}, failed(error).node));
  }
}

begin();
