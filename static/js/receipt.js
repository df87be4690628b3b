// Verifies a receipt or a promise of the public log in the browser, with nothing but
// what docs/log.md says and WebCrypto. Nothing of it is sent anywhere: only the log's
// key, checkpoint and a proof are fetched.
(() => {
  'use strict';
  const box = document.getElementById('check');
  const result = document.getElementById('result');
  const siteKey = box.dataset.key;
  const utf8 = new TextEncoder();

  // Wrong is what a receipt's holder is told.
  class Wrong extends Error {}
  const must = (ok, message) => { if (!ok) throw new Wrong(message); };

  const bytes = (base64) => {
    must(/^[A-Za-z0-9+/]*={0,2}$/.test(base64) && base64.length % 4 === 0, '有一项内容写得不对，文件被改动过。');
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  };
  const join = (...parts) => {
    const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of parts) { all.set(p, at); at += p.length; }
    return all;
  };
  const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
  const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  const number = (n, size) => { // big-endian
    const out = new Uint8Array(size);
    for (let i = size - 1, x = BigInt(n); i >= 0; i--, x >>= 8n) out[i] = Number(x & 255n);
    return out;
  };
  const leafHash = (leaf) => sha256(join(Uint8Array.of(0), leaf));
  const nodeHash = (left, right) => sha256(join(Uint8Array.of(1), left, right));
  const day = (unix) => new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', dateStyle: 'long', timeStyle: 'medium' }).format(new Date(unix * 1000));

  // key reads name+id+base64 and checks that the id is the key's own.
  async function key(text) {
    const part = text.split('+');
    must(part.length >= 3, '公钥写得不对。');
    const raw = bytes(part.slice(2).join('+'));
    must(raw.length === 33 && raw[0] === 1, '公钥写得不对。');
    const id = (await sha256(join(utf8.encode(part[0] + '\n'), raw))).slice(0, 4);
    must([...id].map((b) => b.toString(16).padStart(2, '0')).join('') === part[1], '公钥写得不对。');
    return { name: part[0], id, verify: await crypto.subtle.importKey('raw', raw.slice(1), 'Ed25519', false, ['verify']) };
  }

  // open verifies a note: the text, an empty line, lines of signatures.
  async function open(note, k, what) {
    const at = note.lastIndexOf('\n\n');
    must(at > 0 && note.endsWith('\n'), what + '的格式不对。');
    const text = note.slice(0, at + 1);
    for (const line of note.slice(at + 2).split('\n').filter(Boolean)) {
      const m = /^\u2014 (\S+) (\S+)$/.exec(line);
      must(m, what + '的格式不对。');
      const raw = bytes(m[2]);
      if (m[1] !== k.name || !same(raw.slice(0, 4), k.id)) continue; // somebody else's
      must(await crypto.subtle.verify('Ed25519', k.verify, raw.slice(4), utf8.encode(text)), what + '的签名不对：内容被改动过，或者签名是伪造的。');
      return text;
    }
    throw new Wrong(what + '上没有这把公钥的签名。');
  }

  function checkpoint(text) {
    const line = text.split('\n');
    must(line.length === 4 && line[3] === '' && /^\d{1,15}$/.test(line[1]), '检查点的格式不对。');
    return { origin: line[0], size: Number(line[1]), root: bytes(line[2]) };
  }

  // opens verifies that a leaf is the commitment to what the receipt shows.
  async function opens(leaf, o) {
    const part = (p) => join(number(p.length, 2), p);
    const commitment = await sha256(join(part(utf8.encode('mingjing/received/v1')), part(bytes(o.salt)), part(utf8.encode(o.case)),
      part(number(o.received, 8)), part(bytes(o.digest))));
    must(leaf.length === 35 && leaf[0] === 1 && leaf[1] === 2 && leaf[2] <= 1 && same(leaf.slice(3), commitment),
      '编号、收到时间、内容摘要或者盐被改动过：与日志里的那一条不符。');
  }

  // included verifies an audit path (RFC 6962).
  async function included(head, index, leaf, proof) {
    const wrong = '证明不了这一条在日志里：序号、证明或者检查点被改动过。';
    must(Number.isSafeInteger(index) && index >= 0 && index < head.size, wrong);
    let at = index, last = head.size - 1, hash = await leafHash(leaf);
    for (const step of proof) {
      must(last > 0, wrong);
      if (at % 2 === 1 || at === last) {
        hash = await nodeHash(step, hash);
        while (at % 2 === 0 && at > 0) { at = Math.floor(at / 2); last = Math.floor(last / 2); }
      } else {
        hash = await nodeHash(hash, step);
      }
      at = Math.floor(at / 2);
      last = Math.floor(last / 2);
    }
    must(last === 0 && same(hash, head.root), wrong);
  }

  const fields = ['version', 'origin', 'key', 'leaf', 'salt', 'case', 'received', 'digest', 'index', 'proof', 'checkpoint'];

  function parse(text) {
    let r;
    try { r = JSON.parse(text.replace(/^\ufeff/, '')); } catch { throw new Wrong('这不是一份完整的回执。请使用当初下载的原文件。'); }
    must(r && typeof r === 'object' && JSON.stringify(Object.keys(r)) === JSON.stringify(fields), '这份回执被改动过：请使用当初下载的原文件。');
    must(r.version === 1, '这份回执的版本这个网页不认识，请换用新版的程序查。');
    must(Array.isArray(r.proof) && [r.origin, r.key, r.leaf, r.salt, r.case, r.digest, r.checkpoint, ...r.proof].every((x) => typeof x === 'string') &&
      Number.isSafeInteger(r.received) && r.received > 0, '这份回执被改动过：有一项内容写得不对。');
    return r;
  }

  async function live(path) {
    const answer = await fetch(path, { cache: 'no-store' });
    if (!answer.ok) throw new Error(path);
    return answer.text();
  }

  async function receipt(text) {
    const r = parse(text);
    must(r.key === siteKey, '这份回执是用另一把钥匙签的，不是本站现在的公钥。本站换过钥匙的，请用命令查。');
    const k = await key(siteKey);
    const head = checkpoint(await open(r.checkpoint, k, '检查点'));
    must(head.origin === r.origin && r.origin === k.name, '日志名称不对，回执被改动过。');
    const leaf = bytes(r.leaf);
    await opens(leaf, r);
    await included(head, r.index, leaf, r.proof.map(bytes));
    const said = ['编号 ' + r.case + ' 的来件，本院在' + day(r.received) + '收到。', '它是公开日志的第 ' + (r.index + 1) + ' 条，本院签过名。'];
    try {
      const now = checkpoint(await open(await live('/log/checkpoint'), k, '现在的检查点'));
      must(now.size >= head.size, '现在的日志比回执上的短：日志被截短了。请保存好回执。');
      const p = JSON.parse(await live('/log/proof/' + r.index));
      const then = checkpoint(await open(p.checkpoint, k, '现在的检查点'));
      must(p.leaf === r.leaf, '现在的日志在这个位置是另一条记录：日志被改动过。请保存好回执。');
      await included(then, r.index, leaf, p.proof.map(bytes));
      said.push('现在的日志共 ' + then.size + ' 条，它还在里面。');
    } catch (e) {
      if (e instanceof Wrong) throw e;
      said.push('没有连上本站现在的日志，只查了回执本身。');
    }
    return said;
  }

  async function promise(text) {
    const note = text.replace(/\r\n/g, '\n').replace(/^\s+|\s+$/g, '') + '\n';
    const k = await key(siteKey);
    const line = (await open(note, k, '凭据')).split('\n');
    const names = ['mingjing/promise/v1', 'origin', 'leaf', 'salt', 'case', 'received', 'digest', 'promised', ''];
    must(line.length === names.length && names.every((n, i) => i === 0 || i === 8 ? line[i] === n : line[i].startsWith(n + ' ')), '这不是一份受理凭据。');
    const value = (i) => line[i].slice(names[i].length + 1);
    must(/^\d{1,12}$/.test(value(5)), '凭据的时间不对。');
    await opens(bytes(value(2)), { salt: value(3), case: value(4), received: value(5), digest: value(6) });
    return ['编号 ' + value(4) + ' 的来件，本院在' + day(Number(value(5))) + '收到，并且签名答应写进公开日志。',
      '这是凭据，还不是完整的回执。用编号和查询码打开“查询进度”，下载完整的回执，就能查它在不在日志里。'];
  }

  function show(good, heading, lines) {
    const div = document.createElement('div');
    div.className = good ? 'notice good' : 'notice bad';
    const h = document.createElement('p');
    const strong = document.createElement('strong');
    strong.textContent = (good ? '\u2713 ' : '\u2717 ') + heading;
    h.append(strong);
    div.append(h, ...lines.map((x) => { const p = document.createElement('p'); p.textContent = x; return p; }));
    result.replaceChildren(div);
    result.focus();
  }

  async function go(text) {
    try {
      const isPromise = text.trimStart().startsWith('mingjing/promise/');
      must(text.trim(), '请先选一个回执文件，或者把文字贴进来。');
      show(true, isPromise ? '凭据是真的' : '回执是真的', await (isPromise ? promise(text) : receipt(text)));
    } catch (e) {
      if (e instanceof Wrong) show(false, '查验没有通过', [e.message]);
      else show(false, '这个浏览器算不了', ['它还不会验这种签名。请换新一些的浏览器，或者用下面的命令查。']);
    }
  }

  if (!window.crypto || !crypto.subtle || !window.TextEncoder) {
    show(false, '这个浏览器算不了', ['请换新一些的浏览器，并用 https 打开本页，或者用下面的命令查。']);
    return;
  }
  box.hidden = false;
  const area = document.getElementById('text');
  document.getElementById('file').addEventListener('change', async (e) => {
    const file = e.target.files[0];
    if (!file) return;
    if (file.size > 256 * 1024) { show(false, '查验没有通过', ['文件太大，不是一份回执。']); return; }
    area.value = await file.text();
    go(area.value);
  });
  document.getElementById('go').addEventListener('click', () => go(area.value));
})();
