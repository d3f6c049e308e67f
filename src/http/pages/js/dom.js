/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Building elements. Text only ever goes in as text nodes: names of folders and people come from
 * strangers' files, so nothing here can turn a string into markup. */

function put(element, name, value) {
  if (value === undefined || value === null || value === false)
    return;
  if (name.startsWith('on'))
    element.addEventListener(name.slice(2), value);
  else if (name === 'value' || name === 'checked' || name === 'disabled' || name === 'selected' || name === 'indeterminate')
    element[name] = value;
  else
    element.setAttribute(name, value === true ? '' : value);
}

function fill(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false)
      continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/* h ('button.primary', {type: 'button', onclick: f}, 'text', otherElement) */
export function h(what, props, ...children) {
  const [tag, ...classes] = what.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0)
    element.className = classes.join(' ');
  for (const [name, value] of Object.entries(props ?? {}))
    put(element, name, value);
  return fill(element, children);
}

export function svg(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes ?? {}))
    if (value !== undefined && value !== null)
      element.setAttribute(name, value);
  return fill(element, children);
}

/* Only what changed: screen readers and text selections are left in peace. */
export function setText(element, text) {
  if (element.textContent !== String(text))
    element.textContent = text;
}

export function replace(element, ...children) {
  element.replaceChildren();
  return fill(element, children);
}

let serial = 0;
export const newId = prefix => `${prefix}-${++serial}`;

/* Said by screen readers, once. */
export function announce(text) {
  const live = document.getElementById('live');
  live.textContent = '';
  setTimeout(() => { live.textContent = text; }, 50);
}

export function debounce(ms, call) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...args), ms);
  };
}
