// The whole story in Chromium, with every page checked on the way: a citizen on a 375 px screen speaks, a court answers,
// the citizen reads and rates, the answer is published. Environment: BASE, CAPTCHA (answers the digits of an id),
// ACCOUNTS (JSON: role → password), JS (on|off), OUT (folder for pictures).
import { base, end, must, mustNot, send, signIn, text, visitor } from './cast.mjs';

const captchas = process.env.CAPTCHA;

async function answerCaptcha(page) {
  const id = await page.locator('input[name=captcha_id]').inputValue();
  await page.locator('input[name=captcha_solution]').fill(await (await fetch(`${captchas}/${id}`)).text());
}

async function staff(role) {
  const v = await signIn(role);
  await must(v.page, role === 'publisher' ? '选登' : '待');
  return v;
}

// open reads the case on the desk, act sends one of its forms.
const open = async (v, id) => { await v.page.goto(`${base}/desk/cases/${id}`); };
const act = (v, id, name, fill) => send(v, `/desk/cases/${id}/${name}`, fill);

// ---- A citizen says something about a problem.
const phone = await visitor('citizen', 375);
const me = phone.page;
await me.goto(base + '/');
await must(me, ['37', '42', '281', '295', '102', '12368']);
await phone.shot('01-home');
await me.getByRole('link', { name: '司法体制改革破难题、解新题不力' }).click();
await must(me, '通报未逐项说明');
await phone.shot('02-problem');
await me.getByRole('link', { name: '说说我的看法' }).click();
await me.locator('button[name=step][value=check]').click();
if (!(await me.title()).startsWith('错误：')) throw new Error('an empty form was not refused');
await phone.shot('03-form-empty');
await me.locator('[name=title]').fill('建议公开员额动态调整的结果');
await me.locator('[name=content]').fill('通报写了分配170名编制，建议公布分到哪些法院、多久调整一次。');
await me.locator('[name=name]').fill('王小明');
await me.locator('[name=phone]').fill('13800138000');
await me.locator('[name=allow_publish]').check();
await me.locator('[name=privacy_version]').check();
await answerCaptcha(me);
await me.locator('button[name=step][value=check]').click();
await must(me, ['核对', '建议公开员额动态调整的结果', '王小明']);
await phone.shot('04-check');
await me.getByRole('button', { name: '确认提交' }).click();
const number = (await me.locator('#case-no').innerText()).replace(/\D/g, '');
const code = (await me.locator('#access-code').innerText()).replace(/\D/g, '');
if (number.length !== 8 || code.length !== 8) throw new Error(`number ${number}, code ${code}`);
await phone.shot('05-confirmation');

// ---- The court sorts it.
const clerk = await staff('intake_clerk');
await clerk.page.goto(`${base}/desk/queue?q=${number}`);
await must(clerk.page, '建议公开员额动态调整的结果');
await mustNot(clerk.page, ['王小明', '13800138000']);
await clerk.shot('06-queue');
await clerk.page.locator('main').getByRole('link', { name: '建议公开员额动态调整的结果' }).click();
const id = /cases\/(\d+)/.exec(clerk.page.url())[1];
await mustNot(clerk.page, ['王小明', '13800138000']);
await clerk.shot('07-case');
await act(clerk, id, 'contact');
await must(clerk.page, ['王小明', '13800138000']);
await open(clerk, id);
await act(clerk, id, 'register');
await must(clerk.page, '已登记');

const dispatcher = await staff('dispatcher');
await open(dispatcher, id);
await act(dispatcher, id, 'accept');
await must(dispatcher.page, '已受理');
await act(dispatcher, id, 'assign', async (form) => {
  const options = await form.locator('select[name=department] option').allInnerTexts();
  await form.locator('select[name=department]').selectOption({ label: options.find((o) => o.includes('执行局')) });
});
await must(dispatcher.page, '已分办');
await dispatcher.shot('08-assigned');

