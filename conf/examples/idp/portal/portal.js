// Copyright (C) Civic Gate
//
// Who is signed in, as the gate says, and what a service has for him.

const add = (parent, tag, text) => {
    const element = document.createElement(tag);
    element.textContent = text;
    document.querySelector(parent).append(element);
};

const read = async (path) => {
    const answer = await fetch(path, {
        headers: { Accept: 'application/json' } });
    if (answer.status === 401) {
        location.reload();
    }
    return answer.json();
};

for (const [name, value] of Object.entries(await read('/portal/me'))) {
    add('#me', 'dt', name);
    add('#me', 'dd', value);
}

for (const study of await read('/health/imaging/v1/studies')) {
    const patient = study['00100010']?.Value?.[0] ?? {};
    add('#studies', 'li', patient.Ideographic ?? patient.Alphabetic ?? '–');
}
