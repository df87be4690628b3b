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

  // Who else has the case open, for as long as this page is looked at.
  const here = $('[data-here]');
  const token = $('input[name=_csrf]');
  if (here && token) {
    setInterval(async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch(here.dataset.here, { method: 'POST', headers: { Accept: 'application/json' }, body: new URLSearchParams({ _csrf: token.value }) });
        if (!answer.ok || answer.redirected) return;
        const { who } = await answer.json();
        const words = who ? `${who} 也在看此件。` : '';
        if (here.textContent !== words) here.textContent = words;
      } catch { /* no network: the page says it when it is loaded again */ }
    }, 45000);
  }

  // Who calls and what about is looked up while it is typed, as the button does.
  const intake = $('#intake');
  const kin = $('#kin');
  if (intake && kin) {
    let wait = 0;
    let asked = null;
    const ask = ['phone', 'email', 'title', 'content'];
    const words = () => ask.map((n) => (intake.elements[n] ? intake.elements[n].value.trim() : '')).join('\n');
    let known = words();
    const look = async () => {
      const text = words();
      if (text === known || text.replace(/\s/g, '').length < 2) return;
      if (asked) asked.abort();
      asked = new AbortController();
      const all = new URLSearchParams();
      for (const [name, value] of new FormData(intake)) {
        if (typeof value === 'string' && name !== 'submission_key') all.append(name, value); // the key is the saving's alone
      }
      try {
        const answer = await fetch(`${intake.action}?step=look`, { method: 'POST', signal: asked.signal, body: all });
        if (!answer.ok || answer.redirected) return;
        const found = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('#kin');
        if (!found || text !== words()) return;
        known = text;
        kin.replaceChildren(...found.childNodes);
      } catch { /* aborted, or no network: the button says so */ }
    };
    intake.addEventListener('input', (e) => {
      if (!ask.includes(e.target.name)) return;
      clearTimeout(wait);
      wait = setTimeout(look, 500);
    });
  }

  // What is being written is put aside at most three seconds after a change, however long somebody types on, and when the
  // page goes away: it is at most five seconds old, whatever happens to the page, the case or the session.
  const box = $('[data-autosave]');
  if (box) {
    const form = $('form', box);
    const said = document.createElement('p');
    said.className = 'hint saved';
    said.setAttribute('role', 'status');
    $('.buttons', form).after(said);
    let timer = 0;
    let busy = false;
    let last = box.dataset.autosave ? '' : form.elements.body.value; // after a conflict it is stored nowhere yet
    const data = () => {
      const all = new URLSearchParams(new FormData(form));
      all.set('then', 'keep');
      return all;
    };
    const keep = async () => {
      const text = form.elements.body.value;
      if (!text.trim() || text === last) return false;
      let again = false;
      const late = new AbortController();
      const alarm = setTimeout(() => late.abort(), 15000);
      let words = '网站现在忙，没有暂存，马上会再试。也可以点“保存”。';
      try {
        const answer = await fetch(form.action, { method: 'POST', signal: late.signal, headers: { Accept: 'application/json' }, body: data() });
        if (answer.status === 401 || answer.redirected) {
          words = '登录已过期，没有暂存。请在另一个标签页重新登录，再回到这里点“保存”；或者先把内容复制下来。';
        } else if (answer.status === 403 || answer.status === 404) {
          words = '没有暂存。请先把内容复制下来，再刷新页面看最新情况。';
        } else if (answer.status === 422) {
          words = `没有暂存：${(await answer.json()).message}`;
        } else if (answer.ok) {
          last = text;
          if (form.elements.body.value === text) dirty = false;
          words = `已暂存 ${(await answer.json()).at}，还没有保存为答复稿。`;
        } else {
          again = true;
        }
      } catch {
        words = '没有暂存成功，请检查网络；马上会再试。';
        again = true;
      } finally {
        clearTimeout(alarm);
      }
      said.textContent = words;
      return again || (last === text && form.elements.body.value !== text);
    };
    const later = () => {
      if (timer || busy) return;
      timer = setTimeout(async () => {
        timer = 0;
        busy = true;
        const more = await keep();
        busy = false;
        if (more) later();
      }, 3000);
    };
    form.addEventListener('input', later);
    if (!last) later();
    let sent = false;
    for (const f of $$('.draft form')) f.addEventListener('submit', () => { sent = true; clearTimeout(timer); });
    addEventListener('pagehide', () => {
      const text = form.elements.body.value;
      if (!sent && text.trim() && text !== last) fetch(form.action, { method: 'POST', keepalive: true, headers: { Accept: 'application/json' }, body: data() }).catch(() => {});
    });
  }

  // Choosing a department leaves only its people to choose from.
  const department = $('#assign-department');
  const handler = $('#assign-handler');
  if (department && handler) {
    const all = [...handler.options];
    const narrow = () => {
      const name = department.selectedOptions[0]?.textContent ?? '';
      handler.replaceChildren(...all.filter((o) => !o.value || o.value === 'lot' || !department.value || o.textContent.endsWith(`（${name}）`)));
    };
    department.addEventListener('change', narrow);
    narrow();
  }
})();