// ---- It is answered by one, reviewed by another, approved by a third.
const handler = await staff('handler');
await open(handler, id);
await act(handler, id, 'acknowledge');
await act(handler, id, 'draft', (form) => form.locator('[name=body]').fill('您好！2020年员额动态调整的结果已经在本院网站公布，今后每年公布一次。感谢您的监督。'));
await must(handler.page, '办理中');
await handler.shot('09-draft');
await handler.page.getByRole('button', { name: '保存并提交审核' }).click();
await must(handler.page, '待审核');
const reviewer = await staff('reviewer');
await open(reviewer, id);
await must(reviewer.page, '今后每年公布一次');
await act(reviewer, id, 'pass');
const approver = await staff('approver');
await open(approver, id);
await act(approver, id, 'approve');
await approver.shot('10-approved');
await me.goto(`${base}/track`);
await me.locator('[name=case_no]').fill(number);
await me.locator('[name=access_code]').fill('00000000');
await me.getByRole('button', { name: '查看进度' }).click();
await must(me, '编号或查询码不对');
await phone.shot('11-track-wrong');
await me.locator('[name=access_code]').fill(`${code.slice(0, 4)} ${code.slice(4)}`);
await me.getByRole('button', { name: '查看进度' }).click();
await mustNot(me, '今后每年公布一次'); // approved, but not sent
await open(handler, id);
await act(handler, id, 'send');
await must(handler.page, '已答复');

// ---- The citizen reads it and says whether it helped.
await me.goto(`${base}/track/case`);
await must(me, ['今后每年公布一次', '执行局']);
await phone.shot('12-answer');
await me.locator('[name=resolved][value=yes]').check();
await me.locator('[name=satisfied][value=satisfied]').check();
await me.getByRole('button', { name: '提交评价' }).click();
await must(me, '已解决，满意');

// ---- The answer is published, redacted, by a second reader.
await open(handler, id);
await act(handler, id, 'publish', async (form) => {
  await form.locator('[name=title]').fill('公开员额动态调整的结果');
  await form.locator('[name=question]').fill('群众建议公布编制分到哪些法院、多久调整一次。');
});
await handler.shot('13-publish');
const publisher = await staff('publisher');
await publisher.page.goto(`${base}/desk/publishing`);
await publisher.shot('14-publishing');
await publisher.page.locator('main').getByRole('link', { name: '公开员额动态调整的结果' }).click();
for (const box of await publisher.page.locator('form[action$="/publish"] input[type=checkbox]').all()) await box.check();
await publisher.shot('15-publication');
await publisher.page.locator('form[action$="/publish"] button[type=submit]').first().click();
await me.waitForTimeout(400);
await me.goto(`${base}/replies`);
await must(me, '公开员额动态调整的结果');
await phone.shot('16-replies');
await me.getByRole('link', { name: '公开员额动态调整的结果' }).click();
await must(me, ['多久调整一次', '今后每年公布一次']);
await mustNot(me, ['王小明', '13800138000']);
await phone.shot('17-reply');
await me.goto(`${base}/progress/1-5`);
await must(me, '今后每年公布一次');

// ---- The other desks are looked at once.
for (const [role, path, step] of [['rectification_office', '/desk/ledger', '18-ledger'], ['sec_admin', '/desk/people', '19-people'], ['audit_admin', '/desk/audit', '20-audit'],
  ['sys_admin', '/desk/settings', '21-settings'], ['sys_admin', '/desk/settings/limits', '22-limits'], ['sys_admin', '/desk/settings/calendar', '23-calendar'],
  ['leader', '/desk/statistics', '24-statistics'], ['intake_clerk', '/desk/intake/new', '25-intake'], ['intake_clerk', '/desk/account', '26-account']]) {
  const v = role === 'intake_clerk' ? clerk : await signIn(role);
  await v.page.goto(base + path);
  await v.shot(step);
  if (v !== clerk) await v.close();
}
await end('story', [phone, clerk, dispatcher, handler, reviewer, approver, publisher]);
