/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Which PST: one of this computer (uploaded, resumable), one uploaded before, or one that lies on the
 * server already. */
import { get, remove } from '../api.js';
import { announce, h, newId, replace, setText } from '../dom.js';
import { formatBytes, formatDuration, formatPercent, formatTime, t } from '../i18n.js';
import { icon } from '../icons.js';
import { actionButton, bar, bytesOf, causeTitle, chip, confirmDialog, errorNotice, notice } from '../parts.js';
import { currentUpload, forgetUpload, isBusy, startUpload, uploadUser, watchUpload } from '../uploads.js';

const HASH_POLL_MS = 1000;
const SHOWN_FILES = 200;

/* As the daemon will, but before a byte is sent. */
async function looksLikePst(file) {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  return String.fromCharCode(...start) === '!BDN';
}

async function refusal(file, config) {
  if (file.size > config.max_upload)
    return notice('stop', t('upload.too-large', { size: formatBytes(file.size), max: formatBytes(config.max_upload) }), t('upload.too-large.do'));
  try {
    if (!await looksLikePst(file))
      return notice('stop', t('upload.no-pst', { name: file.name }), t('upload.no-pst.do'));
  } catch {
    return notice('stop', t('cause.file-lost'), t('remedy.file-lost'));
  }
  return null;
}

/* ---- the upload that runs ---- */

function stateText(upload) {
  switch (upload.state) {
    case 'creating': return t('upload.creating');
    case 'waiting': {
      const n = Math.max(0, Math.ceil((upload.nextTry - Date.now()) / 1000));
      return upload.trouble === null ? t('upload.waiting', { n })
        : `${causeTitle(upload.trouble.cause) ?? upload.trouble.text} – ${t('upload.next-try', { n })}`;
    }
    case 'paused': return t('upload.paused');
    case 'sending': {
      const left = upload.rate > 0 ? (upload.size - upload.offset) / upload.rate : 0;
      return upload.rate > 0 ? t('upload.sending', { rate: formatBytes(upload.rate), left: formatDuration(left) }) : t('upload.starting');
    }
    default: return '';
  }
}

