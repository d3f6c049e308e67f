/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The one upload of this page. It goes on while the reader looks at other pages of ours, and says in
 * the bar at the top how far it is. */
import { address, csrfHeaders, loadSession, renewSession } from './api.js';
import { h, setText } from './dom.js';
import { formatPercent, t } from './i18n.js';
import { icon } from './icons.js';
import { TusUpload, rememberedId } from './tus.js';

let upload = null, user = '';
const watchers = new Set();
const busy = ['creating', 'sending', 'waiting', 'paused'];

export const currentUpload = () => upload;
export const uploadUser = () => user;
export const isBusy = () => upload !== null && busy.includes(upload.state);

/* Returns a function that ends the watch. */
export function watchUpload(call) {
  watchers.add(call);
  return () => watchers.delete(call);
}

function changed() {
  for (const call of watchers)
    call(upload);
}

/* A 403 means that the CSRF token is that of a former session; a 401 that there is none. */
async function renew(status) {
  if (status === 403)
    return await loadSession() !== null;
  return renewSession();
}

/* id: the unfinished upload to go on with; null: that of this very file, or a new one. */
export function startUpload(file, forUser, id = null) {
  user = forUser;
  upload = new TusUpload(file, {
    endpoint: address('uploads'), id: id ?? rememberedId(file), headers: csrfHeaders, renew, changed,
  });
  upload.start();
  changed();
  return upload;
}

export function forgetUpload() {
  upload = null;
  changed();
}

/* Whoever signs in next has nothing to do with it; the file's fingerprint finds it again. */
export function leaveUpload() {
  upload?.pause();
  forgetUpload();
}

addEventListener('beforeunload', event => {
  if (isBusy() && upload.state !== 'paused')
    event.preventDefault();
});

let unwatchIndicator = () => {};

/* The link in the bar at the top; there is one bar at a time. */
export function uploadIndicator() {
  const text = h('span', {});
  const node = h('a.chip.busy', { hidden: true }, icon('upload'), text);
  const show = () => {
    node.hidden = !isBusy();
    if (node.hidden)
      return;
    node.href = `#/new/${encodeURIComponent(user)}`;
    setText(text, t('upload.indicator', { percent: formatPercent(upload.offset / Math.max(1, upload.size)) }));
  };
  unwatchIndicator();
  unwatchIndicator = watchUpload(show);
  show();
  return node;
}
