// A certified OpenID provider on loopback. Here: its clients and its manners. Not here: who starts it (provider.py).
//
// The first argument is its configuration as JSON: seconds of access tokens, the API that they are for, secret.
// It ends with its standard input, so with the process that holds the other end.

import { once } from 'node:events';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const { lifetime, api, secret } = JSON.parse(process.argv[2]);
const listening = createServer().listen(0, '127.0.0.1'); // first, since the issuer names the port
await once(listening, 'listening');
const issuer = `http://127.0.0.1:${listening.address().port}`;
const PERSONAL = ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'];
const API_SCOPE = 'exepron.restapi';

// Loopback redirects of a native client match on any port (RFC 8252, 7.3).
const person = {
  redirect_uris: ['http://127.0.0.1/callback'],
  response_types: ['code'],
  grant_types: PERSONAL,
  application_type: 'native',
};
const clients = [
  { ...person, client_id: 'public', token_endpoint_auth_method: 'none' },
  { ...person, client_id: 'the confidential', client_secret: secret },
  { ...person, client_id: 'steady', token_endpoint_auth_method: 'none' },
  { ...person, client_id: 'without refresh', grant_types: PERSONAL.slice(0, 1), token_endpoint_auth_method: 'none' },
  {
    client_id: 'a service',
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
  },
];

const provider = new Provider(issuer, {
  clients,
  scopes: ['openid', 'profile', 'offline_access'],
  claims: { openid: ['sub'], profile: ['name'] },
  cookies: { keys: ['a key for tests'] },
  pkce: { required: () => true, methods: ['S256'] },
  rotateRefreshToken: (ctx) => ctx.oidc.client.clientId !== 'steady',
  ttl: {
    AccessToken: lifetime, ClientCredentials: lifetime, AuthorizationCode: 60, DeviceCode: 120,
    RefreshToken: 3600, IdToken: 60, Interaction: 120, Session: 600, Grant: 3600,
  },
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, name: `Name of ${id}` }) }),
  features: {
    devInteractions: { enabled: true },
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => api,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource, client) => ({
        scope: API_SCOPE,
        audience: resource,
        accessTokenFormat: client.clientId === 'the confidential' ? 'opaque' : 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
});

// Each answered token request and revocation is one line on standard output: what was asked, what was given.
provider.use(async (ctx, next) => {
  await next();
  if (ctx.method === 'POST' && ['token', 'revocation', 'device_authorization'].includes(ctx.oidc?.route)) {
    const { params } = ctx.oidc;
    console.log(JSON.stringify({ endpoint: ctx.oidc.route, status: ctx.status, asked: params, given: ctx.body }));
  }
});

listening.on('request', provider.callback());

// Each line on standard input is answered: all that was printed before is read by then.
const ready = () => console.log(JSON.stringify({ endpoint: 'ready', issuer }));
ready();
process.stdin.on('data', ready).on('end', () => process.exit(0));
