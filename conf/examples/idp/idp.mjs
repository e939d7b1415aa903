// Copyright (C) Civic Gate
//
// An identity provider for the demo and the tests, never for real people:
// npm's oidc-provider, a login form, a table of people.  It keeps all in
// memory and listens on 127.0.0.1 alone.
//
//     node idp.mjs CONFIG.json
//         port      where it listens
//         gates     the gates' addresses, http://127.0.0.1:8080: where their
//                   civic_signin takes people back to
//         modules   the folder whose node_modules has oidc-provider
//         clients   more clients, as oidc-provider wants them
//         people    more people, or others: see people.json
//         lifetime  s, of access tokens
//
//     POST /control/rotate    signs with a new key; the old ones are kept
//     POST /control/withdraw  takes the old keys out of the set
//     GET  /control/seen      how often each path was asked for
//
// Access tokens are JWTs (RFC 9068) for "social-services"; those for the
// resource urn:civic:opaque are opaque, and are introspected.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';

import { clients } from './clients.mjs';
import { memory } from './memory.mjs';
import { loginPage } from './login.mjs';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const here = new URL('.', import.meta.url);
const require = createRequire(`${config.modules ?? process.cwd()}/`);
const { Provider } = await import(
    pathToFileURL(require.resolve('oidc-provider')).href);

const issuer = `http://127.0.0.1:${config.port}`;
const people = {
    ...JSON.parse(readFileSync(new URL('people.json', here), 'utf8')),
    ...config.people,
};
const personal = ['name', 'roles', 'region', 'level'];
const scopes = ['profile:read', 'imaging:read', 'booking:read',
                'booking:write'];
const opaque = 'urn:civic:opaque';
const services = 'urn:civic:social-services';

const Adapter = memory();
const seen = {};
let keys = [newKey()];
let provider, answer;
start();


function newKey() {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(),
             alg: 'ES256', use: 'sig' };
}


function start() {
    provider = new Provider(issuer, settings());
    answer = provider.callback();
}


function settings() {
    return {
        adapter: Adapter,
        jwks: { keys },
        clients: clients(config),
        cookies: { keys: ['demo'] },
        clientDefaults: { id_token_signed_response_alg: 'ES256' },
        claims: { openid: ['sub'], profile: personal },
        scopes: ['openid', 'offline_access'],
        conformIdTokenClaims: false,
        acrValues: ['1', '2', '3'],
        pkce: { required: () => true },
        findAccount: (ctx, id) => people[id] && {
            accountId: id, claims: () => ({ sub: id, ...facts(id) }) },
        extraTokenClaims: (ctx, token) =>
            token.accountId ? facts(token.accountId) : undefined,
        interactions: { url: (ctx, turn) => `/interaction/${turn.uid}` },
        loadExistingGrant: consent,
        issueRefreshToken: (ctx, client) =>
            client.grantTypeAllowed('refresh_token'),
        ttl: { AccessToken: config.lifetime ?? 300,
               ClientCredentials: config.lifetime ?? 300,
               IdToken: config.lifetime ?? 300,
               AuthorizationCode: 60, Grant: 86400, Interaction: 600,
               RefreshToken: 86400, Session: 86400 },
        features: {
            devInteractions: { enabled: false },
            clientCredentials: { enabled: true },
            introspection: { enabled: true },
            revocation: { enabled: true },
            backchannelLogout: { enabled: true },
            rpInitiatedLogout: { enabled: true },
            resourceIndicators: {
                enabled: true,
                defaultResource: () => services,
                useGrantedResource: () => true,
                getResourceServerInfo: (ctx, resource) => ({
                    scope: scopes.join(' '),
                    audience: resource === services ? 'social-services'
                                                    : resource,
                    accessTokenFormat: resource === opaque ? 'opaque' : 'jwt',
                    jwt: { sign: { alg: 'ES256' } },
                }),
            },
        },
    };
}


function facts(id) {
    return Object.fromEntries(personal.map((name) => [name, people[id][name]])
        .filter(([, value]) => value !== undefined));
}


// nobody is asked whether a client may have what it asks for

async function consent({ oidc }) {
    const { client, session, params, provider, resourceServers } = oidc;
    const grant = new provider.Grant({ clientId: client.clientId,
                                       accountId: session.accountId });
    grant.addOIDCScope(['openid', 'profile', 'offline_access'].join(' '));
    for (const name of Object.keys(resourceServers ?? {})) {
        grant.addResourceScope(name, params.scope);
    }
    await grant.save();
    return grant;
}


const control = {
    rotate: () => { keys = [newKey(), ...keys]; start(); },
    withdraw: () => { keys = [keys[0]]; start(); },
    seen: () => {},
};


const login = loginPage(people);
const server = createServer((request, response) => {
    const path = request.url.split('?')[0];
    const [, first, second] = path.split('/');
    seen[path] = (seen[path] ?? 0) + 1;

    if (first === 'control' && Object.hasOwn(control, second)) {
        control[second]();
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify(seen));
        return;
    }
    if (first === 'interaction') {
        login(provider, request, response);
        return;
    }
    answer(request, response);
});

server.listen(config.port, '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
