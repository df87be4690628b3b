// What the stories share: windows whose every page is validated, read by axe and kept as a picture. Environment: BASE,
// ACCOUNTS (JSON: role → password), JS (on|off), OUT (folder for pictures).
import { mkdir } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import { HtmlValidate, FileSystemConfigLoader } from 'html-validate';
import { launch } from './browser.mjs';

export const { BASE: base, OUT: out = 'shots' } = process.env;
export const script = process.env.JS !== 'off';
export const accounts = JSON.parse(process.env.ACCOUNTS);
await mkdir(out, { recursive: true });
export const browser = await launch();
const validator = new HtmlValidate(new FileSystemConfigLoader());
export const wrong = [];
let pages = 0;

// visitor opens a window whose every page is validated; problems are collected, not thrown.
export async function visitor(name, width) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, javaScriptEnabled: script, locale: 'zh-CN', reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.on('request', (r) => { if (!r.url().startsWith(base)) wrong.push(`${name}: asked ${r.url()}`); });
  page.on('pageerror', (e) => wrong.push(`${name}: ${page.url()}: ${e}`));
  page.on('console', (m) => { if (m.type() === 'error' && !/status of 4/.test(m.text())) wrong.push(`${name}: ${page.url()}: ${m.text()}`); });
  const checks = [];
  page.on('response', (r) => {
    if (r.request().resourceType() !== 'document' || !(r.headers()['content-type'] ?? '').includes('html') || (r.status() >= 300 && r.status() < 400)) return;
    if (r.status() >= 500) wrong.push(`${name}: ${r.status()} ${r.url()}`);
    checks.push(r.text().then(async (html) => {
      pages++;
      const report = await validator.validateString(html, import.meta.dirname + '/page.html');
      for (const result of report.results) for (const m of result.messages) wrong.push(`${name}: ${r.url()} ${m.line}:${m.column} ${m.ruleId}: ${m.message}`);
    }).catch(() => {}));
  });
  const shot = async (step) => {
    await page.screenshot({ path: `${out}/${step}.png`, fullPage: true });
    if (script) {
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
      for (const v of violations) wrong.push(`${name}: ${step}: ${v.id}: ${v.help}: ${v.nodes[0].html.slice(0, 140)}`);
    }
    // Sideways scrolling shows without a script too: the page is then wider than its window.
    const box = await page.locator('body').boundingBox();
    if (box.width > width + 1) wrong.push(`${name}: ${step}: ${Math.round(box.width)} px wide in ${width}`);
  };
  const close = async () => { await Promise.all(checks); await context.close(); };
  return { page, shot, close };
}

export const text = (page) => page.locator('body').innerText();
export async function must(page, words) {
  const all = await text(page);
  for (const w of [].concat(words)) if (!all.includes(w)) throw new Error(`${page.url()} does not say “${w}”:\n${all.slice(0, 1500)}`);
}
export async function mustNot(page, words) {
  const all = await text(page);
  for (const w of [].concat(words)) if (all.includes(w)) throw new Error(`${page.url()} shows “${w}”`);
}

// signIn opens a window for who holds a role.
export async function signIn(role) {
  const v = await visitor(role, 1280);
  await v.page.goto(`${base}/desk/login`);
  await v.page.locator('input[name=login]').fill(role);
  await v.page.locator('input[name=password]').fill(accounts[role]);
  await v.page.locator('main button[type=submit]').first().click();
  return v;
}

// send unfolds and sends the form that goes to an address.
export async function send(v, action, fill = async () => {}) {
  const form = v.page.locator(`form[action="${action}"]`).first();
  const fold = v.page.locator('details.act:not([open])', { has: form });
  if (await fold.count()) await fold.locator('summary').first().click();
  await fill(form);
  await form.locator('button[type=submit]').first().click();
}

// end closes everything and reports what was wrong.
export async function end(name, visitors) {
  for (const v of visitors) await v.close();
  await browser.close();
  for (const w of new Set(wrong)) console.log(w);
  console.log(`${name} with script ${script ? 'on' : 'off'}: ${pages} pages read, ${wrong.length} findings`);
  process.exit(wrong.length ? 1 : 0);
}
