// The page that verifies receipts, in Chromium: what is good and what was forged, a log that was cut or changed since, a
// browser that cannot, and what leaves the browser. Environment: BASE, BROUGHT (from receipt_test.go), OUT.
import { readFileSync } from 'node:fs';
import { browser, end, visitor, wrong } from './cast.mjs';

const base = process.env.BASE;
const { brought, receipt, old, case: number } = JSON.parse(readFileSync(process.env.BROUGHT, 'utf8'));
const fail = (name, words) => wrong.push(`${name}: ${words}`);

const open = async (width = 375, prepare = async () => {}) => {
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale: 'zh-CN', reducedMotion: 'reduce' });
  const page = await context.newPage();
  const asked = [];
  page.on('request', (r) => asked.push(`${r.method()} ${r.url().slice(base.length)} ${r.postData() ?? ''}`));
  page.on('pageerror', (e) => fail('the script', e.message));
  page.on('console', (m) => { if (m.type() === 'error') fail('the console', m.text()); });
  await prepare(context, page);
  await page.goto(`${base}/log/receipt`, { waitUntil: 'networkidle' });
  return { context, page, asked };
};
const verify = async (page, text) => {
  await page.evaluate(() => { document.querySelector('#result').textContent = ''; });
  await page.locator('#text').fill(text);
  await page.getByRole('button', { name: '查验' }).click();
  await page.locator('#result h2').waitFor();
  return page.locator('#result').innerText();
};
const shot = (page, name) => page.screenshot({ path: `${process.env.OUT}/${name}.png`, fullPage: true });

// ---- What people bring.
for (const width of [375, 1280]) { // validated, and read by axe
  const v = await visitor('holder', width);
  await v.page.goto(`${base}/log/receipt`, { waitUntil: 'networkidle' });
  await v.shot(`empty-${width}`);
  for (const name of ['the receipt', 'a receipt with its digest changed', 'the promise']) {
    await verify(v.page, brought.find((x) => x.name === name).text);
    await v.shot(`${name.replaceAll(' ', '-')}-${width}`);
  }
  await v.close();
}
const { page, asked, context } = await open();
if (await page.locator('#unable').isVisible()) fail('the page', 'says that this browser cannot verify');
for (const x of brought) {
  const said = await verify(page, x.text);
  const good = await page.locator('#result.good').count() === 1 && !said.includes('不对');
  if (good !== x.good || !said.includes(x.says)) fail(x.name, said);
  if (x.name === 'the receipt') {
    for (const w of [number, '当时日志有', '现在的日志有', '还在原来的位置']) if (!said.includes(w)) fail(x.name, `${w} is not in ${said}`);
  }
}
// ---- A file, and what left the browser.
await page.locator('#file').setInputFiles({ name: `回执-${number}.json`, mimeType: 'application/json', buffer: Buffer.from(receipt) });
await page.locator('#result h2').waitFor();
const allowed = /^GET \/(log\/(receipt|keys?|checkpoint|tile\/[x\d/.p]+)|static\/\S+) $/;
for (const x of asked) if (!allowed.test(x)) fail('what leaves the browser', x);
if (!asked.some((x) => x.includes('/log/tile/0/'))) fail('the log', 'was not looked at');
await context.close();

// ---- A log that was cut, one that was changed since, one that does not answer.
for (const [name, path, answer, words] of [
  ['a log that was cut', '**/log/checkpoint', (route) => route.fulfill({ body: old }), '被截短了'],
  ['a log that was changed', '**/log/tile/0/**', async (route) => {
    const body = await (await route.fetch()).body();
    body[5] ^= 1;
    return route.fulfill({ body });
  }, '原来的位置上不是这条记录'],
  ['a checkpoint of nobody', '**/log/checkpoint', (route) => route.fulfill({ body: old.replace(/\n\d+\n/, '\n99999\n') }), '现在的检查点的签名是假的'],
]) {
  const v = await open(375, (c) => c.route(path, answer));
  const said = await verify(v.page, receipt);
  if (!said.includes(words) || !said.includes('不成立')) fail(name, said);
  await v.context.close();
}
{
  const v = await open(1280);
  await v.context.setOffline(true);
  v.page.removeAllListeners('console');
  const said = await verify(v.page, receipt);
  if (!said.includes('没有取到') || said.includes('不对')) fail('without the network', said);
  await v.context.close();
}
// ---- A browser that cannot, and one without scripts: said plainly, and nothing to send.
for (const [name, options, prepare] of [
  ['an old browser', {}, (p) => p.addInitScript(() => { Object.defineProperty(window, 'crypto', { value: {} }); })],
  ['without scripts', { javaScriptEnabled: false }, async () => {}],
]) {
  const c = await browser.newContext({ viewport: { width: 375, height: 900 }, locale: 'zh-CN', ...options });
  const p = await c.newPage();
  await prepare(p);
  await p.goto(`${base}/log/receipt`, { waitUntil: 'networkidle' });
  if (!await p.locator('#unable').isVisible() || await p.locator('#check').isVisible() || !(await p.locator('main').innerText()).includes('portal-verify receipt')) fail(name, await p.locator('main').innerText());
  await shot(p, name.replaceAll(' ', '-'));
  await c.close();
}
await end('receipts', []);