function uploadCard(upload, { begin, again }) {
  const progress = bar(t('upload.progress', { name: upload.file.name }));
  const percent = h('span.percent', {}), bytes = h('span.hint', {}), state = h('p.hint', {});
  const fault = h('div', {}), actions = h('div.actions', {}), note = h('div', {});
  const resumed = h('p.hint', {}), safe = h('p.hint', {}, t('upload.safe'));
  let shown = '', ticking = 0, ended = false;

  const removeIt = actionButton('.quiet.danger', 'trash', t('upload.remove'), fault, async () => {
    if (upload.state !== 'failed' && !await confirmDialog(t('upload.remove.title'), t('upload.remove.text'), t('upload.remove'), { danger: true }))
      return;
    await upload.remove();
    forgetUpload();
    again();
  });
  const pause = actionButton('', 'pause', t('upload.pause'), fault, async () => upload.pause());
  const resume = actionButton('.primary', 'play', t('upload.resume'), fault, async () => upload.resume());
  const now = actionButton('', 'retry', t('upload.now'), fault, async () => upload.tryNow());

  /* The digest takes the server a while for a big file; nobody needs to wait for it. */
  async function showKnown() {
    let mine = null, known = [];
    try {
      const { uploads, purged = [] } = await get('uploads');
      known = [...uploads, ...purged];
      mine = uploads.find(one => one.id === upload.id);
    } catch { /* only a remark is lost */ }
    if (ended)
      return;
    if (mine?.same_as?.length > 0)
      replace(note, notice('warning', t('upload.same'), t('upload.same.text', { names: mine.same_as.map(id => known.find(one => one.id === id)?.name ?? id).join(', ') })));
    else if (mine?.sha256)
      replace(note, h('p.hint', {}, t('upload.digest'), ' ', h('code', {}, mine.sha256.slice(0, 16), '…')));
    else if (mine?.hashing) {
      replace(note, h('p.hint', {}, t('upload.hashing')));
      ticking = setTimeout(showKnown, HASH_POLL_MS);
    }
  }

  function showState() {
    if (shown === upload.state)
      return;
    shown = upload.state;
    if (shown === 'sending' || shown === 'creating')
      replace(actions, pause, removeIt);
    else if (shown === 'waiting')
      replace(actions, now, removeIt);
    else if (shown === 'paused')
      replace(actions, resume, removeIt);
    else if (shown === 'failed')
      replace(fault, errorNotice({ status: upload.error.status, cause: upload.error.told?.cause, message: upload.error.told?.text ?? '', remedy: upload.error.told?.do ?? '' }));
    if (shown === 'failed')
      replace(actions, removeIt);
    if (shown === 'done') {
      announce(t('upload.done'));
      const next = actionButton('.primary', null, t('upload.next'), fault, async () => {
        await begin({ upload: upload.id });
        forgetUpload();
      });
      next.append(icon('next'));
      replace(actions, next, removeIt);
      const hadNone = document.activeElement === document.body;
      if (hadNone)
        next.focus();
      showKnown();
    }
  }

  function update() {
    if (ended)
      return;
    progress.update(upload.offset / Math.max(1, upload.size));
    setText(percent, formatPercent(upload.offset / Math.max(1, upload.size)));
    setText(bytes, bytesOf(upload.offset, upload.size));
    setText(resumed, upload.resumedAt > 0 ? t('upload.resumed', { size: formatBytes(upload.resumedAt) }) : '');
    safe.hidden = upload.state === 'done';
    if (upload.state === 'done')
      replace(state, chip('ok', 'check', t('upload.done')));
    else
      setText(state, stateText(upload));
    showState();
  }

  const unwatch = watchUpload(update);
  const clock = setInterval(() => upload.state === 'waiting' && setText(state, stateText(upload)), 1000);
  update();
  return {
    node: h('section.card.stack-s', { 'aria-label': t('upload.section') },
      h('div.upload-head', {}, h('b', {}, upload.file.name), percent),
      progress.node,
      h('div.upload-head', {}, bytes, state),
      resumed, fault, note, actions, safe),
    dispose() {
      ended = true;
      unwatch();
      clearInterval(clock);
      clearTimeout(ticking);
    },
  };
}

/* ---- choosing ---- */

function dropZone(config, take) {
  const id = newId('file');
  const input = h('input.hidden-text', { type: 'file', id, accept: '.pst,.ost', onchange: () => input.files[0] && take(input.files[0]) });
  const zone = h('label.drop', { for: id }, icon('upload'), h('b', {}, t('upload.drop')), h('span.hint', {}, t('upload.drop.or')),
    h('span.button.small', {}, t('upload.choose')), h('span.hint', {}, t('upload.limits', { max: formatBytes(config.max_upload), free: formatBytes(config.free) })), input);
  const over = on => event => {
    event.preventDefault();
    zone.classList.toggle('over', on);
  };
  zone.addEventListener('dragover', over(true));
  zone.addEventListener('dragleave', over(false));
  zone.addEventListener('drop', event => {
    over(false)(event);
    if (event.dataTransfer.files[0])
      take(event.dataTransfer.files[0]);
  });
  return { node: zone, open: () => input.click() };
}

const fileRow = (name, sub, ...buttons) => h('li.file-row', {}, icon('file'), h('div', {}, h('b', {}, name), h('span.sub', {}, sub)), h('div.actions', {}, buttons));

