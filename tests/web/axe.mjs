// axe over every page in every edition: node axe.mjs BASE-URL|FOLDER [/path …] [--states=wide,phone,…]. It also refuses
// sideways scrolling, targets under 44 px and requests to another host. Exit 1 on any finding.
import { AxeBuilder } from '@axe-core/playwright';
import { args, open } from './pages.mjs';
import { launch, show, states } from './browser.mjs';

const { source, paths: asked, options } = args();
const chosen = (options.states ?? 'wide,phone,phone-large,wide-contrast,wide-dark,dark-contrast').split(',');
const { base, paths, close } = await open(source, asked);
const browser = await launch();
let wrong = 0;
const complain = (path, state, text) => { wrong++; console.log(`${path} [${state}] ${text}`); };

// Links inside a sentence may be as small as their text (WCAG 2.5.8); everything else must be large enough for a thumb.
// The desk is dense: there a mouse needs 24 px (WCAG 2.5.8), a thumb still 44.
const small = (least) => [...document.querySelectorAll('a,button,input:not([type=hidden]),select,textarea,summary')].flatMap((e) => {
  const box = e.getBoundingClientRect();
  const inSentence = e.tagName === 'A' && e.closest('p,dd,h1,h2,h3,h4,td,th,legend,label,li li,.links,.prose li,.changes,.errors,.crumbs,.turn,.groups,.contents,dt');
  if (!box.width || box.bottom < 0 || box.right < 0 || inSentence || e.closest('.trap') || e.matches('.skip')) return [];
  const label = e.type === 'checkbox' || e.type === 'radio' ? e.closest('.tick').getBoundingClientRect() : box;
  return Math.max(label.height, box.height) < least || Math.max(label.width, box.width) < least ? [`${e.tagName} “${(e.textContent || e.name).trim().slice(0, 20)}” ${Math.round(box.width)}×${Math.round(box.height)}`] : [];
});

// A few windows at once: most of the time is waiting for the page.
const work = paths.flatMap((path) => chosen.map((name) => [path, name]));
await Promise.all(Array.from({ length: 3 }, async () => {
  for (let next = work.shift(); next; next = work.shift()) {
    const [path, name] = next;
    const { page, context, outside } = await show(browser, base, path, states[name]);
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
    for (const v of violations) complain(path, name, `${v.id}: ${v.help}\n    ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' | ' + (n.any[0]?.message ?? '')).join('\n    ')}`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (over > 0) complain(path, name, `scrolls sideways by ${over} px`);
    for (const s of await page.evaluate(small, path.startsWith('/desk') && states[name].width > 720 ? 24 : 43.5)) complain(path, name, `small target: ${s}`);
    for (const url of outside) complain(path, name, `asked another host: ${url}`);
    await context.close();
  }
}));
await browser.close();
await close();
console.log(`${paths.length} pages × ${chosen.length} states, ${wrong} findings`);
process.exit(wrong || !paths.length ? 1 : 0);
