// The page's "Test" console: choose an operation, sign in or paste a token, fill in parameters, send.

const byId = (id) => document.getElementById(id);
const { api, token: tokenEndpoint, client } = document.body.dataset;
const operations = JSON.parse(byId('known').textContent);
let current = operations[0];

function address() {
  const values = Object.fromEntries(new FormData(byId('parameters')));
  const path = current.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name] || '0'));
  const options = current.options.filter((name) => values[name]);
  const query = options.map((name) => `${name}=${encodeURIComponent(values[name])}`).join('&');
  return `${location.origin}${api}/${path}${query ? `?${query}` : ''}`;
}

function showRequest() {
  const url = new URL(address());
  const authorization = byId('token').value ? 'Bearer •••' : '(none: sign in first)';
  byId('request').textContent = [
    `GET ${url.pathname}${url.search} HTTP/1.1`, `Host: ${url.host}`, 'Accept: application/json',
    `Authorization: ${authorization}`,
  ].join('\n');
}

function field(name, value) {
  const label = document.createElement('label');
  const input = Object.assign(document.createElement('input'), { name, value, autocomplete: 'off' });
  label.append(`${name} `, input);
  return label;
}

function choose(operation) {
  current = operation;
  byId('name').textContent = operation.name;
  byId('template').textContent = `${api}/${operation.path}`;
  const variables = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => field(name, operation.usual[name]));
  byId('parameters').replaceChildren(...variables, ...operation.options.map((name) => field(name, '')));
  byId('status').textContent = byId('response').textContent = '';
  for (const button of byId('operations').querySelectorAll('button')) {
    button.toggleAttribute('aria-current', button.dataset.path === operation.path);
  }
  showRequest();
}

async function signIn(event) {
  event.preventDefault();
  const form = new URLSearchParams({ grant_type: 'password', scope: 'openid profile exepron.restapi' });
  for (const [name, value] of new FormData(byId('sign-in'))) if (value) form.set(name, value);
  const answer = await fetch(tokenEndpoint, { method: 'POST', body: form });
  const document_ = await answer.json();
  byId('token').value = document_.access_token ?? '';
  byId('signed-in').textContent = answer.ok ? 'Signed in.' : `Refused: ${document_.error}`;
  showRequest();
}

async function send() {
  const status = byId('status');
  status.textContent = 'Sending …';
  const began = performance.now();
  const headers = { accept: 'application/json', authorization: `Bearer ${byId('token').value}` };
  const answer = await fetch(address(), { headers });
  const text = await answer.text();
  status.className = answer.ok ? '' : 'bad';
  status.textContent = `${answer.status} ${answer.statusText} · ${Math.round(performance.now() - began)} ms`;
  try {
    byId('response').textContent = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    byId('response').textContent = text;
  }
}

byId('operations').append(...operations.map((operation) => {
  const item = document.createElement('li');
  const button = Object.assign(document.createElement('button'), { textContent: operation.name, type: 'button' });
  button.dataset.path = operation.path;
  button.addEventListener('click', () => choose(operation));
  item.append(button);
  return item;
}));
byId('search').addEventListener('input', ({ target }) => {
  for (const item of byId('operations').children) {
    item.hidden = !item.textContent.toLowerCase().includes(target.value.toLowerCase());
  }
});
byId('sign-in').elements.client_id.value = client;
byId('sign-in').addEventListener('submit', signIn);
byId('parameters').addEventListener('input', showRequest);
byId('parameters').addEventListener('submit', (event) => event.preventDefault());
byId('token').addEventListener('input', showRequest);
byId('send').addEventListener('click', send);
choose(current);
