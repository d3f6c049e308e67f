/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Signing in: as a page, and as a dialog over the page whose session has ended. */
import { signIn } from '../api.js';
import { h, newId } from '../dom.js';
import { t } from '../i18n.js';
import { errorNotice, field, notice } from '../parts.js';

function refusal(error) {
  if (error.status === 401)
    return notice('stop', t('signin.wrong'), t('signin.wrong.do'));
  if (error.status === 429)
    return notice('stop', t('signin.locked'), t('signin.locked.do', { n: Math.max(1, Math.ceil((error.retryAfter || 60) / 60)) }));
  if (error.status === 403)
    return notice('stop', t('signin.role'), h('span.detail', { lang: 'en' }, error.message), error.remedy && h('span', { lang: 'en' }, error.remedy));
  return errorNotice(error);
}

function signInForm(login, done, more = null) {
  const user = h('input.input', { type: 'text', name: 'login', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', required: true, value: login ?? '' });
  const password = h('input.input', { type: 'password', name: 'password', autocomplete: 'current-password', required: true });
  const told = h('div', { role: 'alert' });
  const button = h('button.button.primary', { type: 'submit' }, t('signin.button'));
  const form = h('form.stack-s', { novalidate: true, onsubmit: async event => {
    event.preventDefault();
    const missing = [user, password].find(input => input.value === '');
    if (missing) {
      told.replaceChildren(notice('stop', t('signin.missing')));
      missing.focus();
      return;
    }
    button.disabled = true;
    told.replaceChildren();
    try {
      done(await signIn(user.value.trim(), password.value));
    } catch (error) {
      const box = refusal(error);
      box.removeAttribute('role'); /* the place itself is an alert */
      told.replaceChildren(box);
      password.value = '';
      password.focus();
    } finally {
      button.disabled = false;
    }
  } }, field(t('signin.login'), user, t('signin.login.hint')), field(t('signin.password'), password), told, button, more);
  return { form, focus: () => (user.value ? password : user).focus() };
}

export function signInPage(done) {
  const { form, focus } = signInForm('', done);
  return {
    node: h('main', {}, h('div.card.stack', {},
      h('div', {}, h('img.mark', { src: 'static/icon.svg', alt: '' }), h('h1', {}, t('app.name')), h('p.lead', {}, t('signin.lead'))),
      form)),
    focus,
  };
}

/* Resolves to the new session; null when the reader gives up. */
export function signInDialog(login) {
  return new Promise(resolve => {
    const titleId = newId('dialog');
    let session = null;
    const { form, focus } = signInForm(login, fresh => {
      session = fresh;
      dialog.close();
    }, h('button.button.quiet', { type: 'button', onclick: () => dialog.close() }, t('signin.give-up')));
    const dialog = h('dialog.dialog', { 'aria-labelledby': titleId },
      h('h2', { id: titleId }, t('signin.again')), h('p.hint', {}, t('signin.again.text')), h('div.next', {}, form));
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(session);
    });
    document.body.append(dialog);
    dialog.showModal();
    focus();
  });
}
