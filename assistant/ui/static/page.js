'use strict';
// The page of OnRecord. Runs as the body of a function that Gradio calls once for each time it mounts
// the component, with `element`, `trigger`, `watch`, `props` and `server` in scope; so nothing here
// becomes global. Texts of documents, file names and questions are hostile: they reach the page only
// through `el` (text nodes and a short list of attributes), never as markup.

// -- settings ----------------------------------------------------------------------------------

const LIMIT = 4000; // characters of a question
const HISTORY = 8; // earlier questions that the server wants at most
const PAGE = 50; // documents fetched at a time
const POLL = { idle: 5000, sync: 400, offline: 2000 };
const SILENCE = 120000; // a run without any sign of life for so long has failed
const UNDO_FOR = 10000;
const STAGES = [
  ['searching', 'Searching…', 'Searched'],
  ['reading', 'Reading…', 'Read'],
  ['checking', 'Checking…', 'Checked'],
  ['writing', 'Writing…', 'Written'], // by a language model, where there is one
];
const DOCUMENT_STATES = {
  indexed: '',
  new: 'Not indexed yet',
  changed: 'Changed since it was indexed',
  removed: 'No longer in the folder',
  refused: 'Could not be read',
};
const GONE = ['The server does not answer.', 'Check that OnRecord is still running, then try again.'];
const UNSAVED = 'The browser’s storage is full: this conversation is not kept when the page is reloaded. Download it, or delete others.';

const ICONS = {
  brand: 'M3.5 6.5h6.5v6.2c0 3-1.8 5-4.9 5.6l-.5-1.8c1.6-.5 2.4-1.4 2.5-3H3.5zM14 6.5h6.5v6.2c0 3-1.8 5-4.9 5.6l-.5-1.8c1.6-.5 2.4-1.4 2.5-3H14z',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4',
  upload: 'M12 16V5M7 9.5L12 4.5l5 5M5 19.5h14',
  download: 'M12 4.5V16M7 11l5 5 5-5M5 19.5h14',
  refresh: 'M19.5 12a7.5 7.5 0 1 1-2.2-5.3M19.5 3.5v4h-4',
  send: 'M12 19V5M6 11l6-6 6 6',
  stop: 'M7 7h10v10H7z',
  previous: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
  link: 'M10 14a4 4 0 0 0 6 .4l2.6-2.6a4 4 0 0 0-5.7-5.7L11.6 7.4M14 10a4 4 0 0 0-6-.4l-2.6 2.600a4 4 0 0 0 5.7 5.700L12.4 16.6',
  edit: 'M5 19l1-4L16 5l3 3L9 18zM14 7l3 3',
  bin: 'M5 7h14M10 7V4.500h4V7M7 7l1 12.500h8L17 7M10.5 10.500v5.500M13.5 10.500v5.5',
  tick: 'M5 12.500l4.5 4.500L19 7.5',
  alert: 'M12 8v5M12 16.500h.01M12 3.500l9 16.500H3z',
  sun: 'M12 16.500a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.3 5.300l1.4 1.400M17.3 17.300l1.4 1.400M18.7 5.300l-1.4 1.400M6.7 17.300l-1.4 1.4',
  moon: 'M19.5 14.500A8 8 0 0 1 9.5 4.500a8 8 0 1 0 10 10z',
  thumb: 'M7.5 11v9H4v-9zM7.5 11l4-7.500c1.6 0 2.6 1.3 2.3 2.800L13 9.500h5.500a2 2 0 0 1 2 2.400l-1.3 6.500a2 2 0 0 1-2 1.600H7.5',
};

// -- the page's elements -----------------------------------------------------------------------

// Gradio's typography for Markdown (`.prose`) reaches into everything, partly with !important.
element.classList.remove('prose', 'gradio-style');
// Gradio wraps the component in a <main> of its own; the page has exactly one, and it is ours.
const outer = element.closest('main');
if (outer) outer.setAttribute('role', 'presentation');

const root = element.querySelector('.onrecord');
const $ = (id) => root.querySelector('#' + id);
const ui = {
  side: $('or-side'), sideClose: $('or-side-close'), corpus: $('or-corpus'), newChat: $('or-new'),
  tabs: { conversations: $('or-tab-conversations'), documents: $('or-tab-documents') },
  conversations: $('or-conversations'), documents: $('or-documents'),
  search: $('or-document-search'), tools: $('or-document-tools'), upload: $('or-upload'), reindex: $('or-reindex'),
  sync: $('or-sync'), results: $('or-results'), count: $('or-document-count'), list: $('or-document-list'), more: $('or-document-more'),
  main: $('or-main'), menu: $('or-menu'), title: $('or-title'), theme: $('or-theme'),
  offline: $('or-offline'), changed: $('or-changed'), thread: $('or-thread'), empty: $('or-empty'), turns: $('or-turns'),
  composer: $('or-composer'), question: $('or-question'), ask: $('or-ask'), stop: $('or-stop'), editing: $('or-editing'), hint: $('or-hint-text'),
  shell: $('or-source-shell'), source: $('or-source'), kind: $('or-source-kind'), steps: $('or-source-steps'), prev: $('or-source-prev'), next: $('or-source-next'),
  stepCount: $('or-source-count'), sourceClose: $('or-source-close'), sourceTitle: $('or-source-title'), sourceMeta: $('or-source-meta'),
  badge: $('or-source-badge'), copyQuote: $('or-source-copy'), sourceBody: $('or-source-body'), sourceText: $('or-source-text'),
  before: $('or-source-before'), after: $('or-source-after'),
  backdrop: $('or-backdrop'), tip: $('or-tip'), drop: $('or-drop'), toasts: $('or-toasts'), dialog: $('or-dialog'), announce: $('or-announce'),
};

// Listeners outside the component, and the polling, end when Gradio mounts the page anew.
const mounted = new AbortController();

function listen(target, type, handler, options) {
  target.addEventListener(type, (event) => {
    if (element.isConnected) handler(event);
    else mounted.abort();
  }, { ...options, signal: mounted.signal });
}

/** An element. Its text is only ever text; its attributes are only ever harmless ones. */
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'class') node.className = value;
    else if (/^(aria-[a-z]+|data-[a-z]+|role|id|type|for|dir|lang|title|tabindex|rows|hidden|disabled|value|max|placeholder|autocomplete)$/.test(name)) node.setAttribute(name, value === true ? '' : String(value));
    else throw new Error('not an attribute that this page sets: ' + name);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'or-icon or-icon-' + name);
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** As replaceChildren, without what is null, false or empty. */
function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ''));
}

function button(className, label, onclick, attributes, iconName) {
  return el('button', { type: 'button', class: className, onclick, ...attributes }, iconName && icon(iconName), label);
}

const bdi = (text) => el('bdi', null, text);
/** Parts with a dot between them; foreign text comes in <bdi>, so that it cannot turn the line round. */
const dotted = (parts) => parts.filter(Boolean).flatMap((part, index) => (index ? [' · ', part] : [part]));

/** Fills a live region: screen readers say it, nothing on the page moves. */
function announce(text) {
  ui.announce.textContent = '';
  setTimeout(() => { ui.announce.textContent = text; }, 50);
}

// -- small things ------------------------------------------------------------------------------

const list = (value) => (Array.isArray(value) ? value : []);
const plain = (value) => (value && typeof value === 'object' ? JSON.parse(JSON.stringify(value)) : null);
const isText = (value) => typeof value === 'string';
const count = (number, one, many) => `${number.toLocaleString('en')} ${number === 1 ? one : many || one + 's'}`;
const newId = () => Date.now().toString(36) + '-' + Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(36)).join('');

function clip(text, most) {
  const points = Array.from(String(text).slice(0, most * 2 + 2));
  return points.length > most ? points.slice(0, most).join('').trimEnd() + '…' : points.join('');
}

function longDate(day) {
  const date = /^\d{4}-\d\d-\d\d$/.test(day || '') ? new Date(day + 'T00:00:00Z') : null;
  if (!date || Number.isNaN(date.getTime())) return '';
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
}

function sizeOf(bytes) {
  if (!(bytes >= 0)) return '';
  if (bytes < 1000) return `${bytes}\u00a0B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)}\u00a0kB` : `${(bytes / 1e6).toFixed(1)}\u00a0MB`;
}

const duration = (ms) => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);
const titleOf = (thing) => clip(thing.title || thing.document || thing.path || 'Untitled', 300);
const isShown = (node) => node.isConnected && node.getClientRects().length > 0 && !node.closest('[inert]');
const show = (node, shown) => { node.hidden = !shown; };

function sentence({ message, remedy }) {
  return [message, remedy].filter(Boolean).join(' ');
}

// -- the server --------------------------------------------------------------------------------

class Problem extends Error {
  constructor(message, remedy, gone) {
    super(message || 'Something went wrong.');
    this.remedy = remedy || '';
    this.gone = Boolean(gone); // nobody there, as opposed to an answer that says what went wrong
  }
}

const asProblem = (thrown) => (thrown instanceof Problem ? thrown : new Problem('The page ran into an error.', String((thrown && thrown.message) || thrown)));

async function call(name, args) {
  let reply;
  if (typeof server[name] !== 'function') throw new Problem('The server does not offer this.', 'Reload the page.');
  try {
    reply = await server[name](args || {});
  } catch (_) {
    throw new Problem(...GONE, true);
  }
  if (!reply || typeof reply !== 'object') throw new Problem(...GONE, true);
  if (reply.error) throw new Problem(reply.error.message, reply.error.remedy);
  return reply;
}

// -- storage -----------------------------------------------------------------------------------

