// Copyright (C) Civic Gate
//
// The form where people say who they are.

const escape = (text) => String(text).replace(/[&<>"']/g,
    (char) => `&#${char.charCodeAt(0)};`);

const page = (people, wrong) => `<!DOCTYPE html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>登录 Sign in</title>
<style>body { font-family: sans-serif; max-width: 24em; margin: 3em auto }
input, button { display: block; width: 100%; margin: .5em 0; padding: .5em;
box-sizing: border-box } .wrong { color: #b00 }</style>
<h1>登录 Sign in</h1>
<p>仅供演示和测试。For the demo and the tests only.</p>
${wrong ? '<p class="wrong">用户名或密码不对。Wrong name or password.</p>' : ''}
<form method="post">
<input name="login" placeholder="用户名 name" required autofocus>
<input name="password" type="password" placeholder="密码 password" required>
<button id="submit">登录 Sign in</button>
</form>
<ul>
${Object.entries(people).map(([id, person]) => `<li><b>${escape(id)}</b>
${escape(person.name)} ${escape(person.region)}
${escape((person.roles ?? []).join(' '))}</li>`).join('\n')}
</ul>
</html>
`;


async function form(request) {
    let body = '';
    for await (const chunk of request) {
        body += chunk;
        if (body.length > 4096) {
            throw new Error('the form is too long');
        }
    }
    return new URLSearchParams(body);
}


function show(response, status, text) {
    response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8',
                                 'Cache-Control': 'no-store' });
    response.end(text);
}


export function loginPage(people) {
    return async (provider, request, response) => {
        try {
            await provider.interactionDetails(request, response);
            if (request.method !== 'POST') {
                show(response, 200, page(people, false));
                return;
            }

            const said = await form(request);
            const id = said.get('login');
            const person = Object.hasOwn(people, id) && people[id];
            if (!person || person.password !== said.get('password')) {
                show(response, 401, page(people, true));
                return;
            }
            await provider.interactionFinished(request, response, {
                login: { accountId: id, acr: person.level },
            }, { mergeWithLastSubmission: false });

        } catch (error) {
            if (!response.headersSent) {
                show(response, 400, escape(error.message));
            }
        }
    };
}
