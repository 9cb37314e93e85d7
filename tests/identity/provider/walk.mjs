// A person at a headless Chromium. Here: opening an address and going through its pages. Not here: what must come of it.
//
// Reads one JSON object a line from standard input, and answers each with one on standard output:
//   { url, user, password, code, refuse } -> { pages: [{ url, text }], url, error }
// `url` of the answer is the last address that was gone to, also where nobody answered. Ends with its standard input.
// The only argument is Chromium's path.

import { createInterface } from 'node:readline';

import puppeteer from 'puppeteer-core';

const LONGEST = 12; // pages of one walk
const REFUSING = 'cancel|abort|deny|refuse|reject|decline|no,|not allow';

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

// Runs in the page: fills what is to be filled in, and marks the control that a person would press next.
const act = ({ user, password, code, refuse, refusing }) => {
  const visible = [...document.querySelectorAll('input')].filter((each) => !['hidden', 'submit'].includes(each.type));
  const secret = visible.find((each) => each.type === 'password');
  const names = visible.filter((each) => ['text', 'email'].includes(each.type));
  if (secret) {
    names[0].value = user;
    secret.value = password;
  } else if (names.length && code && !names[0].value) {
    names[0].value = code;
  }
  const controls = [...document.querySelectorAll('button, input[type=submit], a')];
  const says = (each) => new RegExp(refusing, 'i').test(`${each.textContent} ${each.value ?? ''} ${each.name ?? ''}`);
  // A page that asks for a password may have a link to leave it: only a button there is a refusal to consent.
  const refusals = controls.filter((each) => says(each) && (each.tagName !== 'A' || (!secret && !names.length)));
  const next = (refuse && refusals[0])
    || controls.find((each) => each.tagName !== 'A' && !says(each) && each.type === 'submit');
  next?.setAttribute('data-next', '');
  return Boolean(next);
};

const isPage = (page) => page.url().startsWith('http'); // and not Chromium's own, when nobody answers
const look = async (page) => ({ url: page.url(), text: await page.evaluate(() => document.body?.innerText ?? '') });

async function walk({ url, ...person }) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const given = { ...person, refusing: REFUSING };
  const pages = [];
  let last = url;
  page.on('request', (request) => {
    if (request.isNavigationRequest()) last = request.url();
  });
  try {
    await page.goto(url, { waitUntil: 'load' });
    while (pages.push(await look(page)) < LONGEST && isPage(page) && (await page.evaluate(act, given))) {
      await Promise.all([page.waitForNavigation({ waitUntil: 'load', timeout: 15000 }), page.click('[data-next]')]);
    }
    return { pages, url: last };
  } catch (error) {
    return { pages, url: last, error: error.message };
  } finally {
    await context.close();
  }
}

console.log(JSON.stringify({ ready: await browser.version() }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await walk(JSON.parse(line))));
}
await browser.close();