/** The browser's storage, or a stand-in for this visit where it is switched off. */
function openStorage(kind) {
  try {
    const storage = window[kind];
    storage.getItem('onrecord:');
    return storage;
  } catch (_) {
    const kept = new Map();
    return {
      getItem: (key) => (kept.has(key) ? kept.get(key) : null),
      setItem: (key, value) => kept.set(key, String(value)),
      removeItem: (key) => kept.delete(key),
      key: (index) => [...kept.keys()][index],
      get length() { return kept.size; },
    };
  }
}

const saved = openStorage('localStorage');
const thisTab = openStorage('sessionStorage');

let corpus = null; // the server's last desk_state
let shown = null; // the conversation on the page; null: a new chat without a question yet
const unsaved = new Set(); // ids of conversations that storage had no room for
let running = null; // {turn, conversation, entry, stage, heard}

const keyPrefix = () => `onrecord:${corpus.corpus_id}:c:`;
const openKey = () => `onrecord:${corpus.corpus_id}:open`;
const isId = (value) => isText(value) && /^[\w-]{1,80}$/.test(value);

/** Whether a stored answer is one that this version of the page can show. */
function isAnswer(answer) {
  const whole = Number.isInteger;
  return Boolean(answer) && isText(answer.question) && ['answered', 'no_evidence'].includes(answer.outcome)
    && list(answer.claims) === answer.claims && list(answer.citations) === answer.citations
    && answer.claims.every((claim) => claim && isText(claim.text) && list(claim.citations).every(whole))
    && answer.citations.every((cited) => cited && whole(cited.marker) && isText(cited.document)
      && isText(cited.sha256) && isText(cited.quote) && whole(cited.start) && whole(cited.end));
}

function fitTurn(raw) {
  const states = ['running', 'done', 'failed', 'stopped'];
  if (!raw || !isId(raw.turn) || !isText(raw.asked) || !states.includes(raw.state)) return null;
  if (raw.answer && !isAnswer(raw.answer)) return null;
  if (raw.state === 'done' && !raw.answer) return null;
  return raw;
}

function readConversation(id) {
  try {
    const raw = JSON.parse(saved.getItem(keyPrefix() + id));
    if (!raw || raw.id !== id || !isText(raw.title) || !Array.isArray(raw.turns)) return null;
    return { ...raw, updated: isText(raw.updated) ? raw.updated : '', turns: raw.turns.map(fitTurn).filter(Boolean) };
  } catch (_) {
    return null; // broken, or of another version
  }
}

function storedConversations(prefix) {
  const found = [];
  for (let at = 0; at < saved.length; at += 1) {
    const key = saved.key(at);
    if (key && key.startsWith(prefix)) found.push(key.slice(prefix.length));
  }
  return found.map(readConversation).filter(Boolean).sort((a, b) => (a.updated < b.updated ? 1 : -1));
}

/** Stores a conversation; where there is no room, the oldest ones go, and the person is told which. */
function writeConversation(conversation) {
  if (!corpus) return; // asked before the server said which corpus it is: stored when it has
  const key = keyPrefix() + conversation.id;
  const text = JSON.stringify(conversation);
  const dropped = [];
  while (!stores(key, text)) {
    const oldest = oldestBut(conversation.id);
    if (!oldest) {
      dropped.forEach((one) => stores(keyPrefix() + one.id, JSON.stringify(one))); // in vain: all back
      if (!unsaved.has(conversation.id)) toast(UNSAVED, { alert: true, stays: true });
      unsaved.add(conversation.id);
      return;
    }
    saved.removeItem(keyPrefix() + oldest.id);
    dropped.push(oldest);
  }
  unsaved.delete(conversation.id);
  if (!dropped.length) return;
  const names = dropped.map(({ title }) => `“${clip(title, 60)}”`).join(', ');
  toast(`The browser’s storage is full. To make room, the oldest ${dropped.length === 1 ? 'conversation was' : 'conversations were'} deleted: ${names}.`, { alert: true, stays: true });
}

function stores(key, text) {
  try {
    saved.setItem(key, text);
    return true;
  } catch (_) {
    return false; // full
  }
}

function oldestBut(id) {
  const others = storedConversations(keyPrefix()).filter((one) => one.id !== id && !(running && running.conversation === one.id));
  return others[others.length - 1];
}

/** One change to a conversation, made on what is stored now: another window may have written meanwhile. */
function changeConversation(id, change) {
  const ours = shown && shown.id === id ? shown : null;
  const conversation = (corpus && !unsaved.has(id) && readConversation(id)) || ours;
  if (!conversation) return null;
  change(conversation);
  conversation.updated = new Date().toISOString();
  if (ours) shown = conversation;
  writeConversation(conversation);
  showConversations();
  return conversation;
}

function putTurn(conversation, entry, replaced) {
  const at = conversation.turns.findIndex(({ turn }) => turn === entry.turn || turn === replaced);
  if (at < 0) conversation.turns.push(entry);
  else conversation.turns[at] = entry;
}

// -- theme -------------------------------------------------------------------------------------

const isDark = () => document.body.classList.contains('dark');

function showTheme() {
  ui.theme.setAttribute('aria-label', isDark() ? 'Switch to the light theme' : 'Switch to the dark theme');
  ui.theme.replaceChildren(icon(isDark() ? 'sun' : 'moon'));
}

function restoreTheme() {
  const theme = saved.getItem('onrecord:theme');
  if (theme === 'dark' || theme === 'light') document.body.classList.toggle('dark', theme === 'dark');
  showTheme();
}

function toggleTheme() {
  document.body.classList.toggle('dark');
  try {
    saved.setItem('onrecord:theme', isDark() ? 'dark' : 'light');
  } catch (_) { /* full: the theme holds for this visit */ }
  showTheme();
}

// -- layers: drawer, source, backdrop ----------------------------------------------------------

const wide = window.matchMedia('(min-width: 1100px)');
const layers = { drawer: false, source: false };

/** Below 1100 px the drawer and the source lie over the chat: then they are modal dialogs. */
function layOut() {
  if (wide.matches) layers.drawer = false;
  const modal = !wide.matches;
  const drawer = modal && layers.drawer;
  const overlay = modal && layers.source;
  show(ui.shell, layers.source);
  show(ui.backdrop, drawer || overlay);
  root.classList.toggle('has-source', layers.source);
  ui.side.classList.toggle('is-open', drawer);
  ui.side.inert = modal && (!drawer || overlay);
  ui.main.inert = drawer || overlay;
  $('or-skip').inert = drawer || overlay;
  ui.menu.setAttribute('aria-expanded', String(drawer));
  asDialog(ui.side, drawer, 'Conversations and documents');
  asDialog(ui.shell, overlay, 'Source');
}

function asDialog(node, isDialog, label) {
  const attributes = { role: 'dialog', 'aria-modal': 'true', 'aria-label': label };
  for (const [name, value] of Object.entries(attributes)) {
    if (isDialog) node.setAttribute(name, value);
    else node.removeAttribute(name);
  }
}

function openDrawer() {
  if (wide.matches) return;
  layers.drawer = true;
  layOut();
  ui.sideClose.focus();
}

function closeDrawer(focus) {
  if (!layers.drawer) return;
  layers.drawer = false;
  layOut();
  (focus || ui.menu).focus();
}

/** Escape closes what lies on top, one thing at a time. Native dialogs see to themselves. */
function onEscape(event) {
  if (event.key !== 'Escape' || event.defaultPrevented || ui.dialog.open) return;
  if (menu) closeMenu(true);
  else if (!ui.tip.hidden) hideTip();
  else if (layers.source) closeSource();
  else if (layers.drawer) closeDrawer();
  else if (editing) cancelEditing();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// -- messages, dialogs, menus ------------------------------------------------------------------

/** A message at the foot of the page. It waits while the pointer or the focus is on it. */
function toast(text, { action, alert, stays, forMs } = {}) {
  let timer = 0;
  const node = el('div', { class: 'or-toast', role: alert ? 'alert' : null }, el('span', { class: 'or-toast-text' }, text));
  const leave = () => {
    clearTimeout(timer);
    const held = node.contains(document.activeElement);
    node.remove();
    if (held) focusSomewhere();
  };
  const wait = () => {
    clearTimeout(timer);
    if (!stays) timer = setTimeout(leave, forMs || 6000);
  };
  const hold = () => clearTimeout(timer);
  if (action) node.append(button('or-toast-button', action.label, () => { leave(); action.run(); }, { id: action.id }));
  node.append(button('or-square or-toast-close', icon('close'), leave, { 'aria-label': 'Close this message' }));
  for (const type of ['pointerenter', 'focusin']) node.addEventListener(type, hold);
  for (const type of ['pointerleave', 'focusout']) node.addEventListener(type, wait);
  ui.toasts.append(node);
  while (ui.toasts.children.length > 4) ui.toasts.firstElementChild.remove();
  wait();
  return node;
}

const complain = (thrown) => toast(sentence({ message: asProblem(thrown).message, remedy: asProblem(thrown).remedy }), { alert: true, forMs: 12000 });

/** Where the focus goes when what held it is gone. */
function focusSomewhere() {
  const place = [ui.question, ui.sourceTitle, ui.newChat, ui.menu].find(isShown);
  if (place) place.focus();
}

/** Asks in a dialog. Resolves with the field's text (or '' without a field), or null if called off. */
function askInDialog({ title, text, field, confirm, danger }) {
  const input = field && el('input', { class: 'or-input', type: 'text', id: 'or-dialog-field', value: field.value, autocomplete: 'off' });
  const form = el('form', { class: 'or-dialog-form' },
    el('h2', { class: 'or-dialog-title', id: 'or-dialog-title' }, title),
    text && el('p', { class: 'or-dialog-text', dir: 'auto' }, text),
    field && el('label', { class: 'or-label', for: 'or-dialog-field' }, field.label),
    input,
    el('div', { class: 'or-dialog-buttons' },
      button('or-button', 'Cancel', () => ui.dialog.close()),
      el('button', { type: 'submit', class: 'or-button ' + (danger ? 'or-danger' : 'or-primary') }, confirm)));
  return new Promise((resolve) => {
    let outcome = null;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      outcome = input ? input.value.trim() : '';
      if (!input || outcome) ui.dialog.close();
    });
    ui.dialog.replaceChildren(form);
    ui.dialog.addEventListener('close', () => resolve(outcome), { once: true });
    ui.dialog.showModal();
    if (input) input.select();
  });
}

