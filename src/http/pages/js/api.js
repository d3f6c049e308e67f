/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The daemon's REST interface (docs/api.md). Knows the session and its CSRF token; a session that
 * has ended is renewed in place, by whoever registered with onSignedOut, and the call is made again. */

const base = new URL('api/v1/', document.baseURI);
let session = null;
let signInAgain = async () => false;
let renewing = null;

export const address = path => new URL(path, base).href;
export const currentSession = () => session;
export const csrfHeaders = () => session ? { 'X-CSRF-Token': session.csrf } : {};

/* handler: asks the reader to sign in; resolves to true when a new session is there. */
export function onSignedOut(handler) {
  signInAgain = handler;
}

export class ApiError extends Error {
  constructor(status, told, retryAfter) {
    super(told?.text ?? '');
    this.status = status; /* 0: the daemon cannot be reached */
    this.cause = told?.cause ?? '';
    this.remedy = told?.do ?? '';
    this.retryAfter = retryAfter;
  }
}

/* Many calls may find at once that the session is over; the reader is asked only once. */
export function renewSession() {
  renewing ??= signInAgain().finally(() => { renewing = null; });
  return renewing;
}

async function once(method, path, body, type, signal) {
  const headers = { Accept: 'application/json' };
  if (method !== 'GET')
    Object.assign(headers, csrfHeaders(), { 'Content-Type': type });
  let answer;
  try {
    answer = await fetch(address(path), { method, headers, body, signal, cache: 'no-store', credentials: 'same-origin' });
  } catch (error) {
    if (error.name === 'AbortError')
      throw error;
    throw new ApiError(0, null, 0);
  }
  const text = await answer.text();
  let told = null;
  try {
    told = text ? JSON.parse(text) : null;
  } catch { /* a proxy's page, not the daemon's answer: the status tells */ }
  if (!answer.ok)
    throw new ApiError(answer.status, told?.error, Number(answer.headers.get('Retry-After')) || 0);
  return told;
}

async function call(method, path, body, type = 'application/json', signal = undefined) {
  try {
    return await once(method, path, body, type, signal);
  } catch (error) {
    if (error.status !== 401 || !await renewSession())
      throw error;
    return once(method, path, body, type, signal);
  }
}

export const get = (path, signal) => call('GET', path, undefined, undefined, signal);
export const post = (path, data = {}, signal = undefined) => call('POST', path, JSON.stringify(data), undefined, signal);
/* body: text, or a file as it is: a spreadsheet's CSV need not be UTF-8. */
export const postText = (path, body, type) => call('POST', path, body, type);
export const remove = path => call('DELETE', path, '{}');

/* null when nobody is signed in. */
export async function loadSession() {
  try {
    session = await once('GET', 'session');
  } catch (error) {
    if (error.status !== 401)
      throw error;
    session = null;
  }
  return session;
}

export async function signIn(login, password) {
  session = await once('POST', 'session', JSON.stringify({ login, password }), 'application/json');
  return session;
}

export async function signOut() {
  try {
    await once('DELETE', 'session', '{}', 'application/json');
  } finally {
    session = null;
  }
}

/* Server-sent events: listen ('imports/ID/events', (name, data) => ..., connected => ...).
 * The browser reconnects a dropped line by itself; what it gives up on (an answer that is no
 * stream) is tried again here, after a look whether the session is over. Returns a function that
 * ends it.
 * A browser has six lines to one server, and each stream takes one: a page that nobody looks at gives
 * its line back, or the seventh page would wait for ever. */
export function listen(path, onEvent, onLine) {
  const names = ['state', 'walk', 'checks', 'progress', 'stage', 'end'];
  let source = null, timer = 0, ended = false, failures = 0;
  const open = () => {
    if (document.hidden)
      return;
    source = new EventSource(address(path));
    source.onopen = () => {
      failures = 0;
      onLine(true);
    };
    source.onerror = () => {
      onLine(false);
      if (source.readyState === EventSource.CLOSED && !ended)
        timer = setTimeout(again, Math.min(30000, 1000 * 2 ** failures++));
    };
    for (const name of names)
      source.addEventListener(name, event => onEvent(name, JSON.parse(event.data)));
  };
  const again = async () => {
    try {
      await get('session');
    } catch { /* not there yet: opening tells */ }
    if (!ended && isClosed())
      open();
  };
  const isClosed = () => source === null || source.readyState === EventSource.CLOSED;
  const onSight = () => {
    clearTimeout(timer);
    if (document.hidden)
      source?.close();
    else if (isClosed())
      open();
  };
  document.addEventListener('visibilitychange', onSight);
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onSight);
    source?.close();
  };
}
