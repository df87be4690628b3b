// Receipts of the public log are verified in the browser: good ones hold, and of forged ones it is said what is wrong.
// Environment: BASE, OUT, RECEIPTS (JSON: what to paste, what must be said then, whether it is good).
import { base, end, must, visitor } from './cast.mjs';

for (const width of [375, 1280]) {
  const v = await visitor('holder', width);
  await v.page.goto(base + '/log/receipt');
  await must(v.page, '查验回执');
  await v.shot(`receipt-empty-${width}`);
  for (const { name, paste, says, good } of JSON.parse(process.env.RECEIPTS)) {
    await v.page.locator('#text').fill(paste);
    await v.page.locator('#result').evaluate((e) => e.replaceChildren());
    await v.page.locator('#go').click();
    await v.page.locator('#result strong').waitFor();
    const said = await v.page.locator('#result').innerText();
    for (const w of says) if (!said.includes(w)) throw new Error(`${name}: “${w}” is not in: ${said}`);
    if (said.startsWith('✓') !== good) throw new Error(`${name}: ${said}`);
    await v.shot(`receipt-${name}-${width}`);
  }
  await v.page.locator('#file').setInputFiles({ name: 'receipt.json', mimeType: 'application/json', buffer: Buffer.from(JSON.parse(process.env.RECEIPTS)[0].paste) });
  await v.page.locator('#result strong').filter({ hasText: '✓' }).waitFor();
  await v.close();
}
await end('receipts', []);