let menu = null; // {node, opener}

function openMenu(opener, label, items) {
  const again = menu && menu.opener === opener;
  closeMenu(false);
  if (again) return;
  const node = el('div', { class: 'or-menu', role: 'menu', 'aria-label': label }, items.map((item) => button('or-menu-item', item.label, () => {
    closeMenu(true);
    item.run();
  }, { role: 'menuitem', tabindex: '-1' }, item.icon)));
  node.addEventListener('keydown', (event) => moveInMenu(event, [...node.children]));
  node.addEventListener('focusout', (event) => {
    if (menu && menu.node === node && event.relatedTarget && !node.contains(event.relatedTarget)) closeMenu(false);
  });
  menu = { node, opener };
  opener.setAttribute('aria-expanded', 'true');
  // Beside its button in the document, so that it is in the same layer (a drawer makes the rest inert).
  (opener.closest('.or-side, .or-source-shell, .or-main') || root).append(node);
  placeBy(node, opener);
  node.firstElementChild.focus();
}

function moveInMenu(event, items) {
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === 'Tab') closeMenu(true);
  if (to === undefined) return;
  event.preventDefault();
  items[(to + items.length) % items.length].focus();
}

function closeMenu(refocus) {
  if (!menu) return;
  const { node, opener } = menu;
  menu = null;
  opener.setAttribute('aria-expanded', 'false');
  if (refocus && opener.isConnected) opener.focus();
  node.remove();
}

/** Puts a floating box under (or, without room, above) what it belongs to, within the window. */
function placeBy(node, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = node;
  const left = Math.max(8, Math.min(at.left + at.width / 2 - width / 2, window.innerWidth - width - 8));
  const below = at.bottom + 6 + height <= window.innerHeight - 8 || at.top < height + 14;
  node.style.left = `${Math.round(left)}px`;
  node.style.top = `${Math.round(below ? at.bottom + 6 : at.top - height - 6)}px`;
}

// -- the composer ------------------------------------------------------------------------------

let editing = null; // the turn that the next question replaces

/** Grows with the text, up to six lines. */
function fitQuestion() {
  ui.question.style.height = 'auto';
  const style = getComputedStyle(ui.question);
  const most = 6 * parseFloat(style.lineHeight) + parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
  ui.question.style.height = `${Math.min(ui.question.scrollHeight, most)}px`;
  ui.question.style.overflowY = ui.question.scrollHeight > most + 1 ? 'auto' : 'hidden';
}

/** Says how near the limit the question is. Returns whether it may be asked. */
function checkLength() {
  const length = Array.from(ui.question.value.trim()).length;
  const over = length > LIMIT;
  ui.hint.textContent = length > LIMIT - 500
    ? `${length.toLocaleString('en')} of ${LIMIT.toLocaleString('en')} characters.${over ? ' Shorten the question to ask it.' : ''}`
    : 'Enter asks, Shift + Enter starts a new line.';
  ui.hint.classList.toggle('is-near', length > LIMIT - 500);
  ui.hint.classList.toggle('is-over', over);
  if (over) ui.question.setAttribute('aria-invalid', 'true');
  else ui.question.removeAttribute('aria-invalid');
  return !over;
}

function setQuestion(text) {
  ui.question.value = text;
  fitQuestion();
  checkLength();
}

function submitQuestion() {
  const question = ui.question.value.trim();
  if (running || !question) return ui.question.focus();
  if (!checkLength()) {
    announce(ui.hint.textContent);
    return ui.question.focus();
  }
  const replaces = editing;
  cancelEditing();
  setQuestion('');
  ask(question, { replaces });
}

function editTurn(entry, text) {
  if (busy()) return;
  editing = entry.turn;
  ui.editing.replaceChildren(
    el('span', null, 'Editing: the answer will be replaced. '),
    button('or-link', 'Cancel', () => { cancelEditing(); setQuestion(''); ui.question.focus(); }));
  show(ui.editing, true);
  setQuestion(text);
  ui.question.focus();
  ui.question.setSelectionRange(text.length, text.length);
}

function cancelEditing() {
  editing = null;
  show(ui.editing, false);
}

function busy() {
  if (running) toast('An answer is being written. Stop it first, or wait for it.');
  return Boolean(running);
}

// -- asking ------------------------------------------------------------------------------------

/** What was understood in the turns before: the server resolves "And the other way round?" with it. */
function historyBefore(turns, at) {
  const told = turns.slice(0, at).filter((turn) => turn.state === 'done' && turn.answer);
  return told.slice(-HISTORY).map(({ answer }) => ({
    question: answer.question,
    answer: answer.outcome === 'answered' ? answer.text : '',
  }));
}

function ask(question, { asTyped = false, replaces = null } = {}) {
  const now = new Date().toISOString();
  const entry = { turn: newId(), asked: question, as_typed: asTyped, at: now, state: 'running', answer: null, more: null, error: null };
  if (!shown) shown = { id: newId(), title: clip(question.replace(/\s+/g, ' '), 80), created: now, updated: now, turns: [] };
  const { id } = shown;
  // First on the page, then to the server, then to storage: the question must show at once.
  running = { turn: entry.turn, conversation: id, entry, stage: 'waiting', heard: Date.now() };
  putTurn(shown, entry, replaces);
  const at = shown.turns.indexOf(entry);
  showTurn(entry, replaces);
  showRunning();
  trigger('ask', { turn: entry.turn, question, history: asTyped ? [] : historyBefore(shown.turns, at), as_typed: asTyped });
  setTimeout(() => {
    changeConversation(id, (conversation) => putTurn(conversation, entry, replaces));
    rememberOpen();
  }, 0);
  followAnswer(true);
}

function onSnapshot() {
  const snapshot = plain(props.value);
  if (!snapshot || !running || snapshot.turn !== running.turn) return;
  const { entry } = running;
  running.heard = Date.now();
  running.stage = snapshot.stage;
  if (!snapshot.answer || isAnswer(snapshot.answer)) entry.answer = snapshot.answer || entry.answer;
  entry.more = snapshot.more || entry.more;
  if (snapshot.stage === 'done' && entry.answer) return finish('done');
  if (snapshot.stage === 'stopped') return finish('stopped');
  if (snapshot.stage === 'failed' || snapshot.stage === 'done' || snapshot.error) {
    entry.error = snapshot.error || { message: 'The answer did not arrive whole.', remedy: 'Ask again.' };
    return finish('failed');
  }
  updateTurn(entry);
  followAnswer(false);
}

function finish(state) {
  const { entry, conversation } = running;
  running = null;
  entry.state = state;
  changeConversation(conversation, (stored) => putTurn(stored, entry));
  showRunning();
  if (!shown || shown.id !== conversation) return;
  updateTurn(entry);
  refreshTools();
  followAnswer(false);
  announce(outcomeInWords(entry));
}

function outcomeInWords({ state, answer }) {
  if (state === 'stopped') return 'Stopped.';
  if (state === 'failed') return ''; // its role=alert speaks for itself
  if (answer.outcome === 'no_evidence') return 'The documents do not say.';
  return `Answered with ${count(answer.claims.length, 'sentence')} and ${count(answer.citations.length, 'citation')}.`;
}

function stopAnswer() {
  if (!running) return;
  trigger('stop', { turn: running.turn });
  finish('stopped');
  ui.question.focus();
}

function failRun(problem) {
  running.entry.error = { message: problem.message, remedy: problem.remedy };
  finish('failed');
}

/** Asks a turn's question once more, in its place. */
function askAgain(entry, { asTyped = entry.as_typed } = {}) {
  if (!busy()) ask(entry.asked, { asTyped, replaces: entry.turn });
}

/** Ask becomes Stop while an answer is written; the focus stays where the hand is. */
function showRunning() {
  const held = document.activeElement === ui.ask || document.activeElement === ui.stop;
  show(ui.ask, !running);
  show(ui.stop, Boolean(running));
  if (held) (running ? ui.stop : ui.question).focus();
  root.classList.toggle('is-running', Boolean(running));
}

const following = { on: true, top: 0 }; // until the reader scrolls away

/** Keeps the end in view while an answer grows, but never pushes its question out at the top. */
function followAnswer(now) {
  const { thread } = ui;
  const last = ui.turns.lastElementChild;
  if (!last || (running && shown && running.conversation !== shown.id)) return;
  if (now) following.on = true;
  if (!following.on) return;
  thread.scrollTop = Math.min(thread.scrollHeight - thread.clientHeight, last.offsetTop - ui.turns.offsetTop);
  following.top = thread.scrollTop;
}

/** A scroll that is not ours: the reader has gone elsewhere, or has come back to the end. */
function onThreadScroll() {
  const { thread } = ui;
  const atEnd = thread.scrollHeight - thread.clientHeight - thread.scrollTop < 24;
  following.on = atEnd || Math.abs(thread.scrollTop - following.top) < 4;
  keepAnchored();
}

/** What floats goes with what it belongs to, and goes away when that leaves the view. */
function keepAnchored() {
  const frame = ui.thread.getBoundingClientRect();
  const inView = (node) => node.getBoundingClientRect().bottom > frame.top && node.getBoundingClientRect().top < frame.bottom;
  if (tipFor && inView(tipFor)) placeBy(ui.tip, tipFor);
  else hideTip();
  if (menu && ui.thread.contains(menu.opener)) {
    if (inView(menu.opener)) placeBy(menu.node, menu.opener);
    else closeMenu(false);
  }
}

// -- a conversation on the page ----------------------------------------------------------------

