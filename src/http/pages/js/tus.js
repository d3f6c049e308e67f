/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A client of the tus 1.0.0 protocol (creation, checksum, termination, expiration): sends one file in
 * pieces and survives everything but the loss of the file. The address of an upload is remembered
 * under the file's fingerprint, so that a browser that was closed goes on where it stopped; whatever
 * happens on the line, the server is asked (HEAD) for the offset before more is sent.
 * https://tus.io/protocols/resumable-upload */

const MIB = 1 << 20;
const LARGEST = 16 * MIB; /* piece: all of it is in memory while its digest is made */
const SILENCE_MS = 60000; /* a line on which nothing moves for so long is dead */
const storePrefix = 'bm-pst.upload.';

export const fingerprint = file => `${file.name}|${file.size}|${file.lastModified}`;

const store = {
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(storePrefix + key));
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(storePrefix + key, JSON.stringify(value));
    } catch { /* then only this page can resume it */ }
  },
  remove(key) {
    try {
      localStorage.removeItem(storePrefix + key);
    } catch { /* as above */ }
  },
};

/* Id of the unfinished upload of this very file from this browser, or null. */
export const rememberedId = file => store.get(fingerprint(file))?.id ?? null;

class Refused extends Error {
  constructor(answer) {
    super();
    this.status = answer.status;
    this.retryAfter = Number(answer.header('Retry-After')) || 0;
    try {
      this.told = JSON.parse(answer.text).error;
    } catch {
      this.told = null;
    }
  }
}
class LineLost extends Error {}
class FileLost extends Error {}

