// The ledger's story in Chromium: a spreadsheet comes in, a department works, a closing is refused and then granted, a
// look-back reopens it, and the public reads all of it. Environment as in cast.mjs, and SHEET, the spreadsheet.
import { base, end, must, mustNot, send, signIn, visitor } from './cast.mjs';

const office = await signIn('rectification_office');
await office.page.goto(`${base}/desk/ledger/sheet`);
await office.shot('01-upload');
await office.page.locator('input[type=file]').first().setInputFiles(process.env.SHEET);
await office.page.locator('main form button[type=submit]').first().click();
await must(office.page, ['1-1-1-1', '改造叫号系统']);
await office.shot('02-difference');
await office.page.getByRole('button', { name: /导入/ }).first().click();
await office.page.goto(`${base}/desk/ledger`);
await must(office.page, ['措施', '整改措施']);
await office.shot('03-ledger');

// ---- The lead department works; what it claims is public at once, what is verified is not yet.
const liaison = await signIn('liaison');
await liaison.page.goto(`${base}/desk/ledger/measures?in=mine`);
await liaison.shot('04-measures');
await liaison.page.locator('main').getByRole('link', { name: '改造叫号系统' }).click();
const path = new URL(liaison.page.url()).pathname;
const act = (v, name, fill) => send(v, `${path}/${name}`, fill);
const open = (v) => v.page.goto(base + path);
await act(liaison, 'report', async (form) => {
  await form.locator('[name=status][value=done]').check();
  await form.locator('[name=note]').fill('叫号屏已装好，第一季度使用3200次。');
});
await must(liaison.page, '进展已报告');
await act(liaison, 'evidence', async (form) => {
  await form.locator('[name=title]').fill('验收单');
  await form.locator('[name=url]').fill('https://court.example/1');
  await form.locator('[name=public][value=yes]').check();
});
await act(liaison, 'apply', async (form) => { await form.locator('[name=text]').fill('已使用一个季度。'); });
await must(liaison.page, '已申请销号');
await liaison.shot('05-applied');

const reviewer = await signIn('reviewer');
await reviewer.page.goto(`${base}/desk/ledger`);
await must(reviewer.page, '等您核验的销号申请');
await reviewer.page.locator('main').getByRole('link', { name: /改造叫号系统/ }).click();
const pass = (v) => act(v, 'review', async (form) => { await form.locator('[name=pass][value=yes]').check(); });
await pass(reviewer);

// ---- The office refuses: without a reason it cannot, and what it typed is kept.
await open(office);
await act(office, 'review', async (form) => {
  await form.locator('[name=pass][value=no]').check();
  await form.locator('[name=text]').fill('没有写明谁来维护。');
});
await must(office.page, '请选择不予销号的原因');
await office.shot('06-refusal-wrong');
await act(office, 'review', async (form) => { await form.locator('[name=reason]').selectOption('weak'); });
await must(office.page, '措施不过硬');

const phone = await visitor('citizen', 375);
await phone.page.goto(`${base}/progress/1-1`);
await must(phone.page, ['改造叫号系统', '不予销号', '措施不过硬']);
await phone.shot('07-public-refused');

await open(liaison);
await act(liaison, 'apply', async (form) => { await form.locator('[name=text]').fill('已写明由信息技术处维护。'); });
await open(reviewer);
await pass(reviewer);
await open(office);
await pass(office);
const group = await signIn('discipline_officer');
await open(group);
await pass(group);
await must(group.page, '已销号');
await group.shot('08-closed');

// ---- A look-back finds that it does not hold.
await group.page.goto(`${base}/desk/ledger/lookbacks`);
await send(group, '/desk/ledger/lookbacks', async (form) => {
  await form.locator('[name=title]').fill('第一轮回头看');
  await form.locator('[name=from]').fill('2027-01-01');
  await form.locator('[name=to]').fill('2027-02-01');
});
await must(group.page, '待核实');
await group.shot('09-round');
const round = new URL(group.page.url()).pathname;
await send(group, `${round}/judge`, async (form) => {
  await form.locator('[name=holds][value=no]').check();
  await form.locator('[name=finding]').fill('现场看，屏没有开。');
});
await must(group.page, '重新打开');
await phone.page.waitForTimeout(400);
await phone.page.goto(`${base}/progress/1-1`);
await must(phone.page, '重新打开');
await mustNot(phone.page, ['内部说明', '编制数待批']);
await phone.shot('10-public-reopened');
for (const [at, step] of [['/progress', '11-progress'], ['/', '12-home']]) {
  await phone.page.goto(base + at);
  await phone.shot(step);
}
await end('ledger', [office, liaison, reviewer, group, phone]);