const views = new Map(); // turn id → {node, tools, understood, stages, claims, foot, keys}

function showConversation(conversation) {
  shown = conversation;
  views.clear();
  ui.turns.replaceChildren();
  cancelEditing();
  if (shown) shown.turns.forEach((entry) => showTurn(running && running.turn === entry.turn ? running.entry : entry));
  else showHead();
  rememberOpen();
  showConversations();
  ui.thread.scrollTop = ui.thread.scrollHeight;
}

function rememberOpen() {
  if (!corpus) return;
  try {
    if (shown) thisTab.setItem(openKey(), shown.id);
    else thisTab.removeItem(openKey());
  } catch (_) { /* full: a reload then starts on a new chat */ }
}

function showHead() {
  const title = shown ? shown.title : '';
  ui.title.replaceChildren(title ? bdi(clip(title, 200)) : 'New conversation');
  document.title = title ? `${clip(title, 60)} – OnRecord` : 'OnRecord';
  showEmpty();
}

function showTurn(entry, replaced) {
  const heading = el('h2', { class: 'or-asked', dir: 'auto' }, entry.asked);
  const view = {
    node: el('article', { class: 'or-turn', 'data-turn': entry.turn }),
    tools: el('div', { class: 'or-turn-tools' }), understood: el('div', { class: 'or-understood-place' }),
    stages: el('ol', { class: 'or-stages', 'aria-label': 'Progress', 'aria-live': 'polite', 'aria-relevant': 'additions' }),
    claims: el('div', { class: 'or-claims' }), foot: el('div', { class: 'or-foot' }), keys: [],
  };
  view.node.append(el('div', { class: 'or-turn-head' }, heading, view.tools), view.understood, view.stages, view.claims, view.foot);
  const old = views.get(replaced);
  if (old) {
    const held = old.node.contains(document.activeElement);
    old.node.replaceWith(view.node);
    views.delete(replaced);
    if (held) ui.question.focus({ preventScroll: true });
  } else {
    ui.turns.append(view.node);
  }
  views.set(entry.turn, view);
  showHead();
  updateTurn(entry);
  refreshTools();
}

/** Brings a turn's view up to its entry: alike for a growing answer and for one from storage. */
function updateTurn(entry) {
  const view = views.get(entry.turn);
  if (!view) return;
  const live = Boolean(running && running.turn === entry.turn);
  showUnderstood(view, entry, live);
  showStages(view, live ? running.stage : null);
  showClaims(view, entry);
  view.foot.replaceChildren(...(live ? [] : footOf(entry)).filter(Boolean));
}

/** Edit and Ask again stand at the last question only: they replace what follows from it. */
function refreshTools() {
  const last = shown && shown.turns[shown.turns.length - 1];
  for (const [id, view] of views) {
    const offered = last && last.turn === id && !(running && running.turn === id);
    fill(view.tools, ...(offered ? [
      button('or-link', 'Edit', () => editTurn(last, last.asked), { 'aria-label': 'Edit the question' }, 'edit'),
      last.state === 'done' && button('or-link', 'Ask again', () => askAgain(last), null, 'refresh'), // else it is below
    ] : []));
  }
}

function showUnderstood(view, entry, live) {
  const { answer } = entry;
  const differs = answer && answer.asked && answer.asked !== answer.question;
  const key = differs ? `${live} ${answer.question}` : '';
  if (view.understoodKey === key) return;
  view.understoodKey = key;
  view.understood.replaceChildren(...(differs ? [el('div', { class: 'or-understood' },
    el('p', { class: 'or-understood-text', dir: 'auto' }, el('span', { class: 'or-understood-label' }, 'Understood as: '), bdi(answer.question)),
    live ? null : el('p', { class: 'or-understood-tools' },
      button('or-link or-as-typed', 'Ask exactly as typed', () => askAgain(entry, { asTyped: true })),
      button('or-link', 'Edit', () => editTurn(entry, answer.question), { 'aria-label': 'Edit what was understood' })))] : []));
}

function showStages(view, stage) {
  if (!stage) return view.stages.replaceChildren();
  const now = Math.max(0, STAGES.findIndex(([name]) => name === stage));
  STAGES.slice(0, now + 1).forEach(([, doing, done], at) => {
    // A step is added as it begins (a screen reader says it) and only changes its look afterwards.
    const item = view.stages.children[at] || view.stages.appendChild(el('li', { class: 'or-stage' }));
    const text = at < now ? done : doing;
    item.classList.toggle('is-done', at < now);
    if (item.textContent !== text) item.replaceChildren(at < now ? icon('tick') : el('span', { class: 'or-spinner', 'aria-hidden': 'true' }), text);
  });
  return undefined;
}

/** Adds the claims that are new, and leaves those alone that the reader may be looking at. */
function showClaims(view, entry) {
  const claims = entry.answer && entry.answer.outcome === 'answered' ? entry.answer.claims : [];
  claims.forEach((claim, at) => {
    const cited = list(claim.citations).map((marker) => citationOf(entry.answer, marker));
    const key = JSON.stringify([claim, cited]);
    if (view.keys[at] === key) return;
    const node = claimNode(entry, claim, cited);
    if (view.claims.children[at]) view.claims.children[at].replaceWith(node);
    else view.claims.append(node);
    view.keys[at] = key;
  });
  while (view.claims.children.length > claims.length) view.claims.lastElementChild.remove();
  view.keys.length = claims.length;
}

const citationOf = (answer, marker) => answer.citations.find((cited) => cited.marker === marker) || null;

function claimNode(entry, claim, cited) {
  const unsaid = isText(claim.attribution) && claim.attribution && !claim.text.includes(claim.attribution);
  return el('p', { class: 'or-claim', dir: 'auto' },
    el('span', { class: 'or-claim-text' }, claim.text),
    unsaid && el('span', { class: 'or-attribution' }, ` (${claim.attribution})`),
    claim.verdict === 'partly' && isText(claim.reason) && el('span', { class: 'or-attribution' }, ` (${claim.reason})`),
    el('span', { class: 'or-chips' }, cited.filter(Boolean).map((citation) => chipNode(entry, citation))));
}

function chipNode(entry, citation) {
  const day = longDate(citation.published);
  const node = button('chip', String(citation.marker), () => openCitation(entry, citation, node), {
    'data-marker': citation.marker,
    'aria-label': `Citation ${citation.marker}: ${clip(titleOf(citation), 160)}${day ? ', ' + day : ''}`,
  });
  node.addEventListener('pointerenter', (event) => { if (event.pointerType === 'mouse') planTip(node, citation); });
  node.addEventListener('pointerleave', (event) => { if (event.pointerType === 'mouse') leaveTip(); });
  node.addEventListener('focus', () => { if (node.matches(':focus-visible')) showTip(node, citation); });
  node.addEventListener('blur', hideTip);
  return node;
}

// -- below an answer ---------------------------------------------------------------------------

function footOf(entry) {
  if (entry.state === 'failed') return [errorBox(entry.error || {}, () => askAgain(entry))];
  if (entry.state === 'stopped') return [pauseBox('Stopped before the answer was complete.', entry)];
  if (entry.state === 'running') return [pauseBox('The page was left before the answer came.', entry)];
  const { answer } = entry;
  return [
    answer.outcome === 'no_evidence' ? noEvidence(entry) : el('p', { class: 'or-summary' }, summaryOf(answer)),
    notesOf(answer), droppedOf(answer), actionsOf(entry),
  ];
}

function summaryOf(answer) {
  const documents = new Set(answer.citations.map((cited) => cited.document)).size;
  const total = answer.timings_ms && answer.timings_ms.total;
  return [
    `${count(answer.citations.length, 'citation')} from ${count(documents, 'document')}`,
    total >= 0 && duration(total),
    answer.confidence >= 0 && `confidence ${Number(answer.confidence).toFixed(2)}`,
    answer.composed === 'model' && 'written by a language model, each sentence checked',
  ].filter(Boolean).join(' · ');
}

function errorBox({ message, remedy }, retry, retryLabel = 'Retry') {
  return el('div', { class: 'or-error', role: 'alert' },
    el('p', { class: 'or-error-title' }, icon('alert'), message || 'Something went wrong.'),
    remedy && el('p', { class: 'or-error-remedy', dir: 'auto' }, remedy),
    retry && button('or-button', retryLabel, retry, null, 'refresh'));
}

function pauseBox(text, entry) {
  return el('div', { class: 'or-pause' }, el('p', null, text), button('or-button', 'Ask again', () => askAgain(entry), null, 'refresh'));
}

/** Not an error and not an answer: it must look like neither. */
function noEvidence(entry) {
  const { answer, more } = entry;
  const documents = more && more.searched && more.searched.documents;
  const nearest = list(more && more.nearest).filter((near) => near && isText(near.text) && isText(near.document));
  return el('div', { class: 'or-none' },
    el('h3', { class: 'or-none-title' }, 'The documents do not say'),
    el('p', { class: 'or-none-reason', dir: 'auto' }, answer.reason || answer.text || ''),
    documents >= 0 && documents !== null && el('p', { class: 'or-none-searched' }, `Searched ${count(documents, 'document')} for: `, el('q', { class: 'or-q' }, bdi(answer.question))),
    nearest.length > 0 && el('div', { class: 'or-nearest' },
      el('h4', { class: 'or-nearest-title' }, 'Nearest passages. They do not answer the question.'),
      el('ul', { class: 'or-list' }, nearest.map((near, at) => el('li', null, nearNode(entry, nearest, at))))));
}

