// html-validate over every page: node validate.mjs BASE-URL|FOLDER [/path …]. Exit 1 on any message.
import { HtmlValidate, FileSystemConfigLoader } from 'html-validate';
import { args, open } from './pages.mjs';

const { source, paths: asked } = args();
const { base, paths, close } = await open(source, asked);
const validator = new HtmlValidate(new FileSystemConfigLoader());
let wrong = 0;
for (const path of paths) {
  const response = await fetch(base + path);
  const html = await response.text();
  const report = await validator.validateString(html, import.meta.dirname + '/page.html');
  for (const result of report.results) {
    for (const m of result.messages) {
      wrong++;
      console.log(`${path}:${m.line}:${m.column} ${m.ruleId}: ${m.message}`);
    }
  }
}
await close();
console.log(`${paths.length} pages, ${wrong} messages`);
process.exit(wrong || !paths.length ? 1 : 0);
