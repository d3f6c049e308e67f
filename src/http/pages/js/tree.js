/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The folders of a PST, with counts; with selectable, each may be left out with all below it. Built
 * once; counts are then changed in place. Rows below a closed folder are not built until it opens. */
import { h, newId, setText } from './dom.js';
import { formatBytes, formatNumber, t } from './i18n.js';
import { icon } from './icons.js';

const OPEN_UP_TO = 40; /* folders: a bigger tree begins with its top closed */

/* A glob for exactly this folder (docs/operation.md): '#' at the start would name a well-known one. */
const globOf = path => path.replace(/^#/, '?');

function grow(folders) {
  const byNid = new Map(), byPath = new Map(), top = [];
  for (const folder of folders) {
    if (folder.path === null || folder.path === undefined || (folder.path === '' && !folder.items))
      continue;
    const one = { folder, children: [], parent: null };
    byNid.set(folder.nid, one);
    byPath.set(folder.path, one);
  }
  for (const one of byNid.values()) {
    const path = one.folder.path, cut = path.lastIndexOf('/');
    const parent = byNid.get(one.folder.parent) ?? (cut > 0 ? byPath.get(path.slice(0, cut)) : null);
    if (parent && parent !== one && one.folder.path.startsWith(`${parent.folder.path}/`)) {
      one.parent = parent;
      parent.children.push(one);
    } else {
      top.push(one);
    }
  }
  return { top, byNid };
}

export function folderTree({ selectable = false, left = [], onchange = null } = {}) {
  const list = h('div.tree', { role: 'list', 'aria-label': t('tree.label') });
  const out = new Set(left); /* paths, as globs */
  let nodes = new Map(), counts = null;

  const isOut = one => one !== null && (out.has(globOf(one.folder.path)) || isOut(one.parent));
  const mailsOf = one => one.folder.mails ?? one.folder.items - (one.folder.skipped ?? 0);
  const below = one => one.children.reduce((sum, child) => sum + below(child), mailsOf(one));

  function countText(one) {
    const mails = mailsOf(one), others = one.folder.items - mails;
    const wanted = counts?.get(one.folder.nid);
    if (selectable && counts !== null && !isOut(one) && (wanted?.mails ?? 0) !== mails)
      return t('tree.some', { some: wanted?.mails ?? 0, n: mails });
    if (wanted?.bytes && !isOut(one))
      return `${formatNumber(mails)} · ${formatBytes(wanted.bytes)}`;
    return others > 0 && !selectable ? t('tree.others', { mails, others }) : formatNumber(mails);
  }

  function refresh(one) {
    if (!one.row)
      return;
    setText(one.count, countText(one));
    one.row.classList.toggle('out', isOut(one));
    if (one.box) {
      one.box.checked = !isOut(one);
      one.box.disabled = isOut(one.parent);
    }
    one.children.forEach(refresh);
  }

  function setOpen(one, open) {
    one.open = open;
    one.toggle?.setAttribute('aria-expanded', String(open));
    if (open && !one.built) {
      one.built = true;
      let after = one.row;
      for (const child of one.children) {
        const rows = build(child, one.depth + 1);
        after.after(...rows);
        after = rows.at(-1);
      }
      one.children.forEach(refresh);
    }
    one.children.forEach(child => show(child, open));
  }

  function show(one, visible) {
    if (!one.row)
      return;
    one.row.hidden = !visible;
    one.children.forEach(child => show(child, visible && one.open));
  }

  function build(one, depth) {
    const { folder } = one, name = folder.name || folder.path.split('/').at(-1) || t('tree.root');
    one.depth = depth;
    one.count = h('span.n', {});
    const labelId = newId('folder');
    const children = one.children.length > 0;
    one.toggle = children ? h('button.toggle', {
      type: 'button', 'aria-expanded': 'false', 'aria-label': t('tree.open', { name }), onclick: () => setOpen(one, !one.open),
    }, icon('chevron')) : h('span.toggle', { 'aria-hidden': 'true' });
    if (selectable && folder.path !== '')
      one.box = h('input', { type: 'checkbox', id: labelId, onchange: () => {
        if (one.box.checked)
          out.delete(globOf(folder.path));
        else
          out.add(globOf(folder.path));
        refresh(one);
        onchange?.([...out]);
      } });
    const role = folder.well_known || folder.role;
    one.row = h(`div.tree-row${below(one) === 0 ? '.none' : ''}`, { role: 'listitem', 'aria-level': String(depth + 1) },
      h(`div.tree-name.indent-${Math.min(depth, 6)}`, {}, one.toggle, one.box,
        icon('folder'), h('label', { for: one.box ? labelId : null }, name,
          role && h('span.hidden-text', {}, ` (${t(`role.${role}`)})`))),
      one.count);
    one.built = !children;
    return [one.row];
  }

  return {
    node: list,
    left: () => [...out],
    setFolders(folders) {
      const tree = grow(folders);
      nodes = tree.byNid;
      list.replaceChildren();
      for (const one of tree.top)
        list.append(...build(one, 0));
      tree.top.forEach(refresh);
      const open = nodes.size <= OPEN_UP_TO;
      const openAll = one => {
        if (one.children.length === 0)
          return;
        setOpen(one, true);
        one.children.forEach(openAll);
      };
      if (open)
        tree.top.forEach(openAll);
    },
    /* of POST imports/ID/count: [{nid, mails, bytes}] */
    setCounts(folders) {
      counts = new Map(folders.map(folder => [folder.nid, folder]));
      for (const one of nodes.values())
        if (!one.parent)
          refresh(one);
    },
    setAll(wanted) {
      out.clear();
      if (!wanted)
        for (const one of nodes.values())
          if (!one.parent && one.folder.path !== '')
            out.add(globOf(one.folder.path));
      for (const one of nodes.values())
        if (!one.parent)
          refresh(one);
      onchange?.([...out]);
    },
  };
}