function nearNode(entry, nearest, at) {
  const near = nearest[at];
  const node = button('or-near', [
    el('span', { class: 'or-near-text', dir: 'auto' }, clip(near.text, 280)),
    el('span', { class: 'or-near-meta' }, bdi(titleOf(near)), near.published ? ` · ${longDate(near.published)}` : ''),
  ], () => {
    const refs = nearest.map((one, index) => ({ ...one, marker: index + 1, quote: one.text }));
    openSource({ kind: 'Nearest passage. It does not answer the question.', refs: sameVersion(refs, near), marker: at + 1, opener: node, copies: true, isNear: true });
  });
  return node;
}

function notesOf(answer) {
  const notes = list(answer.notes).filter(isText);
  return notes.length > 0 && el('ul', { class: 'or-notes', 'aria-label': 'Notes' }, notes.map((note) => el('li', { dir: 'auto' }, note)));
}

function droppedOf(answer) {
  const dropped = list(answer.dropped).filter((drop) => drop && isText(drop.text));
  if (!dropped.length) return null;
  return el('details', { class: 'or-dropped' },
    el('summary', null, `Left out, and why: ${count(dropped.length, 'sentence')}`),
    el('ul', null, dropped.map((drop) => el('li', { dir: 'auto' }, 'Left out: ', bdi(drop.text), drop.reason ? ` (${drop.reason})` : ''))));
}

function actionsOf(entry) {
  const verdict = entry.feedback;
  const place = el('div', { class: 'or-note-place' });
  const copy = button('or-action', 'Copy', () => openMenu(copy, 'Copy', [
    { label: 'Text with footnotes', icon: 'copy', run: () => copyAnswer(entry, 'text') },
    { label: 'Markdown', icon: 'copy', run: () => copyAnswer(entry, 'markdown') },
    { label: 'Link to this question', icon: 'link', run: () => copyText(linkTo(entry.asked), 'Link copied.') },
  ]), { 'aria-haspopup': 'menu', 'aria-expanded': 'false' }, 'copy');
  const up = button('or-action or-up', icon('thumb'), () => sendFeedback(entry, 'up', ''), { 'aria-label': 'Good answer', 'aria-pressed': String(verdict === 'up') });
  const down = button('or-action or-down', icon('thumb'), () => place.replaceChildren(...(place.firstChild ? [] : [noteForm(entry, place, down)])), { 'aria-label': 'Bad answer', 'aria-pressed': String(verdict === 'down') });
  return el('div', { class: 'or-actions-place' }, el('div', { class: 'or-actions' }, copy, up, down), place);
}

function noteForm(entry, place, opener) {
  const field = el('textarea', { class: 'or-input', id: 'or-note', rows: 2, placeholder: 'Optional' });
  const close = () => { place.replaceChildren(); opener.focus(); };
  root.querySelectorAll('.or-note-form').forEach((open) => open.remove()); // one at a time: its field has an id
  setTimeout(() => field.focus(), 0);
  return el('form', {
    class: 'or-note-form',
    onsubmit: (event) => { event.preventDefault(); close(); sendFeedback(entry, 'down', field.value.trim()); },
    onkeydown: (event) => { if (event.key === 'Escape') { event.preventDefault(); close(); } },
  },
  el('label', { class: 'or-label', for: 'or-note' }, 'What is wrong with this answer?'), field,
  el('div', { class: 'or-row' }, el('button', { type: 'submit', class: 'or-button or-primary' }, 'Send'), button('or-button', 'Cancel', close)));
}

async function sendFeedback(entry, verdict, note) {
  try {
    await call('desk_feedback', { verdict, note, answer: entry.answer });
  } catch (thrown) {
    return complain(thrown);
  }
  entry.feedback = verdict;
  if (shown) changeConversation(shown.id, (conversation) => { const stored = conversation.turns.find(({ turn }) => turn === entry.turn); if (stored) stored.feedback = verdict; });
  const view = views.get(entry.turn);
  if (view) {
    view.node.querySelector('.or-up').setAttribute('aria-pressed', String(verdict === 'up'));
    view.node.querySelector('.or-down').setAttribute('aria-pressed', String(verdict === 'down'));
  }
  return toast('Thank you. Saved.');
}

// -- copying and downloading -------------------------------------------------------------------

const linkTo = (question) => `${location.origin}${location.pathname}?q=${encodeURIComponent(question)}`;
const exported = (entry) => ({ asked: entry.asked, at: entry.at, answer: entry.answer });

/** The clipboard of browsers is for secure pages only; a desk that serves its own network has none. */
async function copyText(text, said) {
  try {
    await navigator.clipboard.writeText(text);
  } catch (_) {
    if (!copyByHand(text)) return toast('The browser did not allow copying.', { alert: true });
  }
  return toast(said || 'Copied.');
}

function copyByHand(text) {
  const held = document.activeElement;
  const area = el('textarea', { class: 'or-unseen', 'aria-label': 'Text to copy' });
  area.value = text;
  root.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (held) held.focus();
  return done;
}

async function copyAnswer(entry, format) {
  try {
    const { content } = await call('desk_export', { format, title: clip(entry.asked, 200), turns: [exported(entry)] });
    await copyText(content, format === 'text' ? 'Copied with footnotes.' : 'Copied as Markdown.');
  } catch (thrown) {
    complain(thrown);
  }
}

async function download(conversation, format) {
  const turns = conversation.turns.filter((entry) => entry.state === 'done').map(exported);
  if (!turns.length) return toast('There is no answer in this conversation yet.');
  try {
    const file = await call('desk_export', { format, title: conversation.title, turns });
    const url = URL.createObjectURL(new Blob([file.content], { type: String(file.type) }));
    const anchor = document.createElement('a');
    anchor.href = url;
    anchor.download = String(file.name);
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  } catch (thrown) {
    complain(thrown);
  }
  return undefined;
}

// -- a citation's popover ----------------------------------------------------------------------

let tipTimer = 0;
let tipFor = null;

function planTip(chip, citation) {
  clearTimeout(tipTimer);
  tipTimer = setTimeout(() => showTip(chip, citation), tipFor ? 0 : 120);
}

/** A moment's grace, so that the pointer can travel from the chip onto the popover. */
function leaveTip() {
  clearTimeout(tipTimer);
  tipTimer = setTimeout(hideTip, 180);
}

function showTip(chip, citation) {
  hideTip();
  if (!isShown(chip)) return;
  const day = longDate(citation.published);
  ui.tip.replaceChildren(
    el('span', { class: 'or-tip-quote', dir: 'auto' }, clip(citation.quote, 400)),
    el('span', { class: 'or-tip-meta' }, bdi(clip(titleOf(citation), 140)), day && ` · ${day}`));
  show(ui.tip, true);
  placeBy(ui.tip, chip);
  chip.setAttribute('aria-describedby', 'or-tip');
  tipFor = chip;
}

function hideTip() {
  clearTimeout(tipTimer);
  if (tipFor) tipFor.removeAttribute('aria-describedby');
  tipFor = null;
  show(ui.tip, false);
}

// -- the source --------------------------------------------------------------------------------

let open = null; // {kind, refs, marker, opener, turn, document, copies, isNear}

const sameVersion = (refs, one) => refs.filter((ref) => ref.document === one.document && ref.sha256 === one.sha256);

function openCitation(entry, citation, chip) {
  openSource({ kind: 'Source', refs: sameVersion(entry.answer.citations, citation), marker: citation.marker, opener: chip, turn: entry.turn, copies: true });
}

function openDocument(file, opener) {
  const { path, title, published, source } = file;
  openSource({ kind: 'Document', refs: [], marker: null, opener, document: { document: path, sha256: null, title, published, source } });
}

/** Opens the source: what is known of it at once, its text when the server has given it. */
function openSource(next) {
  hideTip();
  open = next;
  layers.drawer = false;
  layers.source = true;
  layOut();
  markOpenChip();
  loadSource();
  ui.sourceTitle.focus({ preventScroll: true });
}

/** Shows in the answer which citation the source panel is at. */
function markOpenChip() {
  root.querySelectorAll('.chip.is-open').forEach((chip) => chip.classList.remove('is-open'));
  const chip = open && chipOf(open);
  if (chip) chip.classList.add('is-open');
}

function chipOf({ turn, marker }) {
  const view = turn && views.get(turn);
  return view && view.node.querySelector(`.chip[data-marker="${Number(marker)}"]`);
}

async function loadSource() {
  const mine = open;
  const { marker } = mine;
  const ref = currentRef();
  showSourceHead(ref, null);
  ui.sourceBody.setAttribute('aria-busy', 'true');
  try {
    const source = await call('desk_source', {
      document: ref.document, sha256: ref.sha256, current: marker,
      spans: mine.refs.map((one) => [one.marker, one.start, one.end]),
    });
    if (open !== mine || mine.marker !== marker) return; // another one was opened meanwhile
    // Of what is gone the server knows the text at most: the citation knows what it was called.
    showSourceHead(source.state === 'gone' ? { ...source, ...ref } : { ...ref, ...source }, source.state);
    showSourceText(source);
  } catch (thrown) {
    if (open !== mine || mine.marker !== marker) return;
    const problem = asProblem(thrown);
    ui.sourceText.replaceChildren(errorBox({ message: problem.message, remedy: problem.remedy }, loadSource));
    show(ui.before, false);
    show(ui.after, false);
  } finally {
    if (open === mine) ui.sourceBody.removeAttribute('aria-busy');
  }
}

const currentRef = () => open.refs.find((ref) => ref.marker === open.marker) || open.document;

function showSourceHead(ref, state) {
  const at = open.refs.findIndex((one) => one.marker === open.marker);
  ui.kind.textContent = open.kind;
  ui.sourceText.classList.toggle('is-near', Boolean(open.isNear)); // no evidence: not marked as such
  ui.sourceTitle.textContent = titleOf(ref);
  const day = longDate(ref.published);
  const parts = [day, ref.source && bdi(clip(ref.source, 100)), el('span', { class: 'or-path' }, bdi(clip(ref.document, 300))), ref.line && at >= 0 && `line ${Number(ref.line)}`];
  fill(ui.sourceMeta, dotted(parts));
  const badge = { changed: 'The source has changed since', gone: 'The source is no longer in the corpus' }[state] || '';
  ui.badge.textContent = badge;
  show(ui.badge, Boolean(badge));
  show(ui.copyQuote, Boolean(open.copies));
  show(ui.steps, open.refs.length > 1);
  ui.stepCount.textContent = `${at + 1} of ${open.refs.length}`;
  setOff(ui.prev, at <= 0);
  setOff(ui.next, at >= open.refs.length - 1);
}

