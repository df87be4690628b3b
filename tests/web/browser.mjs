import { chromium } from 'playwright-core';

// Debian's Chromium, silent: it asks nobody but the site under test.
export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

// States in which a page must be read. Editions are classes on <html> set by the server; on a rendered folder there is
// no server to set the cookie, so the class is put on here, the same way in both cases.
export const states = {
  'wide': { width: 1280 },
  'phone': { width: 375 },
  'wide-large': { width: 1280, classes: ['large'] },
  'phone-large': { width: 375, classes: ['large'] },
  'wide-contrast': { width: 1280, classes: ['contrast'] },
  'phone-contrast': { width: 375, classes: ['contrast'] },
  'wide-dark': { width: 1280, dark: true },
  'phone-dark': { width: 375, dark: true },
  'dark-contrast': { width: 1280, dark: true, classes: ['contrast'] },
  'narrow': { width: 320 },
  'print': { width: 794, print: true },
};

export async function show(browser, base, path, state) {
  const context = await browser.newContext({
    viewport: { width: state.width, height: 900 },
    colorScheme: state.dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    locale: 'zh-CN',
  });
  const page = await context.newPage();
  const outside = [];
  page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('data:')) outside.push(r.url()); });
  await page.goto(base + path, { waitUntil: 'load' });
  if (state.classes) await page.evaluate((c) => document.documentElement.classList.add(...c), state.classes);
  if (state.print) await page.emulateMedia({ media: 'print' });
  return { page, context, outside };
}
