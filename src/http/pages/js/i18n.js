/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Words and numbers in the reader's language. All visible text stands in i18n/LANGUAGE.json; a key
 * that is missing is an error in the console, which the browser tests take for a failure. */

export const languages = { en: 'English', fr: 'Français', de: 'Deutsch' };
const storeKey = 'bm-pst.language';

let catalogue = {}, language = 'en', locale = 'en-GB';
let plural, number, percentage, date, day;

export const currentLanguage = () => language;

/* What the reader chose here, else what BlueMind knows of them, else what the browser asks for. */
export function preferredLanguage(ofUser) {
  let chosen = null;
  try {
    chosen = localStorage.getItem(storeKey);
  } catch { /* a browser that keeps nothing asks each time */ }
  const wanted = [chosen, ofUser, ...navigator.languages];
  return wanted.map(one => one?.slice(0, 2)).find(one => one in languages) ?? 'en';
}

export async function setLanguage(wanted, remember) {
  const answer = await fetch(new URL(`../i18n/${wanted}.json`, import.meta.url));
  catalogue = await answer.json();
  language = wanted;
  locale = navigator.languages.find(one => one.slice(0, 2) === wanted) ?? { en: 'en-GB', fr: 'fr-FR', de: 'de-DE' }[wanted];
  plural = new Intl.PluralRules(locale);
  number = new Intl.NumberFormat(locale);
  percentage = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  day = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
  document.documentElement.lang = wanted;
  if (remember) {
    try {
      localStorage.setItem(storeKey, wanted);
    } catch { /* as above */ }
  }
}

export const has = key => key in catalogue || `${key}.other` in catalogue;

/* t ('upload.left', {n: 3}): {n} in the text is replaced; a number is written as the language does;
 * with an n, KEY.one and KEY.other are the two forms. */
export function t(key, values = {}) {
  let text = catalogue[key];
  if (text === undefined && values.n !== undefined)
    text = catalogue[`${key}.${plural.select(values.n)}`] ?? catalogue[`${key}.other`];
  if (text === undefined) {
    console.error('i18n', language, key);
    return key;
  }
  return text.replace(/\{(\w+)\}/g, (all, name) => {
    const value = values[name];
    return typeof value === 'number' ? number.format(value) : value ?? all;
  });
}

export const formatNumber = n => number.format(n ?? 0);
export const formatPercent = part => percentage.format(Math.max(0, Math.min(1, part || 0)));
export const formatTime = seconds => seconds ? date.format(new Date(seconds * 1000)) : '';
export const formatDay = seconds => seconds ? day.format(new Date(seconds * 1000)) : '';

export function formatBytes(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let n = Math.max(0, bytes || 0), unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  const digits = unit === 0 || n >= 100 ? 0 : 1;
  const text = new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(n);
  return `${text}\u00a0${catalogue[`unit.${units[unit]}`]}`;
}

export function formatDuration(seconds) {
  const s = Math.max(0, Math.round(seconds || 0));
  if (s < 60)
    return t('time.seconds', { s });
  if (s < 3600)
    return t('time.minutes', { m: Math.floor(s / 60), s: s % 60 });
  return t('time.hours', { h: Math.floor(s / 3600), m: Math.floor(s % 3600 / 60) });
}