/** Off, but still able to hold the focus: a button that vanishes under the finger loses it. */
const setOff = (node, off) => node.setAttribute('aria-disabled', String(off));

/** The text as it is, one element for each segment: a mark's text is exactly the quote. */
function showSourceText({ segments, cut_before: cutBefore, cut_after: cutAfter }) {
  let current = null;
  const nodes = list(segments).map(([text, marker, isCurrent]) => {
    const known = Number.isInteger(marker);
    const node = el(known ? 'mark' : 'span', { class: isCurrent ? 'current' : null, 'data-marker': known ? marker : null }, String(text));
    if (isCurrent) current = node;
    return node;
  });
  if (!nodes.length) nodes.push(el('p', { class: 'or-cut' }, 'The text of this version is no longer at hand.'));
  ui.sourceText.replaceChildren(...nodes);
  show(ui.before, cutBefore);
  show(ui.after, cutAfter);
  const { sourceBody } = ui;
  if (!current) sourceBody.scrollTop = 0;
  else sourceBody.scrollTop += current.getBoundingClientRect().top - sourceBody.getBoundingClientRect().top - sourceBody.clientHeight / 4;
}

function stepSource(by) {
  const at = open.refs.findIndex((ref) => ref.marker === open.marker) + by;
  if (at < 0 || at >= open.refs.length) return;
  open.marker = open.refs[at].marker;
  announce(`${at + 1} of ${open.refs.length}`);
  markOpenChip();
  loadSource();
}

function closeSource() {
  if (!open) return;
  const { opener } = open;
  const chip = chipOf(open); // after Previous or Next it is not the one that opened the source
  const keep = wide.matches && !ui.shell.contains(document.activeElement) && document.activeElement !== document.body;
  open = null;
  layers.source = false;
  layOut();
  ui.sourceText.replaceChildren();
  markOpenChip();
  if (keep) return; // on the desktop the hand may be in the composer: leave it there
  const back = [opener, chip, ui.menu, ui.question].find((node) => node && isShown(node));
  if (back) back.focus();
}

function copyQuoteWithReference() {
  const ref = open && currentRef();
  if (!ref) return;
  const where = [ref.title, ref.source, longDate(ref.published), ref.document + (ref.line ? `, line ${ref.line}` : '')];
  copyText(`“${ref.quote}”\n— ${where.filter(Boolean).join('. ')}`, 'Quote copied with its reference.');
}

// -- side bar: conversations -------------------------------------------------------------------

function showTab(name) {
  for (const [each, tab] of Object.entries(ui.tabs)) {
    tab.setAttribute('aria-selected', String(each === name));
    tab.tabIndex = each === name ? 0 : -1;
    show(ui[each], each === name);
  }
  if (name === 'documents') loadDocuments();
}

