// A call to 12368 in Chromium: the clerk takes it down without ever touching a mouse, chance finds a handler, the caller
// replaces the code that was read out, does not accept the answer, and is heard. Environment as in cast.mjs.
import { base, end, must, mustNot, send, signIn, text, visitor } from './cast.mjs';

// staff waits until somebody is in.
async function staff(role) {
  const v = await signIn(role);
  await v.page.waitForURL(/desk\/(?!login)/);
  return v;
}

const act = (v, page, name, fill) => send(v, `${page}/${name}`, fill);
const clicks = [];

// take writes a call down by keyboard alone, from the queue to the number and the code.
async function take(v, call) {
  const { page } = v;
  await page.goto(`${base}/desk/queue`);
  await page.keyboard.press('n');
  await page.waitForURL(/intake\/new/);
  if ((await page.evaluate(() => document.activeElement.name)) !== 'title') throw new Error('the first question has no focus');
  const { keyboard } = page;
  await keyboard.type(call.title);
  for (const [name, words] of Object.entries(call.rest)) {
    for (let i = 0; (await page.evaluate(() => document.activeElement.name)) !== name; i++) {
      if (i > 12) throw new Error(`${name} is not reached by the Tab key`);
      await keyboard.press('Tab');
    }
    await keyboard.type(words);
  }
  if (call.looked) await page.locator('#kin', { hasText: call.looked }).waitFor({ timeout: 10000 });
  await v.shot(call.shot);
  await keyboard.press('Control+Enter');
  await page.locator('#case-no').waitFor();
  return [page.locator('#case-no'), page.locator('#access-code')].reduce(async (all, x) => [...await all, (await x.innerText()).replace(/\D/g, '')], []);
}

const clerk = await staff('intake_clerk');
await clerk.page.exposeFunction('clicked', (what) => clicks.push(what));
await clerk.page.addInitScript(() => addEventListener('pointerdown', (e) => window.clicked(e.target.outerHTML.slice(0, 80)), true));
const [first] = await take(clerk, { title: '窗口排队两个小时', rest: { content: '上午去立案，排队两个小时没有叫号。', name: '周小明', phone: '13900001111' }, shot: '01-call' });
const [number, code] = await take(clerk, { title: '窗口还是没有人叫号', rest: { content: '今天又排队，还是没有叫号。', phone: '139 0000 1111' }, looked: '窗口排队两个小时', shot: '02-call-again' });
if (number.length !== 8 || code.length !== 8 || first === number) throw new Error(`${first} ${number} ${code}`);
if (clicks.length) throw new Error(`a mouse was used: ${clicks}`);

// ---- It is sorted; two people on one case see each other.
const dispatcher = await staff('dispatcher');
await dispatcher.page.goto(`${base}/desk/queue?q=${number}`);
await dispatcher.page.locator('a.row').first().click();
const page = dispatcher.page.url().split('?')[0];
const path = page.slice(base.length);
await act(dispatcher, path, 'register');
await act(dispatcher, path, 'accept');
await act(dispatcher, path, 'assign', async (form) => {
  await form.locator('[name=department]').selectOption({ label: '执行局' });
  await form.locator('[name=handler]').selectOption('lot');
});
// Chance comes from the log's next checkpoint: who is faster presses again, and what was chosen stays.
for (let i = 0; i < 40 && (await text(dispatcher.page)).includes('请过几秒钟再按一次'); i++) {
  await dispatcher.page.waitForTimeout(250);
  await act(dispatcher, path, 'assign');
}
await must(dispatcher.page, '1 人中随机抽取');
await dispatcher.page.locator('a[href*="/draws/"]').click();
await must(dispatcher.page, ['重算一致', '抽中']);
await dispatcher.shot('03-draw');
const handler = await staff('handler');
await handler.page.goto(page);
await must(handler.page, '也在看此件');
await act(handler, path, 'acknowledge');
await act(handler, path, 'draft', (form) => form.locator('[name=body]').fill('您好！叫号设备已经修好。'));
await handler.page.getByRole('button', { name: '保存并提交审核' }).click();
await must(handler.page, '待审核');
const reviewer = await staff('reviewer');
await reviewer.page.goto(page);
await act(reviewer, path, 'pass');
const approver = await staff('approver');
await approver.page.goto(page);
await act(approver, path, 'approve');
await handler.page.goto(page);
await act(handler, path, 'send');
await must(handler.page, '已答复');

// ---- The caller replaces the code that staff have heard, reads the answer and does not accept it.
const phone = await visitor('caller', 375);
const me = phone.page;
await me.goto(`${base}/track`);
await me.locator('[name=case_no]').fill(number);
await me.locator('[name=access_code]').fill(code);
await me.getByRole('button', { name: '查看进度' }).click();
await mustNot(me, '叫号设备已经修好');
await me.locator('[name=code]').fill('86420975');
await me.locator('[name=again]').fill('86420975');
await phone.shot('04-new-code');
await me.locator('main button[type=submit]').first().click();
await must(me, ['叫号设备已经修好', '执行局']);
await mustNot(me, ['随机抽取', '承办人（试用）']);
const fold = me.locator('details', { has: me.locator('form[action="/track/case/object"]') });
if (await fold.count() && !(await fold.first().getAttribute('open'))) await fold.first().locator('summary').first().click();
await me.locator('form[action="/track/case/object"] textarea').fill('今天去看，还是没有叫号。');
await phone.shot('05-object');
await me.locator('form[action="/track/case/object"] button[type=submit]').first().click();
await must(me, '不同意');
const supervisor = await staff('supervisor');
await supervisor.page.goto(`${base}/desk/queue?basket=objected`);
await must(supervisor.page, '窗口还是没有人叫号');
await supervisor.page.goto(page);
await must(supervisor.page, '今天去看，还是没有叫号');
await act(supervisor, path, 'redo', (form) => form.locator('[name=content]').fill('请到现场核实。'));
await must(supervisor.page, '重办');
await me.goto(`${base}/track/case`);
await must(me, '重新办理');
await mustNot(me, '请到现场核实');
await phone.shot('06-heard');
if ((await text(me)).includes('周小明')) throw new Error('a caller reads another case');
await end('hotline', [clerk, dispatcher, handler, reviewer, approver, supervisor, phone]);
