// Copyright (C) Civic Gate
//
// Who may ask the provider for tokens.  The secrets are no secrets: they
// are those of a demo.
//
//     civic-signin     the gates' civic_signin, where there are gates
//     civic-app        a public client, with PKCE alone
//     civic-service    a server with tokens of its own
//     civic-gate       the gate itself, for introspection

const server = (name) => ({
    client_id: name,
    client_secret: `${name}-secret-of-the-demo`,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
});

const signin = (gates) => ({
    client_id: 'civic-signin',
    client_secret: 'civic-signin-secret-of-the-demo',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: gates.map((gate) => `${gate}/signin/callback`),
    post_logout_redirect_uris: gates.flatMap((gate) => [`${gate}/`,
                                                       `${gate}/portal/`]),
    backchannel_logout_uri: `${gates[0]}/signin/backchannel`,
    backchannel_logout_session_required: true,
});

const app = {
    client_id: 'civic-app',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: ['http://127.0.0.1/app'],
};


export function clients({ gates = [], clients: more = [] }) {
    return [
        ...(gates.length ? [signin(gates)] : []),
        app, server('civic-service'), server('civic-gate'), ...more,
    ];
}