export function fileChoice({ user, config, uploads, offered, begin }) {
  const root = h('div.stack', {}), fault = h('div', {});
  let card = null, wanted = null; /* unfinished upload that the reader wants to go on with */

  async function take(file) {
    fault.replaceChildren();
    const no = await refusal(file, config);
    if (no !== null) {
      no.setAttribute('role', 'alert');
      replace(fault, no);
      return;
    }
    if (wanted !== null && (wanted.name !== file.name || wanted.size !== file.size)) {
      const other = notice('stop', t('upload.other-file', { name: wanted.name, size: formatBytes(wanted.size) }), t('upload.other-file.do'));
      other.setAttribute('role', 'alert');
      replace(fault, other);
      wanted = null;
      return;
    }
    startUpload(file, user, wanted?.id ?? null);
    wanted = null;
    showUpload();
  }

  function showUpload() {
    card?.dispose();
    card = uploadCard(currentUpload(), { begin, again: showChoice });
    replace(root, card.node);
  }

  const zone = dropZone(config, take);

  const discard = one => actionButton('.small.quiet.danger', null, t('upload.discard'), fault, async () => {
    if (!await confirmDialog(t('upload.remove.title'), t('upload.discard.text', { name: one.name }), t('upload.discard'), { danger: true }))
      return;
    await remove(`uploads/${encodeURIComponent(one.id)}`);
    uploads = uploads.filter(other => other !== one);
    showChoice();
  });

  function earlier() {
    const open = uploads.filter(one => !one.complete), whole = uploads.filter(one => one.complete);
    const rows = [
      ...open.map(one => fileRow(one.name, `${t('upload.unfinished', { part: formatPercent(one.offset / Math.max(1, one.size)), size: formatBytes(one.size) })} · ${t('upload.expires', { when: formatTime(one.expires) })}`,
        actionButton('.small', 'play', t('upload.go-on'), fault, async () => {
          wanted = one;
          zone.open();
        }), discard(one))),
      ...whole.map(one => fileRow(one.name, `${formatBytes(one.size)} · ${formatTime(one.created)}`,
        actionButton('.small', null, t('upload.use'), fault, () => begin({ upload: one.id })), discard(one))),
    ];
    if (rows.length === 0)
      return null;
    return h('section.card.stack-s', { 'aria-labelledby': 'earlier' }, h('h2', { id: 'earlier' }, t('upload.earlier')),
      open.length > 0 && h('p.hint', {}, t('upload.earlier.hint')), h('ul.files', {}, rows));
  }

  function onServer() {
    if (!config.folders?.length)
      return null;
    const list = h('ul.files', {});
    const words = h('input.input', { type: 'search', 'aria-label': t('files.search'), placeholder: t('files.search'), oninput: () => draw() });
    function draw() {
      const fit = offered.files.filter(one => one.path.toLowerCase().includes(words.value.trim().toLowerCase()));
      list.replaceChildren(...fit.slice(0, SHOWN_FILES).map(one => fileRow(one.path.split('/').pop(),
        `${one.path.slice(0, one.path.lastIndexOf('/'))} · ${formatBytes(one.size)} · ${formatTime(one.modified)}`,
        actionButton('.small', null, t('files.use'), fault, () => begin({ path: one.path })))));
      if (fit.length === 0)
        list.append(h('li.hint', {}, t('files.none', { folders: config.folders.join(', ') })));
      else if (offered.cut || fit.length > SHOWN_FILES)
        list.append(h('li.hint', {}, t('files.cut')));
    }
    draw();
    return h('section.card.stack-s', { 'aria-labelledby': 'on-server' }, h('h2', { id: 'on-server' }, t('files.title')),
      offered.files.length > 6 && h('div.search', {}, icon('search'), words), list);
  }

  function showChoice() {
    card?.dispose();
    card = null;
    replace(root, fault, zone.node, earlier(), onServer());
  }

  const current = currentUpload();
  if (current !== null && current.state !== 'removed' && uploadUser() === user) {
    showUpload();
  } else if (isBusy()) {
    replace(root, notice('warning', t('upload.one-at-a-time', { name: current.file.name, user: uploadUser() }), h('a', { href: `#/new/${encodeURIComponent(uploadUser())}` }, t('new.upload-show'))));
  } else {
    showChoice();
  }
  return { node: root, dispose: () => card?.dispose() };
}
