// A draft cannot be lost, in Chromium: the page is killed while somebody types and never saves; who comes back finds the
// text. Environment as in cast.mjs; CASE is the address of a case that waits for its handler's answer.
import { base, browser, end, must, signIn, text } from './cast.mjs';

const page = base + process.env.CASE;
const typed = '您好！您反映的排期问题，我们已经核实，正在改进，写到这里浏览器就没有了';
const first = await signIn('handler');
await first.page.goto(page);
const box = first.page.locator('#draft-body');
await box.click();
const began = Date.now();
await box.pressSequentially(typed, { delay: 150 }); // longer than it takes to be put aside, without a pause
const took = Date.now() - began;
if (took < 5000) throw new Error(`typing took ${took} ms only`);
await must(first.page, '已暂存');
// Killed, not closed: no page gets to say goodbye.
const chrome = await browser.newBrowserCDPSession();
const { targetInfos } = await chrome.send('Target.getTargets');
const target = targetInfos.find((x) => x.type === 'page' && x.url === page);
const inside = await first.page.context().newCDPSession(first.page);
const dead = new Promise((done) => { first.page.once('crash', done); });
inside.send('Page.crash').catch(() => {});
await dead;
await chrome.send('Target.closeTarget', { targetId: target.targetId }).catch(() => {});

const again = await signIn('handler');
await again.page.goto(page);
const back = await again.page.locator('#draft-body').inputValue();
// Five seconds of typing at most are missing.
const most = Math.ceil(5000 / (took / typed.length));
if (!typed.startsWith(back.trim()) || typed.length - back.trim().length > most) throw new Error(`came back with “${back}”`);
await must(again.page, '写的内容还没有保存');
await again.shot('01-came-back');
await again.page.locator('#draft-body').fill('您好！已经公布全年排期。');
await again.page.getByRole('button', { name: '保存', exact: true }).click();
await must(again.page, '答复稿已保存');
// The stored text and the one being written stand side by side.
await again.page.locator('#draft-body').fill('您好！已经公布全年排期，并每月更新。');
await again.page.locator('.saved', { hasText: '已暂存' }).waitFor();
await again.page.goto(page);
await must(again.page, ['已保存的', '您写的（还没有保存）']);
if ((await again.page.locator('.theirs').innerText()).trim() !== '您好！已经公布全年排期。') throw new Error(await text(again.page));
await again.shot('02-side-by-side');
// After a conflict the second text is stored nowhere yet: it is put aside without another key.
await again.page.evaluate(() => { document.querySelector('.draft form').elements.seen.value = '0'; });
await again.page.locator('#draft-body').fill('您好！这是没有看到前一稿时写的。');
const other = await signIn('handler');
await other.page.goto(page);
await other.page.locator('#draft-body').fill('您好！这是另一扇窗口里的一稿。');
await other.page.getByRole('button', { name: '保存', exact: true }).click();
await must(other.page, '答复稿已保存');
await again.page.getByRole('button', { name: '保存', exact: true }).click();
await must(again.page, ['两份', '您写的（还没有保存）']);
await again.page.locator('.saved', { hasText: '已暂存' }).waitFor();
await again.page.goto(page);
if ((await again.page.locator('#draft-body').inputValue()).trim() !== '您好！这是没有看到前一稿时写的。') throw new Error(await text(again.page));
await end('writing', [again, other]);