const base64 = bytes => btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
const idOf = location => decodeURIComponent(location.replace(/[?#].*$/, '').replace(/\/+$/, '').split('/').pop());

/* states: creating, sending, waiting (for the line; until nextTry), paused, done, failed, removed */
export class TusUpload {
  /* endpoint: absolute address; id: an upload to go on with, or null; headers: function;
   * renew: asks the reader to sign in again, resolves to whether that worked;
   * changed: called after every change of state, offset or speed */
  constructor(file, { endpoint, id, headers, renew, changed }) {
    Object.assign(this, { file, endpoint, headers, renew, changed });
    this.id = id;
    this.state = 'creating';
    this.offset = 0;
    this.rate = 0; /* bytes per second */
    this.error = null; /* {status, told} when failed */
    this.nextTry = 0;
    this.trouble = null; /* what the server says of why we wait; null: the line */
    this.resumedAt = 0;
    this.piece = 4 * MIB;
    this.attempt = 0;
    this.checksum = null;
    this.xhr = null;
    this.wake = null;
  }

  get size() {
    return this.file.size;
  }

  set(state) {
    this.state = state;
    this.changed(this);
  }

  /* Resolves when the upload is done, failed or removed. */
  async start() {
    addEventListener('online', this.online);
    while (!['done', 'failed', 'removed'].includes(this.state)) {
      try {
        if (this.state === 'paused')
          await this.sleep(0);
        await this.go();
      } catch (error) {
        await this.afterFault(error);
      }
    }
    removeEventListener('online', this.online);
  }

  online = () => this.tryNow();

  tryNow() {
    if (this.state === 'waiting')
      this.wake?.();
  }

  pause() {
    if (this.state === 'done' || this.state === 'failed')
      return;
    this.set('paused');
    this.xhr?.abort();
    this.wake?.();
  }

  resume() {
    if (this.state !== 'paused')
      return;
    this.attempt = 0;
    this.set('sending');
    this.wake?.();
  }

  /* Takes the upload from the server too. */
  async remove() {
    this.set('removed');
    this.xhr?.abort();
    this.wake?.();
    store.remove(fingerprint(this.file));
    if (this.id !== null)
      await this.send('DELETE', this.place(), {}, null).catch(() => { /* it expires by itself */ });
  }

  place() {
    return `${this.endpoint}/${encodeURIComponent(this.id)}`;
  }

  async go() {
    this.checksum ??= await this.askAlgorithm();
    if (this.id === null)
      await this.create();
    else
      await this.askOffset();
    this.set('sending');
    while (this.offset < this.size && this.state === 'sending')
      await this.sendPiece();
    if (this.offset >= this.size && this.state === 'sending') {
      store.remove(fingerprint(this.file));
      this.set('done');
    }
  }

  /* The digest both sides know, or '' for none. crypto.subtle is there over TLS and on loopback. */
  async askAlgorithm() {
    const answer = await this.send('OPTIONS', this.endpoint, {}, null);
    const known = (answer.header('Tus-Checksum-Algorithm') ?? '').split(',').map(name => name.trim());
    if (!globalThis.crypto?.subtle)
      return '';
    return known.find(name => name === 'sha256') ?? known.find(name => name === 'sha1') ?? '';
  }

  async create() {
    const name = base64(new TextEncoder().encode(this.file.name));
    const answer = await this.send('POST', this.endpoint, {
      'Upload-Length': String(this.size), 'Upload-Metadata': `filename ${name}`,
    }, null);
    if (answer.status !== 201)
      throw new Refused(answer);
    this.id = idOf(answer.header('Location'));
    this.offset = 0;
    store.set(fingerprint(this.file), { id: this.id });
  }

  async askOffset() {
    const answer = await this.send('HEAD', this.place(), {}, null);
    if (answer.status === 404 || answer.status === 410) { /* expired: from the start */
      this.id = null;
      store.remove(fingerprint(this.file));
      return this.create();
    }
    if (answer.status >= 300)
      throw new Refused(answer);
    this.offset = Number(answer.header('Upload-Offset'));
    this.resumedAt ||= this.offset;
    return undefined;
  }

  async sendPiece() {
    const start = this.offset, begun = performance.now();
    const blob = this.file.slice(start, Math.min(this.size, start + this.piece));
    const headers = { 'Upload-Offset': String(start), 'Content-Type': 'application/offset+octet-stream' };
    if (this.checksum)
      headers['Upload-Checksum'] = `${this.checksum} ${await this.digest(blob)}`;
    else
      await this.read(blob.slice(0, 1)); /* a file that is gone must not look like a line that is */
    const answer = await this.send('PATCH', this.place(), headers, blob, loaded => {
      this.offset = start + loaded;
      this.measure();
      this.changed(this);
    });
    if (answer.status !== 204 && answer.status !== 200)
      throw new Refused(answer);
    this.offset = Number(answer.header('Upload-Offset'));
    this.attempt = 0;
    this.measure();
    this.changed(this);
    this.adapt(performance.now() - begun);
  }

  /* What is sent is the blob, which the browser reads by itself: these bytes are garbage at once. */
  async digest(blob) {
    const bytes = await this.read(blob);
    return base64(new Uint8Array(await crypto.subtle.digest(this.checksum === 'sha256' ? 'SHA-256' : 'SHA-1', bytes)));
  }

  read(blob) {
    return blob.arrayBuffer().catch(() => { throw new FileLost(); });
  }

  /* Pieces of a few seconds: what a dropped line loses is small, what is asked of the server too. */
  adapt(ms) {
    if (ms < 3000)
      this.piece = Math.min(LARGEST, this.piece * 2);
    else if (ms > 12000)
      this.piece = Math.max(MIB, this.piece / 2);
  }

  /* Speed over the last ten seconds. */
  measure() {
    const now = performance.now();
    this.samples ??= [];
    this.samples.push([now, this.offset]);
    while (this.samples.length > 2 && (this.samples[0][0] < now - 10000 || this.samples[0][1] > this.offset))
      this.samples.shift();
    const [then, offset] = this.samples[0];
    if (now - then > 500)
      this.rate = (this.offset - offset) * 1000 / (now - then);
  }

  async afterFault(error) {
    if (this.state === 'paused' || this.state === 'removed')
      return;
    this.samples = [];
    this.rate = 0;
    if (error instanceof FileLost)
      this.fail({ status: 0, told: { cause: 'file-lost' } });
    else if (error instanceof Refused)
      await this.afterRefusal(error);
    else if (error instanceof LineLost)
      await this.afterSilence();
    else
      throw error;
  }

  afterSilence() {
    this.trouble = null;
    return this.backOff();
  }

  fail(error) {
    this.error = error;
    this.set('failed');
  }

  async afterRefusal(error) {
    if (error.status === 401 || error.status === 403) {
      this.set('waiting');
      if (error.status === 403 && this.attempt++ > 0)
        this.fail(error);
      else if (!await this.renew(error.status))
        this.set('paused');
    } else if (error.told?.cause === 'wrong-offset' || error.status === 460) {
      if (this.attempt++ > 5)
        this.fail(error);
    } else if (error.status === 404 || error.status === 410) {
      if (this.attempt++ > 1)
        this.fail(error);
    } else if (error.status === 423 || error.status === 429 || (error.status >= 500 && (error.status !== 507 || this.id !== null))) {
      /* a disk that is full in the middle keeps what it has, and may be given room */
      this.trouble = error.told ?? null;
      await this.backOff(error.retryAfter);
    } else {
      store.remove(fingerprint(this.file));
      this.fail(error);
    }
  }

  backOff(seconds = 0) {
    const ms = Math.max(seconds * 1000, Math.min(30000, 1000 * 2 ** Math.min(this.attempt++, 5)));
    this.nextTry = Date.now() + ms;
    this.set('waiting');
    return this.sleep(ms);
  }

  /* ms 0: until somebody wakes us. */
  sleep(ms) {
    return new Promise(resolve => {
      const timer = ms > 0 ? setTimeout(() => this.wake?.(), ms) : 0;
      this.wake = () => {
        clearTimeout(timer);
        this.wake = null;
        resolve();
      };
    });
  }

  /* fetch tells nothing of what has been sent; XMLHttpRequest does. */
  send(method, address, headers, body, onSent) {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      this.xhr = xhr;
      xhr.open(method, address);
      const all = { 'Tus-Resumable': '1.0.0', ...headers, ...(method === 'HEAD' || method === 'OPTIONS' ? {} : this.headers()) };
      for (const [name, value] of Object.entries(all))
        xhr.setRequestHeader(name, value);
      let silent = 0;
      const moved = () => {
        clearTimeout(silent);
        silent = setTimeout(() => xhr.abort(), SILENCE_MS);
      };
      const lost = () => {
        clearTimeout(silent);
        reject(new LineLost());
      };
      xhr.upload.onprogress = event => {
        moved();
        onSent?.(event.loaded);
      };
      xhr.onload = () => {
        clearTimeout(silent);
        resolve({ status: xhr.status, text: xhr.responseText, header: name => xhr.getResponseHeader(name) });
      };
      xhr.onerror = lost;
      xhr.onabort = lost;
      moved();
      xhr.send(body);
    });
  }
}
