// Where the pages are: a running site (http://…) with paths, or a folder of rendered pages (the gallery), which is
// served from here so that /static/ resolves. Nothing outside is ever asked.
import { createServer } from 'node:http';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

const types = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.svg': 'image/svg+xml' };

// A captcha is drawn by the site; the gallery stands in with an empty picture of its size.
const blank = '<svg xmlns="http://www.w3.org/2000/svg" width="240" height="80"><path d="M20 40h200" stroke="#888" stroke-width="8" stroke-dasharray="24 12"/></svg>';

export async function open(source, paths) {
  if (/^https?:/.test(source)) {
    const base = source.replace(/\/$/, '');
    return { base, paths: paths.length ? paths : ['/'], close: async () => {} };
  }
  const folder = path.resolve(source);
  const server = createServer(async (request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    if (name.startsWith('/captcha/')) {
      response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(blank);
      return;
    }
    try {
      const file = path.join(folder, path.normalize(name));
      const body = await readFile(file);
      response.writeHead(200, { 'content-type': types[path.extname(file)] ?? 'application/octet-stream' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const all = (await readdir(folder)).filter((name) => name.endsWith('.html')).sort().map((name) => '/' + name);
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    paths: paths.length ? paths : all,
    close: () => new Promise((done) => server.close(done)),
  };
}

export function args() {
  const [source, ...rest] = process.argv.slice(2);
  if (!source) {
    console.error('usage: node SCRIPT BASE-URL|FOLDER [/path …] [--name=value …]');
    process.exit(2);
  }
  const options = {};
  const paths = [];
  for (const a of rest) {
    const m = /^--([a-z]+)=(.*)$/.exec(a);
    if (m) options[m[1]] = m[2];
    else paths.push(a);
  }
  return { source, paths, options };
}
