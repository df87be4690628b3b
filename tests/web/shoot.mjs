// Pictures of every page: node shoot.mjs BASE-URL|FOLDER [/path …] --out=DIR [--states=wide,phone,…].
import { mkdir } from 'node:fs/promises';
import { args, open } from './pages.mjs';
import { launch, show, states } from './browser.mjs';

const { source, paths: asked, options } = args();
const out = options.out ?? 'shots';
const chosen = (options.states ?? 'wide,phone').split(',');
const { base, paths, close } = await open(source, asked);
await mkdir(out, { recursive: true });
const browser = await launch();
for (const path of paths) {
  for (const name of chosen) {
    const { page, context } = await show(browser, base, path, states[name]);
    const file = path.replace(/\.html$/, '').replace(/[^\w-]+/g, '_').replace(/^_/, '') || 'home';
    await page.screenshot({ path: `${out}/${file}.${name}.png`, fullPage: true });
    await context.close();
  }
}
await browser.close();
await close();
console.log(`${paths.length * chosen.length} pictures in ${out}`);