function onTabKey(event) {
  if (!['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(event.key)) return;
  const name = event.target === ui.tabs.conversations ? 'documents' : 'conversations';
  event.preventDefault();
  showTab(name);
  ui.tabs[name].focus();
}

function startNewChat() {
  closeDrawer(ui.question);
  showConversation(null);
  setQuestion('');
  ui.question.focus();
}

const ageOf = (updated) => {
  const days = (new Date().setHours(0, 0, 0, 0) - new Date(updated).setHours(0, 0, 0, 0)) / 864e5;
  if (!(days > 0.5)) return 'Today';
  return days < 1.5 ? 'Yesterday' : 'Earlier';
};

function showConversations() {
  if (!corpus) return;
  const conversations = storedConversations(keyPrefix());
  const key = JSON.stringify([shown && shown.id, conversations.map(({ id, title, updated }) => [id, title, ageOf(updated)])]);
  if (ui.conversations.dataset.key === key) return;
  ui.conversations.dataset.key = key;
  const held = ui.conversations.contains(document.activeElement) && document.activeElement.closest('li');
  const heldId = held && held.dataset.id;
  const groups = new Map();
  conversations.forEach((one) => groups.set(ageOf(one.updated), [...(groups.get(ageOf(one.updated)) || []), one]));
  ui.conversations.replaceChildren(...(conversations.length
    ? [...groups].flatMap(([age, those]) => [el('h2', { class: 'or-group' }, age), el('ul', { class: 'or-list' }, those.map(conversationRow))])
    : [el('p', { class: 'or-quiet' }, 'Your conversations will be listed here. They stay in this browser.')]));
  if (heldId) {
    const row = [...ui.conversations.querySelectorAll('li')].find((li) => li.dataset.id === heldId);
    (row ? row.firstElementChild : ui.newChat).focus();
  }
}

function conversationRow(conversation) {
  const { id } = conversation;
  const title = clip(conversation.title, 120);
  const more = button('or-square or-row-tool', icon('more'), () => openMenu(more, 'Conversation', [
    { label: 'Rename', icon: 'edit', run: () => renameConversation(id) },
    { label: 'Download as Markdown', icon: 'download', run: () => download(readConversation(id) || conversation, 'markdown') },
    { label: 'Download as JSON', icon: 'download', run: () => download(readConversation(id) || conversation, 'json') },
    { label: 'Download as HTML page', icon: 'download', run: () => download(readConversation(id) || conversation, 'html') },
    { label: 'Delete', icon: 'bin', run: () => deleteConversation(id) },
  ]), { 'aria-label': `Options for ${title}`, 'aria-haspopup': 'menu', 'aria-expanded': 'false' });
  return el('li', { class: 'or-conversation' + (shown && shown.id === id ? ' is-current' : ''), 'data-id': id },
    button('or-row-main', el('span', { class: 'or-row-title', dir: 'auto' }, title), () => {
      showConversation(readConversation(id));
      closeDrawer(ui.title);
    }, { 'aria-current': shown && shown.id === id ? 'true' : null }), more);
}

async function renameConversation(id) {
  const conversation = readConversation(id);
  if (!conversation) return;
  const title = await askInDialog({ title: 'Rename the conversation', field: { label: 'Title', value: conversation.title }, confirm: 'Rename' });
  if (title === null) return;
  changeConversation(id, (stored) => { stored.title = clip(title, 200); });
  if (shown && shown.id === id) showHead();
}

async function deleteConversation(id) {
  const conversation = readConversation(id);
  if (!conversation) return;
  const sure = await askInDialog({ title: 'Delete this conversation?', text: `“${clip(conversation.title, 120)}” will be gone from this browser.`, confirm: 'Delete', danger: true });
  if (sure === null) return;
  if (running && running.conversation === id) stopAnswer();
  saved.removeItem(keyPrefix() + id);
  if (shown && shown.id === id) showConversation(null);
  showConversations();
  ui.newChat.focus();
  toast('Conversation deleted.');
}

/** Another window wrote: its conversations are listed here too, and the open one is brought up to date. */
function onStorage({ key, newValue }) {
  if (key === 'onrecord:theme') return restoreTheme();
  if (!corpus || (key !== null && !key.startsWith(keyPrefix()))) return undefined;
  const id = key === null ? null : key.slice(keyPrefix().length);
  const runsHere = running && shown && running.conversation === shown.id;
  if (shown && (key === null || shown.id === id) && !runsHere) {
    const fresh = newValue ? readConversation(id) : null;
    const { scrollTop } = ui.thread;
    if (!fresh) toast('This conversation was deleted in another window.');
    showConversation(fresh);
    ui.thread.scrollTop = scrollTop;
  }
  return showConversations();
}

// -- side bar: documents -----------------------------------------------------------------------

const documents = { rows: [], total: 0, matching: 0, ticket: 0, key: '' };

/** Fetches the list anew (as long as it was), or its next page. */
async function loadDocuments(more) {
  if (ui.documents.hidden) return;
  documents.ticket += 1;
  const { ticket } = documents;
  const offset = more ? documents.rows.length : 0;
  const limit = more ? PAGE : Math.max(PAGE, documents.rows.length);
  try {
    const reply = await call('desk_documents', { query: ui.search.value.trim(), offset, limit });
    if (ticket !== documents.ticket) return; // the search has gone on
    documents.rows = [...(more ? documents.rows : []), ...list(reply.documents)];
    documents.total = reply.total;
    documents.matching = reply.matching;
    showDocuments();
  } catch (thrown) {
    if (ticket !== documents.ticket) return;
    documents.key = '';
    ui.count.textContent = sentence({ message: asProblem(thrown).message, remedy: asProblem(thrown).remedy });
  }
}

function showDocuments() {
  const { rows, total, matching } = documents;
  const key = JSON.stringify([rows, corpus && corpus.read_only]);
  const searching = ui.search.value.trim();
  ui.count.textContent = searching ? `${matching.toLocaleString('en')} of ${count(total, 'document')}` : count(total, 'document');
  show(ui.more, rows.length < matching);
  if (documents.key === key) return;
  documents.key = key;
  const held = document.activeElement && ui.list.contains(document.activeElement) ? document.activeElement : null;
  const heldAt = held ? [...ui.list.children].indexOf(held.closest('li')) : -1;
  ui.list.replaceChildren(...rows.map(documentRow));
  if (heldAt >= 0) {
    const row = ui.list.children[Math.min(heldAt, ui.list.children.length - 1)];
    (row ? row.querySelector('button') : ui.search).focus();
  }
}

function documentRow(file) {
  const state = Object.keys(DOCUMENT_STATES).includes(file.state) ? file.state : 'indexed';
  const meta = dotted([longDate(file.published), file.source && bdi(clip(file.source, 80)), sizeOf(file.size)]);
  const opens = button('or-row-main', [
    el('span', { class: 'or-row-title', dir: 'auto' }, titleOf(file)),
    el('span', { class: 'or-row-meta' }, meta),
    DOCUMENT_STATES[state] && el('span', { class: 'or-row-state' }, DOCUMENT_STATES[state]),
  ], () => openDocument(file, opens));
  const removable = corpus && !corpus.read_only && state !== 'removed';
  return el('li', { class: 'or-document', 'data-state': state },
    el('div', { class: 'or-row-line' }, opens,
      removable && button('or-square or-row-tool or-remove', icon('bin'), () => removeDocument(file), { 'aria-label': `Remove ${clip(titleOf(file), 120)}` })),
    state === 'refused' && el('p', { class: 'or-row-reason', dir: 'auto' }, sentence({ message: file.reason, remedy: file.remedy })));
}

async function removeDocument(file) {
  try {
    const { removal } = await call('desk_remove', { path: file.path });
    root.querySelectorAll('#or-undo').forEach((older) => older.removeAttribute('id')); // the newest has the name
    const message = toast(`Removed “${clip(titleOf(file), 80)}”.`, { forMs: UNDO_FOR, action: { id: 'or-undo', label: 'Undo', run: () => undoRemoval(removal) } });
    const undo = message.querySelector('#or-undo');
    if (undo) undo.focus({ preventScroll: true }); // and while it is there, the message stays
    pollSoon();
    loadDocuments();
  } catch (thrown) {
    complain(thrown);
  }
}

async function undoRemoval(removal) {
  try {
    const { path } = await call('desk_undo', { removal });
    toast(`Brought back “${clip(path, 80)}”.`);
    pollSoon();
    loadDocuments();
  } catch (thrown) {
    complain(thrown);
  }
}

async function reindex() {
  try {
    applyState(await call('desk_sync'));
    syncSeen = true;
    pollSoon();
  } catch (thrown) {
    complain(thrown);
  }
}

// -- adding documents --------------------------------------------------------------------------

const uploads = []; // {file, path, saved, state, node, said, bar}

function uploadRow(file) {
  const row = { file, path: null, saved: null, state: '' };
  row.bar = el('progress', { class: 'or-progress', max: '1', value: '0', 'aria-label': `Uploading ${clip(file.name, 80)}` });
  row.said = el('p', { class: 'or-result-text', dir: 'auto' });
  row.node = el('li', { class: 'or-upload-result' }, el('p', { class: 'or-result-name' }, bdi(clip(file.name, 120))), row.bar, row.said);
  row.tell = (state, text) => {
    row.state = state;
    row.node.dataset.state = state;
    row.said.textContent = text;
    show(row.bar, state === 'uploading');
  };
  row.tell('uploading', 'Waiting…');
  uploads.push(row);
  return row;
}

/** Why a file need not even be sent. */
function refusalOf(file) {
  const suffixes = list(corpus.suffixes);
  if (suffixes.length && !suffixes.some((suffix) => file.name.toLowerCase().endsWith(suffix))) return `This kind of file cannot be read. Add ${suffixes.join(' or ')} files.`;
  if (file.size > corpus.max_upload_mb * 1048576) return tooLarge();
  return '';
}

const tooLarge = () => `Larger than ${corpus.max_upload_mb} MB. Split it into smaller files.`;

async function addFiles(files) {
  if (!files.length) return;
  // A hand can be quicker than the first word from the server.
  if (!corpus) await poll();
  if (!corpus) return toast('The server does not answer. Add the documents again when it does.', { alert: true });
  if (corpus.read_only) {
    toast('This collection is read-only: documents cannot be added here.', { alert: true });
    return undefined;
  }
  showTab('documents');
  openDrawer();
  const rows = files.map(uploadRow);
  showResults();
  for (const row of rows) await uploadOne(row);
  await handOver(rows.filter((row) => row.path));
}

async function uploadOne(row) {
  const refusal = refusalOf(row.file);
  if (refusal) return row.tell('failed', refusal);
  try {
    row.path = await sendFile(row.file, (share) => {
      row.bar.value = share;
      row.tell('uploading', `Uploading, ${Math.round(share * 100)} %`);
    });
    row.tell('sent', 'Uploaded');
  } catch (thrown) {
    row.tell('failed', sentence({ message: asProblem(thrown).message, remedy: asProblem(thrown).remedy }));
  }
  return undefined;
}

async function handOver(rows) {
  if (!rows.length) return announce('No file was added.');
  try {
    const { results } = await call('desk_add', { files: rows.map(({ path, file }) => ({ path, name: file.name })) });
    syncSeen = true;
    rows.forEach((row, at) => {
      const result = list(results)[at] || {};
      row.saved = result.saved || null;
      row.since = Date.now();
      if (row.saved) row.tell('saved', 'Added. It is being indexed…');
      else row.tell('failed', sentence(result) || 'Not added.');
    });
    announce(`${count(rows.filter((row) => row.saved).length, 'file')} added.`);
  } catch (thrown) {
    rows.forEach((row) => row.tell('failed', sentence({ message: asProblem(thrown).message, remedy: asProblem(thrown).remedy })));
  }
  pollSoon();
  return loadDocuments();
}

/** Says of each added file what the sync made of it. The report may be older than the file's row. */
function settleUploads(report) {
  const { added, changed, failed } = report || {};
  for (const row of uploads.filter(({ state }) => state === 'saved')) {
    const failure = list(failed).find(({ path }) => path === row.saved);
    const told = list(added).includes(row.saved) || list(changed).includes(row.saved);
    if (failure) row.tell('failed', sentence({ message: failure.reason, remedy: failure.remedy }));
    else if (told || Date.now() - row.since > 3000) row.tell('ready', row.saved === row.file.name ? 'Ready. Questions can be asked about it.' : `Ready, as ${clip(row.saved, 120)}.`);
  }
}

/** By XMLHttpRequest, because fetch has no progress of an upload. */
function sendFile(file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const base = (window.gradio_config && window.gradio_config.root) || '';
    const form = new FormData();
    form.append('files', file);
    request.open('POST', `${base}/gradio_api/upload`);
    request.upload.addEventListener('progress', (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); });
    request.addEventListener('error', () => reject(new Problem(...GONE, true)));
    request.addEventListener('load', () => {
      if (request.status === 413) return reject(new Problem(tooLarge()));
      try {
        const [path] = JSON.parse(request.responseText);
        if (request.status === 200 && isText(path)) return resolve(path);
      } catch (_) { /* said below */ }
      return reject(new Problem('The server did not take the file.', 'Try again.'));
    });
    request.send(form);
  });
}

function showResults() {
  show(ui.results, uploads.length > 0);
  ui.results.replaceChildren(
    el('div', { class: 'or-row' }, el('h2', { class: 'or-group' }, 'Added files'), button('or-link', 'Clear', () => {
      uploads.splice(0, uploads.length, ...uploads.filter(({ state }) => state === 'uploading'));
      showResults();
      ui.search.focus();
    }, { 'aria-label': 'Clear the list of added files' })),
    el('ul', { class: 'or-list' }, uploads.map(({ node }) => node)));
}

const isFileDrag = (event) => Boolean(event.dataTransfer) && [...event.dataTransfer.types].includes('Files');
let dragDepth = 0; // dragenter and dragleave come for every element on the way

function onDrag(event) {
  if (!isFileDrag(event)) return;
  event.preventDefault();
  if (event.type === 'dragenter') dragDepth += 1;
  if (event.type === 'dragleave') dragDepth -= 1;
  if (event.type === 'drop') {
    dragDepth = 0;
    addFiles([...event.dataTransfer.files]);
  }
  show(ui.drop, dragDepth > 0 && corpus && !corpus.read_only);
}

// -- the state of the corpus -------------------------------------------------------------------

let syncSeen = false; // whether the report at hand is of a sync that this page saw
let reported = null; // the id of the last report shown
let pollTimer = 0;
let misses = 0;

function pollSoon() {
  clearTimeout(pollTimer);
  pollTimer = setTimeout(poll, 50);
}

async function poll() {
  clearTimeout(pollTimer);
  if (!element.isConnected) return mounted.abort();
  if (document.hidden) return undefined; // visibilitychange begins again
  try {
    applyState(await call('desk_state'));
  } catch (thrown) {
    showOffline(asProblem(thrown));
  }
  const pace = misses ? POLL.offline : corpus && corpus.sync.running ? POLL.sync : POLL.idle;
  clearTimeout(pollTimer);
  pollTimer = setTimeout(poll, pace);
  return undefined;
}

function showOffline(problem) {
  misses += 1;
  if (ui.offline.hidden || ui.offline.textContent === '') ui.offline.replaceChildren(icon('alert'), el('span', null, problem.gone ? 'The server does not answer. Trying again…' : sentence(problem)));
  show(ui.offline, true);
  if (running && problem.gone && misses > 1) failRun(problem);
}

function applyState(next) {
  const before = corpus;
  corpus = { ...next, sync: next.sync || { running: false, report: null, error: null } };
  misses = 0;
  show(ui.offline, false);
  ui.offline.replaceChildren();
  ui.corpus.replaceChildren(bdi(clip(corpus.corpus, 80)), ` · ${count(corpus.documents, 'document')}`);
  show(ui.tools, !corpus.read_only);
  ui.upload.accept = list(corpus.suffixes).join(',');
  showChanged();
  showSync(before);
  if (!before) restoreConversation();
  else if (before.corpus_id !== corpus.corpus_id) showConversation(null);
  if (!before || before.generation !== corpus.generation || before.documents !== corpus.documents) {
    loadExamples();
    loadDocuments();
  } else if (before.changed !== corpus.changed || before.sync.running !== corpus.sync.running) {
    loadDocuments();
  }
  showEmpty();
  if (running && Date.now() - running.heard > SILENCE) failRun(new Problem('The answer did not arrive.', 'Ask again.'));
}

