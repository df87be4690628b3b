// Comfort for the desk; every page works without it. Nothing here decides anything.
'use strict';
(() => {
  const $ = (s, r = document) => r.querySelector(s);
  const $$ = (s, r = document) => [...r.querySelectorAll(s)];

  // Single keys: off while somebody types, and for who switched them off.
  const off = 'desk-keys-off';
  let keys = true;
  try { keys = !localStorage.getItem(off); } catch { /* private mode: keys stay on */ }
  const typing = (e) => e.target.closest('input:not([type=checkbox]):not([type=radio]),textarea,select,[contenteditable]');
  const help = $('[data-keys-switch]');
  if (help) {
    const b = document.createElement('button');
    b.type = 'button';
    b.className = 'second';
    const word = () => { b.textContent = keys ? '关闭单键快捷键' : '开启单键快捷键'; };
    word();
    b.addEventListener('click', () => {
      keys = !keys;
      try { if (keys) localStorage.removeItem(off); else localStorage.setItem(off, '1'); } catch { /* for this page only */ }
      word();
    });
    help.append(' ', b);
  }
  const paper = $('[data-print]');
  if (paper) {
    const b = document.createElement('button');
    b.type = 'button';
    b.className = 'second';
    b.textContent = '打印';
    b.addEventListener('click', () => print());
    paper.append(' ', b);
  }
  const rows = $$('a.row');
  const step = (n) => {
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    rows[Math.max(0, Math.min(rows.length - 1, at + n))].focus();
  };
  const to = (selector) => { const e = $(selector); if (e) e.focus(); return !!e; };
  const go = (path) => { const a = $(`.menu a[href="${path}"]`); if (a) location.href = a.href; };
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && e.target.form) {
      e.preventDefault();
      const first = $('button[type=submit]', e.target.form);
      e.target.form.requestSubmit(first);
      return;
    }
    if (!keys || e.ctrlKey || e.metaKey || e.altKey || e.isComposing || typing(e)) return;
    const act = {
      '/': () => to('input[type=search]'), j: () => step(1), k: () => step(-1), q: () => go('/desk/queue'), n: () => go('/desk/intake/new'),
      e: () => to('.draft textarea'), '?': () => { const d = $('#keys'); if (d) { d.open = true; $('summary', d).focus(); } },
    }[e.key];
    if (act) { e.preventDefault(); act(); }
  });

  // Text that was typed and not sent is not lost by a slip.
  let dirty = false;
  for (const form of $$('form[method=post]')) {
    form.addEventListener('input', () => { dirty = true; });
    form.addEventListener('submit', () => { dirty = false; });
  }
  addEventListener('beforeunload', (e) => { if (dirty) e.preventDefault(); });

  // The draft is saved five seconds after a change, to the same address as the button.
  const box = $('[data-autosave]');
  if (box) {
    const form = $('form', box);
    const said = document.createElement('p');
    said.className = 'hint saved';
    said.setAttribute('role', 'status');
    $('.buttons', form).after(said);
    let timer = 0;
    let running = null;
    const stop = (words) => {
      said.textContent = words;
      form.removeEventListener('input', later);
    };
    const save = async () => {
      const text = form.elements.body.value;
      if (!text.trim()) return;
      const late = new AbortController();
      const alarm = setTimeout(() => late.abort(), 15000);
      try {
        const answer = await fetch(form.action, { method: 'POST', signal: late.signal, headers: { Accept: 'application/json' },
          body: new URLSearchParams(new FormData(form)) });
        if (answer.status === 409) { stop('别人刚刚改过这份稿子，自动保存已停止。请点“保存”，两份会并排显示。'); return; }
        if (answer.status === 401 || answer.redirected) {
          said.textContent = '登录已过期，没有保存。请在另一个标签页重新登录，再回到这里点“保存”；或者先把内容复制下来。';
          return;
        }
        if (answer.status === 403 || answer.status === 404) {
          stop('您现在不能再改这份稿子，没有保存，自动保存已停止。请先把内容复制下来，再刷新页面看最新情况。');
          return;
        }
        if (answer.status === 422) { said.textContent = `没有保存：${(await answer.json()).message}`; return; }
        if (!answer.ok) { said.textContent = '网站现在忙，没有保存，稍后会再试。也可以过一会儿点“保存”。'; return; }
        const now = await answer.json();
        form.elements.seen.value = now.draft;
        for (const v of $$('input[name=version]')) v.value = now.version;
        said.textContent = `已保存 ${now.at}`;
        if (form.elements.body.value === text) dirty = false;
      } catch {
        said.textContent = '没有保存成功，请检查网络后点“保存”。';
      } finally {
        clearTimeout(alarm);
      }
    };
    let unsaved = false;
    const start = () => {
      unsaved = false;
      running = save().finally(() => { running = null; });
    };
    function later() {
      unsaved = true;
      clearTimeout(timer);
      timer = setTimeout(() => { if (running) later(); else start(); }, 5000);
    }
    form.addEventListener('input', later);
    // A sending waits for the saving that runs, so that it carries the newest
    // version; another form of the page first saves what was typed here.
    for (const other of $$('form[method=post]')) {
      other.addEventListener('submit', (e) => {
        clearTimeout(timer);
        if (unsaved && other !== form && !running) start();
        if (!running) return;
        e.preventDefault();
        const by = e.submitter;
        running.then(() => other.requestSubmit(by));
      });
    }
  }

  // The caller's earlier cases appear while typing, as with the button.
  const kin = $('#kin');
  const intake = $('form.intake');
  if (kin && intake) {
    let last = '';
    const look = async () => {
      const data = new FormData(intake);
      const key = ['phone', 'email', 'title', 'content'].map((n) => data.get(n) ?? '').join('\n');
      if (!key.trim() || key === last) return;
      last = key;
      data.delete('attachments');
      data.delete('submission_key'); // the saving's alone
      const plain = new URLSearchParams();
      for (const [n, v] of data) if (typeof v === 'string') plain.append(n, v);
      try {
        const answer = await fetch(`${intake.action}?step=look`, { method: 'POST', body: plain });
        if (!answer.ok) return;
        const fresh = $('#kin', new DOMParser().parseFromString(await answer.text(), 'text/html'));
        if (fresh) kin.replaceChildren(...fresh.childNodes);
      } catch { /* the button still works */ }
    };
    for (const n of ['phone', 'email', 'title', 'content']) intake.elements[n]?.addEventListener('change', look);
  }

  // Choosing a department leaves only its people to choose from.
  const department = $('#assign-department');
  const handler = $('#assign-handler');
  if (department && handler) {
    const all = [...handler.options];
    const narrow = () => {
      const name = department.selectedOptions[0]?.textContent ?? '';
      handler.replaceChildren(...all.filter((o) => !o.value || !department.value || o.textContent.endsWith(`（${name}）`)));
    };
    department.addEventListener('change', narrow);
    narrow();
  }
})();
