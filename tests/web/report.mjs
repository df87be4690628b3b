// Two reports of misconduct in Chromium, from a telephone: a named one that goes all its way, through the officer's desk
// and the custodian's, and an anonymous one that a clerk takes down by phone. Environment as in story.mjs.
import { base, end, must, mustNot, send, signIn, visitor } from './cast.mjs';

const answerCaptcha = async (page) => {
  const id = await page.locator('input[name=captcha_id]').inputValue();
  await page.locator('input[name=captcha_solution]').fill(await (await fetch(`${process.env.CAPTCHA}/${id}`)).text());
};
const main = (v) => v.page.locator('main form.form').first().locator('button[type=submit]').first();

// ---- Somebody reports from a telephone, with a mistake first.
const me = await visitor('reporter', 375);
await me.page.goto(`${base}/submit/report`);
await must(me.page, ['我们怎样保护您', '保护不到的', '举报须知', '查询码只给一次']);
await me.shot('01-form');
await me.page.locator('input[name=anonymous][value=no]').check();
await me.page.locator('[name=person]').fill('西门某');
await me.page.locator('[name=exclude]').fill('南宫某\n北宫某');
await main(me).click();
await must(me.page, ['请写清举报的事实', '实名举报请写姓名']);
if ((await me.page.locator('[name=exclude]').inputValue()) !== '南宫某\n北宫某') throw new Error('who must not see it was lost');
await me.shot('02-wrong');
await me.page.locator('[name=name]').fill('东方某');
await me.page.locator('[name=phone]').fill('13700001111');
await me.page.locator('[name=facts]').fill('西门某在饭店收受现金十万元。\n有收条。');
await me.page.locator('[name=privacy_version]').check();
await answerCaptcha(me.page);
await me.page.locator('[name=attachments]').setInputFiles({ name: '收条.txt', mimeType: 'text/plain', buffer: Buffer.from('收条的内容') });
await main(me).click();
await must(me.page, ['还没有提交', '收条.txt', '南宫某', '东方某']);
await me.shot('03-check');
await main(me).click();
await must(me.page, ['已收到您的举报', '查询码只在这里显示一次']);
const number = (await me.page.locator('#case-no').innerText()).replace(/\D/g, '');
const code = await me.page.locator('#access-code').innerText();
if (number.length !== 8 || !/^(\d{4} ){5}\d{4}$/.test(code)) throw new Error(`${number} ${code}`);
if (!(await me.page.locator('svg.qr').boundingBox())) throw new Error('no two-dimensional code');
await me.shot('04-code');
await me.page.emulateMedia({ media: 'print' });
await me.page.screenshot({ path: `${process.env.OUT}/05-slip-printed.png` });
await me.page.emulateMedia({ media: 'screen' });
await me.page.locator('[name=access_code]').fill(code.slice(0, -1) + ((Number(code.slice(-1)) + 1) % 10));
await main(me).click();
await must(me.page, ['请再核对一次', '不一样', code]); // shown again, since the browser's way back is none
await me.page.locator('[name=access_code]').fill(code);
await main(me).click();
await me.page.waitForURL(/track\/case/);
await must(me.page, ['已收到', '西门某', '收条.txt']);
await me.shot('06-track');

// ---- The officer reads it, asks, and learns who it was only from the custodian.
const officer = await signIn('discipline_officer');
await officer.page.goto(`${base}/desk/reports`);
await mustNot(officer.page, ['西门某', '十万元']);
await officer.shot('07-queue');
await officer.page.locator('a.row').first().click();
await must(officer.page, ['十万元', '西门某', '收条.txt']);
await mustNot(officer.page, ['东方某', '13700001111']);
await officer.shot('08-report');
const path = new URL(officer.page.url()).pathname;
const act = async (verb, fill) => { await send(officer, `${path}/${verb}`, fill); };
await act('accept');
await act('assign', (f) => f.locator('[name=to]').selectOption({ index: 1 }));
await must(officer.page, '已交办');
await act('answer', (f) => f.locator('[name=content]').fill('请补充是哪一天。'));
await act('ask_identity', (f) => f.locator('[name=content]').fill('要当面核实收条。'));
await must(officer.page, '等待身份保管人决定');
const keeper = await signIn('custodian');
await keeper.page.goto(`${base}/desk/identity`);
await must(keeper.page, '要当面核实收条');
await mustNot(keeper.page, ['西门某', '十万元']);
await keeper.shot('09-identity');
await keeper.page.getByRole('button', { name: '同意' }).first().click();
await must(keeper.page, '已决定');
await keeper.page.goto(`${base}/desk/keys`);
await keeper.shot('10-keys');
await officer.page.goto(base + path);
await act('reveal');
await must(officer.page, ['东方某', '13700001111']);
await officer.shot('11-revealed');

// ---- The reporter sees all of that, answers, and reads the result.
await me.page.goto(`${base}/track/case`);
await must(me.page, ['请补充是哪一天', '办理人查看了您的身份', '办理中']);
await me.page.locator('form[action="/track/report/say"] [name=content]').fill('三月一日。');
await me.page.locator('form[action="/track/report/say"] button[type=submit]').first().click();
await must(me.page, '三月一日');
await officer.page.goto(base + path);
await must(officer.page, '三月一日');
await act('conclude', async (f) => { await f.locator('[name=disposition]').first().check(); await f.locator('[name=content]').fill('已经谈话，退还。'); });
await act('feedback', (f) => f.locator('[name=content]').fill('反映属实，已经处理。'));
await officer.page.goto(base + path);
await officer.shot('12-done');
await me.page.reload();
await must(me.page, ['已反馈', '反映属实，已经处理。']);
await mustNot(me.page, '已经谈话');
await me.shot('13-answered');

// ---- A clerk takes an anonymous one down and cannot read it again; its sender changes the code first.
const clerk = await signIn('intake_clerk');
await clerk.page.goto(`${base}/desk/intake/report`);
await clerk.page.locator('input[name=anonymous][value=yes]').check();
await clerk.page.locator('[name=person]').fill('北堂某');
await clerk.page.locator('[name=facts]').fill('来电反映北堂某打听案情。');
await clerk.shot('14-clerk');
await main(clerk).click();
await must(clerk.page, '举报已加密登记');
await clerk.shot('15-clerk-code');
const told = (await clerk.page.locator('#access-code b').allInnerTexts()).join(' ');
const toldNumber = (await clerk.page.locator('.slip dd').first().innerText()).replace(/\D/g, '');
await clerk.page.goto(`${base}/desk/reports`);
await mustNot(clerk.page, '北堂某');
const caller = await visitor('caller', 375);
await caller.page.goto(`${base}/track`);
await caller.page.locator('[name=case_no]').fill(toldNumber);
await caller.page.locator('[name=access_code]').fill(told);
await main(caller).click();
await must(caller.page, '先换一个查询码');
await mustNot(caller.page, '北堂某');
await caller.shot('16-renew');
await main(caller).click();
await must(caller.page, '新的查询码');
await caller.page.locator('[name=access_code]').fill(await caller.page.locator('#access-code').innerText());
await main(caller).click();
await must(caller.page, '来电反映北堂某打听案情');
await caller.page.getByRole('button', { name: '结束查询' }).click();
await caller.page.goto(`${base}/track/case`);
await mustNot(caller.page, '北堂某');

await end('the reports', [me, officer, keeper, clerk, caller]);