function showChanged() {
  const changed = corpus.changed && !corpus.sync.running;
  if (changed === !ui.changed.hidden) return;
  show(ui.changed, changed);
  ui.changed.replaceChildren(...(changed ? [
    icon('refresh'), el('span', null, corpus.read_only ? 'The folder has changed since it was indexed. Answers come from the indexed version.' : 'The folder has changed since it was indexed.'),
    ...(corpus.read_only ? [] : [button('or-button or-small', 'Re-index', reindex)]),
  ] : []));
}

/** Progress while a sync runs; what became of each file when it is over. */
function showSync(before) {
  const { sync } = corpus;
  if (sync.running) syncSeen = true;
  if (sync.running && !(before && before.sync.running)) announce('Indexing the documents.');
  setOff(ui.reindex, sync.running);
  if (sync.running) {
    const known = sync.total > 0;
    const label = known ? `Indexing ${Math.min(sync.done + 1, sync.total)} of ${sync.total}` : 'Indexing…';
    fill(ui.sync, el('p', { class: 'or-sync-text' }, label),
      el('progress', { class: 'or-progress', 'aria-label': 'Indexing', max: known ? String(sync.total) : null, value: known ? String(sync.done) : null }),
      sync.file && el('p', { class: 'or-row-meta or-sync-file' }, bdi(clip(sync.file, 120))));
    show(ui.sync, true);
    return;
  }
  settleUploads(sync.report);
  const report = sync.report && sync.report.id !== reported ? sync.report : null;
  if (sync.report) reported = sync.report.id;
  if (!syncSeen || (!report && !sync.error)) {
    if (before && before.sync.running) show(ui.sync, false);
    return;
  }
  syncSeen = false;
  if (sync.error) ui.sync.replaceChildren(errorBox(sync.error, corpus.read_only ? null : reindex));
  else showReport(report);
  show(ui.sync, true);
}

function showReport(report) {
  const [added, changed, removed, failed] = [report.added, report.changed, report.removed, report.failed].map(list);
  const parts = [[added, 'added'], [changed, 'changed'], [removed, 'removed'], [failed, 'refused']]
    .filter(([those]) => those.length).map(([those, what]) => `${those.length} ${what}`);
  const took = report.seconds >= 0 ? ` in ${duration(report.seconds * 1000)}` : '';
  const text = `Indexed${took}: ${parts.join(', ') || 'nothing new'}.`;
  const ours = new Set(uploads.map((row) => row.saved)); // these have a row of their own
  fill(ui.sync,
    el('div', { class: 'or-row' }, el('p', { class: 'or-sync-text' }, text),
      button('or-square', icon('close'), () => { show(ui.sync, false); ui.search.focus(); }, { 'aria-label': 'Close the report' })),
    reportList(added, 'Added'), reportList(changed, 'Changed'), reportList(removed, 'Removed'),
    failed.filter(({ path }) => !ours.has(path)).map((failure) => el('p', { class: 'or-row-reason', dir: 'auto' },
      bdi(clip(failure.path, 120)), ': ', sentence({ message: failure.reason, remedy: failure.remedy }))));
  announce(text);
}

function reportList(paths, what) {
  if (!paths.length) return null;
  return el('details', { class: 'or-dropped' }, el('summary', null, `${what}: ${count(paths.length, 'file')}`),
    el('ul', null, paths.slice(0, 100).map((path) => el('li', null, bdi(clip(path, 120))))));
}

// -- the empty chat ----------------------------------------------------------------------------

let examples = [];
let examplesTicket = 0;

async function loadExamples() {
  examplesTicket += 1;
  const ticket = examplesTicket;
  for (let tries = 0; tries < 30 && ticket === examplesTicket && element.isConnected; tries += 1) {
    try {
      const reply = await call('desk_examples');
      if (ticket !== examplesTicket) return;
      if (reply.ready) {
        examples = list(reply.questions).filter(isText);
        showEmpty();
        return;
      }
    } catch (_) { /* examples are a courtesy: without them the page is whole */ }
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
  }
}

function showEmpty() {
  const shows = !shown || shown.turns.length === 0;
  show(ui.empty, shows);
  if (!shows) return;
  const bare = Boolean(corpus) && corpus.documents === 0;
  const key = JSON.stringify([bare, bare && corpus.read_only, bare && corpus.sync.running, corpus && corpus.documents, bare ? 0 : examples]);
  if (ui.empty.dataset.key === key) return;
  ui.empty.dataset.key = key;
  ui.empty.replaceChildren(el('div', { class: 'or-empty-inner' }, bare ? noDocuments() : welcome()));
}

function welcome() {
  return [
    el('p', { class: 'or-name' }, 'OnRecord'),
    el('p', { class: 'or-lead' }, 'Ask your documents. Every sentence of an answer cites the exact words of its source.'),
    examples.length > 0 && el('h2', { class: 'or-group' }, 'Questions these documents answer'),
    examples.length > 0 && el('ul', { class: 'or-list or-examples' }, examples.slice(0, 6).map((question) => el('li', null,
      button('or-example', el('span', { dir: 'auto' }, clip(question, 300)), () => { if (!busy()) ask(question); })))),
  ];
}

function noDocuments() {
  const { read_only: readOnly, sync, suffixes, max_upload_mb: most } = corpus;
  const kinds = list(suffixes).join(' and ');
  return [
    el('p', { class: 'or-name' }, 'OnRecord'),
    el('h2', { class: 'or-lead' }, sync.running ? 'The documents are being indexed.' : 'There are no documents yet.'),
    readOnly && el('p', { class: 'or-lead-more' }, 'This collection is read-only. Ask the person who runs OnRecord to add documents to its folder.'),
    !readOnly && !sync.running && el('p', { class: 'or-lead-more' }, `Add ${kinds} files of up to ${most} MB: choose them here, drop them anywhere on this page, or put them into the folder and re-index.`),
    !readOnly && !sync.running && button('or-button or-primary', 'Add documents', () => ui.upload.click(), null, 'upload'),
  ];
}

// -- beginning ---------------------------------------------------------------------------------

/** The conversation that was open before a reload; or the question that the address asks. */
function restoreConversation() {
  showConversations();
  if (shown) { // asked before the server had said which corpus it is
    writeConversation(shown);
    rememberOpen();
    return showConversations();
  }
  const asked = new URLSearchParams(location.search).get('q');
  if (asked && asked.trim()) {
    forgetQuery();
    showConversation(null);
    setQuestion(asked);
    return submitQuestion();
  }
  const id = thisTab.getItem(openKey());
  const conversation = isId(id) ? readConversation(id) : null;
  if (conversation) showConversation(conversation);
  return undefined;
}

/** A reload must not ask again. */
function forgetQuery() {
  const url = new URL(location.href);
  url.searchParams.delete('q');
  history.replaceState(history.state, '', url);
}

function bind() {
  root.querySelectorAll('[data-icon]').forEach((place) => place.replaceChildren(icon(place.dataset.icon)));
  const click = (node, handler) => node.addEventListener('click', handler);
  const unlessOff = (node, handler) => click(node, () => { if (node.getAttribute('aria-disabled') !== 'true') handler(); });

  click($('or-skip'), (event) => { event.preventDefault(); ui.question.focus(); });
  click(ui.theme, toggleTheme);
  click(ui.menu, openDrawer);
  click(ui.sideClose, () => closeDrawer());
  click(ui.backdrop, () => (layers.source ? closeSource() : closeDrawer()));
  click(ui.newChat, startNewChat);
  for (const [name, tab] of Object.entries(ui.tabs)) {
    click(tab, () => showTab(name));
    tab.addEventListener('keydown', onTabKey);
  }

  ui.composer.addEventListener('submit', (event) => { event.preventDefault(); submitQuestion(); });
  ui.question.addEventListener('input', () => { fitQuestion(); checkLength(); });
  ui.question.addEventListener('keydown', (event) => {
    // Enter also ends the composition of a Japanese or Chinese word: that is not asking.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submitQuestion();
  });
  click(ui.stop, stopAnswer);

  click(ui.sourceClose, closeSource);
  unlessOff(ui.prev, () => stepSource(-1));
  unlessOff(ui.next, () => stepSource(1));
  click(ui.copyQuote, copyQuoteWithReference);
  ui.tip.addEventListener('pointerenter', () => clearTimeout(tipTimer));
  ui.tip.addEventListener('pointerleave', leaveTip);
  ui.thread.addEventListener('scroll', onThreadScroll, { passive: true });

  let searchTimer = 0;
  ui.search.addEventListener('input', () => { clearTimeout(searchTimer); searchTimer = setTimeout(() => { documents.rows = []; loadDocuments(); }, 200); });
  click(ui.more, () => loadDocuments(true));
  unlessOff(ui.reindex, reindex);
  ui.upload.addEventListener('change', () => { addFiles([...ui.upload.files]); ui.upload.value = ''; });

  listen(document, 'keydown', onEscape);
  listen(document, 'pointerdown', (event) => { if (menu && !menu.node.contains(event.target) && !menu.opener.contains(event.target)) closeMenu(false); });
  listen(document, 'visibilitychange', () => { if (!document.hidden) pollSoon(); });
  listen(window, 'storage', onStorage);
  listen(window, 'resize', () => { hideTip(); closeMenu(false); fitQuestion(); });
  listen(wide, 'change', layOut);
  for (const type of ['dragenter', 'dragover', 'dragleave', 'drop']) listen(window, type, onDrag);
}

bind();
restoreTheme();
layOut();
showRunning();
showHead();
fitQuestion();
watch('value', onSnapshot);
poll();
if (wide.matches) ui.question.focus({ preventScroll: true });
