// A person at a headless Chromium who records calls of a documentation page. Here: the page's controls, and the
// recording (HAR 1.2) from the browser's own events. Not here: what must come of it.
//
// Reads one JSON object a line from standard input, and answers each with one on standard output:
//   { url, secret, user, password, calls: [{ name, values }], har, picture } -> { statuses: [...], entries, shown }
// `har` and `picture` are files to write. Ends with its standard input. The only argument is Chromium's path.

import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import puppeteer from 'puppeteer-core';

const browser = await puppeteer.launch({
  executablePath: process.argv[2],
  headless: true,
  args: [
    '--no-sandbox',
    '--disable-dev-shm-usage',
    '--disable-gpu',
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost',
  ],
});

const pairs = (headers) => Object.entries(headers ?? {}).map(([name, value]) => ({ name, value: String(value) }));

// What "Save all as HAR with content (with sensitive data)" of a browser's developer tools holds.
async function recorder(page) {
  const session = await page.createCDPSession();
  await session.send('Network.enable');
  const calls = new Map();
  session.on('Network.requestWillBeSent', ({ requestId, request, wallTime }) => calls.set(requestId, { request, wallTime }));
  session.on('Network.responseReceived', ({ requestId, response }) => {
    if (calls.has(requestId)) calls.get(requestId).response = response;
  });
  const bodies = [];
  session.on('Network.loadingFinished', ({ requestId }) => {
    const call = calls.get(requestId);
    const body = session.send('Network.getResponseBody', { requestId });
    bodies.push(body.then((found) => { call.body = found; }, () => {}));
  });
  const entry = ({ request, response, wallTime, body }) => ({
    startedDateTime: new Date(wallTime * 1000).toISOString(),
    time: 1,
    request: {
      method: request.method,
      url: request.url,
      httpVersion: 'HTTP/1.1',
      headers: pairs({ ...request.headers, ...response?.requestHeaders }),
      queryString: [...new URL(request.url).searchParams].map(([name, value]) => ({ name, value })),
      cookies: [],
      headersSize: -1,
      bodySize: -1,
      ...(request.postData && { postData: { mimeType: 'application/x-www-form-urlencoded', text: request.postData } }),
    },
    response: {
      status: response?.status ?? 0,
      statusText: response?.statusText ?? '',
      httpVersion: 'HTTP/1.1',
      headers: pairs(response?.headers),
      cookies: [],
      content: {
        size: body?.body.length ?? 0,
        mimeType: response?.mimeType ?? '',
        text: body?.body,
        ...(body?.base64Encoded && { encoding: 'base64' }),
      },
      redirectURL: '',
      headersSize: -1,
      bodySize: -1,
    },
    cache: {},
    timings: { send: 0, wait: 1, receive: 0 },
  });
  return async () => {
    await Promise.all(bodies);
    const entries = [...calls.values()].filter(({ request }) => request.url.startsWith('http')).map(entry);
    const creator = { name: 'tests', version: '1' };
    return { log: { version: '1.2', creator, browser: creator, pages: [], entries } };
  };
}

async function fill(page, selector, value) {
  await page.$eval(selector, (input, text) => {
    input.value = text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }, value);
}

async function call(page, { name, values }) {
  const buttons = await page.$$('#operations button');
  const names = await Promise.all(buttons.map((each) => each.evaluate((button) => button.textContent)));
  await buttons[names.indexOf(name)].click();
  for (const [field, value] of Object.entries(values)) await fill(page, `#parameters [name="${field}"]`, value);
  await page.click('#send');
  await page.waitForFunction(() => /^\d{3}/.test(document.getElementById('status').textContent), { timeout: 20000 });
  return page.$eval('#status', (each) => Number.parseInt(each.textContent, 10));
}

async function record({ url, secret, user, password, calls, har, picture }) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  try {
    await page.setViewport({ width: 1100, height: 1000 });
    const recording = await recorder(page);
    await page.goto(url, { waitUntil: 'networkidle0' });
    const shown = await page.$$eval('#operations button', (buttons) => buttons.map((each) => each.textContent));
    await fill(page, '#sign-in [name=client_secret]', secret);
    await fill(page, '#sign-in [name=username]', user);
    await fill(page, '#sign-in [name=password]', password);
    await page.click('#sign-in button');
    await page.waitForFunction(() => document.getElementById('signed-in').textContent, { timeout: 20000 });
    const statuses = [];
    for (const each of calls) statuses.push(await call(page, each));
    if (picture) await page.screenshot({ path: picture });
    const document_ = await recording();
    writeFileSync(har, JSON.stringify(document_));
    return { statuses, entries: document_.log.entries.length, shown };
  } finally {
    await context.close();
  }
}

console.log(JSON.stringify({ ready: await browser.version() }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await record(JSON.parse(line)).catch((error) => ({ error: error.message }))));
}
await browser.close();
