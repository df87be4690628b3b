// Verifies a receipt or a promise of the public log, byte by byte as docs/log.md says,
// in the browser alone. It trusts the key that the page shows and nothing that it
// fetches. What was chosen or pasted never leaves the browser; of the log it fetches
// whole tiles, so that nobody learns which entry is looked for.
'use strict';
(() => {
  const $ = (id) => document.getElementById(id);
  const result = $('result');
  const encoder = new TextEncoder();
  const subtle = window.crypto && window.crypto.subtle;

  // ---- Bytes.
  const bytes = (list) => Uint8Array.from(list);
  const join = (...parts) => {
    const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of parts) { out.set(p, at); at += p.length; }
    return out;
  };
  const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
  const toBase64 = (b) => btoa(String.fromCharCode(...b));
  // Only the one spelling of these bytes is read.
  const fromBase64 = (text) => {
    if (typeof text !== 'string') return null;
    try {
      const b = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      return toBase64(b) === text ? b : null;
    } catch { return null; }
  };
  const hashFrom = (text) => { const b = fromBase64(text); return b && b.length === 32 ? b : null; };
  // number is eight bytes, big-endian; all numbers here are below 2^53.
  const number = (n) => {
    const b = new Uint8Array(8);
    for (let i = 7; i >= 0; i--) { b[i] = n % 256; n = Math.floor(n / 256); }
    return b;
  };
  const whole = (n) => Number.isSafeInteger(n) && n >= 0;
  const fromDecimal = (text) => (/^(0|[1-9]\d{0,15})$/.test(text) && whole(Number(text)) ? Number(text) : null);
  const sha256 = async (b) => new Uint8Array(await subtle.digest('SHA-256', b));
  const leafHash = (leaf) => sha256(join(bytes([0]), leaf));
  const nodeHash = (left, right) => sha256(join(bytes([1]), left, right));

  // wrong is what a person is told of what they brought.
  class Wrong extends Error {}
  const wrong = (text) => { throw new Wrong(text); };

  // ---- Keys and signed notes.
  const keyOf = async (name, raw) => {
    const typed = join(bytes([1]), raw);
    const id = (await sha256(join(encoder.encode(name + '\n'), typed))).slice(0, 4);
    const text = `${name}+${[...id].map((x) => x.toString(16).padStart(2, '0')).join('')}+${toBase64(typed)}`;
    return { text, name, id, raw };
  };
  const parseKey = async (text) => {
    const part = text.split('+');
    const raw = fromBase64(part.slice(2).join('+'));
    if (part.length < 3 || !part[0] || !raw || raw.length !== 33 || raw[0] !== 1) return null;
    const key = await keyOf(part[0], raw.slice(1));
    return key.text === text ? key : null;
  };
  const signed = async (key, sig, text) => {
    const public_ = await subtle.importKey('raw', key.raw, { name: 'Ed25519' }, false, ['verify']);
    return sig.length === 64 && subtle.verify({ name: 'Ed25519' }, public_, sig, encoder.encode(text));
  };
  // openNote gives the text that the key signed. Lines of other keys are passed over.
  const openNote = async (note, key, what) => {
    const cut = note.lastIndexOf('\n\n');
    if (cut < 0 || !note.endsWith('\n')) wrong(`${what}不完整：缺少签名。`);
    const text = note.slice(0, cut + 1);
    let ours = 0;
    for (const line of note.slice(cut + 2, -1).split('\n')) {
      const m = /^\u2014 (\S+) (\S+)$/.exec(line);
      const raw = m && fromBase64(m[2]);
      if (!raw || raw.length < 5) wrong(`${what}的签名写得不对。`);
      if (m[1] !== key.name || !same(raw.slice(0, 4), key.id)) continue;
      if (!await signed(key, raw.slice(4), text)) wrong(`${what}的签名是假的：内容被改过，或者不是本院签的。`);
      ours++;
    }
    if (ours === 0) wrong(`${what}不是用这把公钥签的。`);
    return text;
  };
  const openCheckpoint = async (note, key, what) => {
    const line = (await openNote(note, key, what)).split('\n');
    const size = fromDecimal(line[1] || '');
    const root = hashFrom(line[2]);
    if (line.length !== 4 || line[3] !== '' || line[0] !== key.name || size === null || !root) wrong(`${what}写得不对。`);
    return { size, root };
  };

  // parseHandOver reads the leaf that passes the log from one key to the next, which
  // both of them signed.
  const parseHandOver = async (leaf) => {
    if (!leaf || leaf.length < 205 || leaf[0] !== 1 || leaf[1] !== 3 || leaf[2] !== 0 || leaf.length !== 204 + leaf[203]) return null;
    const name = new TextDecoder().decode(leaf.slice(204));
    const old = await keyOf(name, leaf.slice(11, 43));
    const next = await keyOf(name, leaf.slice(43, 75));
    const at = leaf.slice(3, 11).reduce((n, x) => n * 256 + x, 0);
    const text = `mingjing/hand-over/v1\norigin ${name}\nold ${old.text}\nnew ${next.text}\ntime ${at}\n`;
    return await signed(old, leaf.slice(75, 139), text) && await signed(next, leaf.slice(139, 203), text) ? { old, next } : null;
  };
  // former are the keys that the log had before, each vouched for by the one after it.
  const former = async (key) => {
    const list = [];
    const { hand_overs } = JSON.parse(await text('keys'));
    for (const h of hand_overs.reverse()) {
      const found = await parseHandOver(fromBase64(h.leaf));
      if (found && found.next.text === (list[0] || key).text) list.unshift(found.old);
    }
    return list;
  };

  // ---- What a receipt and a promise say.
  const commitment = async (o) => {
    const parts = [encoder.encode('mingjing/received/v1'), o.salt, encoder.encode(o.case), number(o.received), o.digest];
    return sha256(join(...parts.map((p) => join(bytes([Math.floor(p.length / 256), p.length % 256]), p))));
  };
  // opens verifies that the leaf hides this; its third byte says only whether it was entered later.
  const opens = async (o) => {
    const n = encoder.encode(o.case).length;
    if (n < 1 || n > 64 || /\s/.test(o.case) || o.received < 1 || o.received > 253402300799) return false;
    const leaf = o.leaf;
    return leaf.length === 35 && leaf[0] === 1 && leaf[1] === 2 && leaf[2] <= 1 && same(leaf.slice(3), await commitment(o));
  };
  // unspaced is JSON without the white space between its parts.
  const unspaced = (json) => json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, quoted) => quoted || '');
  const fields = ['version', 'origin', 'key', 'leaf', 'salt', 'case', 'received', 'digest', 'index', 'proof', 'checkpoint'];
  const parseReceipt = async (text) => {
    let f;
    try { f = JSON.parse(text); } catch { wrong('这份回执不完整，或者不是原来的文件。'); }
    if (!f || typeof f !== 'object' || Array.isArray(f)) wrong('这不是一份回执。');
    if (whole(f.version) && f.version > 1) wrong(`这份回执的版本是 ${f.version}，本页只认识版本 1。`);
    const names = Object.keys(f);
    if (f.version !== 1 || names.length !== fields.length || !names.every((x, i) => x === fields[i]) || unspaced(text) !== JSON.stringify(f)) wrong('这份回执被改动过：请使用当初下载的原文件。');
    const bad = (what) => wrong(`这份回执被改动过：“${what}”一项写得不对。`);
    const out = { kind: 'receipt', index: f.index, checkpoint: f.checkpoint, case: f.case, received: f.received };
    out.key = typeof f.key === 'string' && await parseKey(f.key);
    if (!out.key) bad('公钥');
    if (f.origin !== out.key.name) bad('日志名称');
    if (!(out.leaf = fromBase64(f.leaf))) bad('日志记录');
    if (!(out.salt = hashFrom(f.salt))) bad('盐');
    if (typeof f.case !== 'string') bad('编号');
    if (!whole(f.received)) bad('收到时间');
    if (!(out.digest = hashFrom(f.digest))) bad('内容摘要');
    if (!whole(f.index)) bad('序号');
    if (!Array.isArray(f.proof) || !(out.proof = f.proof.map(hashFrom)).every(Boolean)) bad('证明');
    if (typeof f.checkpoint !== 'string') bad('检查点');
    return out;
  };
  const promiseFirst = 'mingjing/promise/v1';
  const promiseLines = ['origin', 'leaf', 'salt', 'case', 'received', 'digest', 'promised'];
  const parsePromise = (note) => {
    const line = note.slice(0, note.lastIndexOf('\n\n') + 1).split('\n');
    const value = promiseLines.map((name, i) => (line[i + 1] || '').startsWith(name + ' ') && line[i + 1].slice(name.length + 1));
    const [origin, leaf, salt, number_, received, digest, promised] = value;
    const out = { kind: 'promise', note, origin, case: number_, leaf: fromBase64(leaf), salt: hashFrom(salt), digest: hashFrom(digest), received: fromDecimal(received || ''), promised: fromDecimal(promised || '') };
    if (line.length !== 9 || line[8] !== '' || value.includes(false) || !out.leaf || !out.salt || !out.digest || out.received === null || out.promised === null) wrong('这份凭据被改动过，或者没有粘贴全。');
    return out;
  };

  // included follows RFC 6962's audit path from a leaf to the root.
  const included = async (o, head) => {
    if (o.index >= head.size) return false;
    let hash = await leafHash(o.leaf);
    let at = o.index;
    let last = head.size - 1;
    for (const p of o.proof) {
      if (last === 0) return false;
      if (at % 2 === 1 || at === last) {
        hash = await nodeHash(p, hash);
        while (at % 2 === 0 && at !== 0) { at /= 2; last = Math.floor(last / 2); }
      } else {
        hash = await nodeHash(hash, p);
      }
      at = Math.floor(at / 2);
      last = Math.floor(last / 2);
    }
    return last === 0 && same(hash, head.root);
  };

  // ---- The log as it is now.
  const fetched = async (path) => {
    const answer = await fetch('/log/' + path, { credentials: 'omit' });
    if (!answer.ok) throw new Error(path);
    return answer;
  };
  const text = async (path) => (await fetched(path)).text();
  const tilePath = (level, n, width) => {
    let name = String(n % 1000).padStart(3, '0');
    for (n = Math.floor(n / 1000); n > 0; n = Math.floor(n / 1000)) name = 'x' + String(n % 1000).padStart(3, '0') + '/' + name;
    return `tile/${level}/${name}${width < 256 ? '.p/' + width : ''}`;
  };
  // stands reports whether the leaf is where it was in the tree of that head: the root
  // is computed anew from the leaf and the tiles around it.
  const stands = async (o, head) => {
    const tiles = {};
    const tile = (level, n) => {
      const width = Math.min(256, Math.floor(head.size / 256 ** level) - n * 256);
      const path = tilePath(level, n, width);
      tiles[path] = tiles[path] || fetched(path).then(async (a) => new Uint8Array(await a.arrayBuffer()));
      return tiles[path];
    };
    // node is the hash over the 2^height leaves from first on, all of which are there.
    const node = async (first, height) => {
      const level = Math.floor(height / 8);
      const n = first / 256 ** level;
      const t = await tile(level, Math.floor(n / 256));
      let hashes = [];
      for (let i = 0; i < 2 ** (height % 8); i++) hashes.push(t.slice((n % 256 + i) * 32, (n % 256 + i + 1) * 32));
      while (hashes.length > 1) {
        const next = [];
        for (let i = 0; i < hashes.length; i += 2) next.push(await nodeHash(hashes[i], hashes[i + 1]));
        hashes = next;
      }
      return hashes[0];
    };
    const over = async (first, size) => {
      let height = 0;
      while (2 ** (height + 1) <= size) height++;
      const inside = o.index >= first && o.index < first + size;
      if (size === 1 && inside) return leafHash(o.leaf);
      if (size === 2 ** height && !inside) return node(first, height);
      const left = size === 2 ** height ? size / 2 : 2 ** height;
      return nodeHash(await over(first, left), await over(first + left, size - left));
    };
    return same(await over(0, head.size), head.root);
  };

  // ---- What is said.
  const say = (parent, tag, words, className) => {
    const e = document.createElement(tag);
    e.textContent = words;
    if (className) e.className = className;
    parent.append(e);
    return e;
  };
  const time = (unix) => {
    const d = new Date((unix + 8 * 3600) * 1000);
    const two = (n) => String(n).padStart(2, '0');
    return `${d.getUTCFullYear()}年${d.getUTCMonth() + 1}月${d.getUTCDate()}日 ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  };
  // steps are [word, text]: 对, 不对 or 没查.
  const show = (good, title, facts, steps, after) => {
    result.textContent = '';
    result.className = good ? 'notice good' : 'notice';
    say(result, 'h2', title);
    if (facts.length) {
      const list = say(result, 'dl', '', 'answers');
      for (const [name, value] of facts) { const row = say(list, 'div', ''); say(row, 'dt', name); say(row, 'dd', value); }
    }
    const list = say(result, 'ul', '', 'links');
    for (const [word, words] of steps) {
      const li = say(list, 'li', '');
      say(li, 'b', { 对: '✓ 对', 不对: '✗ 不对', 没查: '— 没有查' }[word], word === '对' ? 'mark done' : word === '不对' ? 'mark overdue' : 'mark');
      li.append('　' + words);
    }
    for (const words of after) say(result, 'p', words, 'hint');
    result.focus();
  };

  const check = async (given) => {
    const shown = $('key').textContent.trim();
    const siteText = await text('key').then((t) => t.trim(), () => shown);
    const site = await parseKey(siteText);
    if (!site) wrong('没有取到本站的公钥，请检查网络后再试。');
    const steps = [];
    let bad = '';
    const step = (ok, words, what) => {
      steps.push([ok ? '对' : '不对', words]);
      if (!ok) bad = bad || what;
      return ok;
    };
    // A step that throws is wrong in the words of what it threw.
    const attempt = async (words, what, f) => {
      try { const v = await f(); step(v, words(v), what); return v; } catch (e) {
        if (!(e instanceof Wrong)) throw e;
        step(false, e.message, what);
        return null;
      }
    };
    const promise = given.startsWith(promiseFirst + '\n');
    const what = promise ? '凭据' : '回执';
    const o = promise ? parsePromise(given) : await parseReceipt(given);
    const facts = [['受理编号', o.case], ['收到时间', time(o.received)]];
    const keys = [site, ...await former(site).catch(() => [])];
    const names = (k) => given.includes(`\n\u2014 ${k.name} ${toBase64(k.id).slice(0, 5)}`); // the id's first thirty bits
    const key = promise ? keys.find(names) || site : o.key;
    const known = [shown, key.text].every((x) => keys.some((k) => k.text === x));
    const keyIs = step(known, !known ? `回执上的公钥不是本站公布的那把，而是 ${key.text}` : key.text !== site.text ? '用的是本站以前的公钥：换钥时新旧两把都签了名，接得上现在的这把' : promise ? '本站公布的公钥：见下面' : '回执上的公钥就是本站公布的那把', '公钥');
    const content = async () => {
      const ok = await opens(o);
      return step(ok, ok ? '编号、收到时间、内容摘要和盐，正好算出日志里的那条记录' : '算不出日志里的那条记录：编号、收到时间、内容摘要、盐或者记录被改过', '内容（编号、收到时间、内容摘要、盐、记录中的一项）');
    };
    let after;
    if (promise) {
      await attempt(() => '凭据的签名是用这把公钥签的，一个字没有改过', '凭据的签名', async () => { await openNote(o.note, key, '凭据'); return o.origin === key.name; });
      await content();
      steps.push(['没查', '在不在日志里：凭据上没有序号，查不出来。凭编号和查询码到“查询进度”下载回执，再来查']);
      facts.push(['签发时间', time(o.promised)]);
    } else {
      facts.push(['日志序号', String(o.index)]);
      const head = await attempt((h) => `检查点是用${keyIs ? '这' : '回执上那'}把公钥签的，当时日志有 ${h.size} 条`, '检查点或它的签名', () => openCheckpoint(o.checkpoint, key, '检查点'));
      await content();
      if (head) {
        const ok = await included(o, head);
        step(ok, ok ? '证明从这条记录一直算到检查点，对得上' : '从这条记录算不到检查点：证明、序号或者记录被改过', '证明、序号或者记录');
      } else steps.push(['没查', '证明：没有可信的检查点，无从查起']);
      try {
        const now = keyIs && head && await attempt((h) => `现在的日志有 ${h.size} 条，签名是真的`, '现在的日志', async () => openCheckpoint(await text('checkpoint'), site, '现在的检查点'));
        if (!now) steps.push(['没查', '现在的日志：前面有不对的，没有再查']);
        else if (now.size < head.size) step(false, `现在的日志只有 ${now.size} 条，比签回执时的 ${head.size} 条还少：日志被截短了`, '现在的日志');
        else {
          const ok = await stands(o, now);
          step(ok, ok ? '现在的日志里，这条记录还在原来的位置' : '现在的日志里，原来的位置上不是这条记录', '现在的日志');
        }
      } catch (e) {
        if (e instanceof Wrong) throw e;
        steps.push(['没查', '现在的日志：没有取到，请检查网络后再试。上面查过的不受影响']);
      }
    }
    if (bad) {
      after = ['请先确认用的是当初下载的原文件、粘贴时没有漏字。确认无误仍然不对的，请留好文件，向本院或者上级法院反映。'];
      return show(false, `这份${what}不成立：${bad}不对`, facts, steps, after);
    }
    after = ['信不过本站的，请把下面的公钥和法院大厅的海报、公告上印的比一比。'];
    return show(true, promise ? '凭据是真的' : '回执是真的，这件来件在公开日志里', facts, steps, after);
  };

  const run = async (given) => {
    // The ends and the line ends of a text change on its way through other programs.
    const clean = given.replace(/^\ufeff/, '').replace(/\r\n/g, '\n').trim();
    if (!clean) return show(false, '还没有选文件，也没有粘贴文字', [], [], []);
    if (clean.length > 256 * 1024) return show(false, '这不是回执：文件太大', [], [], []);
    try { return await check(clean.startsWith('{') ? clean : clean + '\n'); } catch (e) {
      if (e instanceof Wrong) return show(false, e.message, [], [], []);
      return show(false, '没有查成，请再试一次；总是这样的，请用下面的命令查', [], [], []);
    }
  };

  // RFC 8032's first test: a browser that says so can really do it.
  const able = async () => {
    try {
      const hex = (s) => Uint8Array.from(s.match(/../g), (x) => parseInt(x, 16));
      const k = await subtle.importKey('raw', hex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'), { name: 'Ed25519' }, false, ['verify']);
      return await subtle.verify({ name: 'Ed25519' }, k, hex('e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'), new Uint8Array(0));
    } catch { return false; }
  };
  able().then((can) => {
    if (!can) {
      $('why').firstChild.textContent = '这个浏览器不会验这种签名（Ed25519）。';
      $('why').lastChild.textContent = window.isSecureContext ? '多半是版本太旧。' : '也可能是因为这个网址不是 https 开头。';
      return;
    }
    $('unable').hidden = true;
    const form = $('check');
    form.hidden = false;
    // A chosen file is shown where it can be read, and is what is verified.
    $('file').addEventListener('change', async (e) => {
      const file = e.target.files[0];
      if (file && file.size <= 1024 * 1024) { $('text').value = await file.text(); await run($('text').value); }
      else if (file) show(false, '这不是回执：文件太大', [], [], []);
    });
    form.addEventListener('submit', (e) => { e.preventDefault(); run($('text').value); });
  });
})();
